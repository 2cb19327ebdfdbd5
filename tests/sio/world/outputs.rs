//! What the engine asks the driver for.

use super::World;
use crate::network::{Errand, Flight, Wire};
use crate::records;
use crate::server::Frame;
use crate::simulator::{Driver, host_of, token_of};
use crate::wire::{Part, Said, parts, with_token};
use jobwire::core::protocol::socketio::engineio::{self, Packet};
use jobwire::core::{Gen, Output};

fn token_text(auth: u32) -> String {
    format!("tok-{auth}")
}

impl World {
    pub(super) fn obey(&mut self, output: Output) {
        let now = self.clock.mono();
        match output {
            Output::Open { r#gen, url, auth } => {
                self.figures.sockets += 1;
                self.transports
                    .opens(&self.plan, r#gen, &url, now, &mut self.broken);
                let sid = crate::check::sid_of(&url);
                let token = token_of(auth);
                self.open_wire(Wire::new(r#gen, host_of(&url), sid, token));
            }
            Output::Close { r#gen, reason } => {
                self.transports
                    .closes(&self.plan, r#gen, reason, now, &mut self.broken);
                self.let_go(r#gen);
            }
            Output::Probe { .. } => self.broken.ensure("no probes", false, || {
                "the other transport tells whether the server is there".into()
            }),
            Output::Send { r#gen, text } => self.send(r#gen, Frame::Text(text), now),
            Output::SendToken { r#gen, text, auth } => {
                let text = with_token(&text, &token_text(auth));
                self.send(r#gen, Frame::Text(text), now);
            }
            Output::SendBinary { r#gen, id } => {
                let bytes = self.store.send(id);
                if let Some(bytes) = self
                    .broken
                    .expect("attachments are kept until they are sent", bytes)
                {
                    self.send(r#gen, Frame::Binary(bytes), now);
                }
            }
            Output::Poll {
                req,
                url,
                auth,
                body,
                attachments,
                is_last: _,
            } => {
                self.figures.requests += 1;
                self.poll(req, &url, auth, body, &attachments);
            }
            Output::Keep { id, bytes } => {
                let kept = self.store.keep_as(id, bytes);
                self.broken
                    .expect("the core's attachments have numbers of its own", kept);
            }
            Output::Hand { id } => {
                let handed = self.store.hand(id);
                self.broken
                    .expect("an attachment is handed over once", handed);
            }
            Output::Forget { id } => {
                let forgotten = self.store.forget(id);
                self.broken
                    .expect("an attachment is forgotten once", forgotten);
            }
            Output::Fetch {
                req,
                url,
                etag,
                auth,
            } => {
                let job = url.rsplit_once('/').map_or("", |(_, job)| job).to_owned();
                self.depart(
                    req,
                    Flight {
                        host: host_of(&url),
                        errand: Errand::Job(job),
                        token: token_of(auth),
                        etag,
                        arrived: false,
                        dead: false,
                        aborted: false,
                    },
                );
            }
            Output::Abort { req } => {
                self.transports.aborts(req);
                self.abort(req);
            }
            Output::NeedToken { req, .. } => self.need_token(req),
            // The simulator looks at it.
            Output::ForgetTokens { .. } => {}
            Output::Measure { r#gen } => self.measured(r#gen),
            Output::Dirty => {
                self.broken
                    .ensure("what waits is said once", !self.dirty, String::new);
                self.dirty = true;
                self.take_soon();
            }
            Output::Batch(text) => {
                match records::read(&text, self.plan.config.namespace.as_str()) {
                    Ok(records) => {
                        for record in records {
                            self.record(record);
                        }
                    }
                    Err(error) => self
                        .broken
                        .ensure("batches can be read", false, || format!("{error}: {text}")),
                }
            }
        }
    }

    fn send(&mut self, r#gen: Gen, frame: Frame, now: u64) {
        let text = match &frame {
            Frame::Text(text) => Some(text.as_str()),
            Frame::Binary(_) => None,
        };
        let said = self.transports.sends(r#gen, text, now, &mut self.broken);
        self.look_at_said(said);
        self.reach_for_server(r#gen, frame);
    }

    fn look_at_said(&mut self, said: Option<Said>) {
        let now = self.clock.mono();
        match said {
            Some(Said::Message { n, namespace }) => {
                self.ledger.leaves(n, &namespace, now, &mut self.broken)
            }
            Some(Said::Connect { namespace }) => {
                let proof = self.proof();
                self.doors.knocks(&namespace, now, proof, &mut self.broken);
            }
            _ => {}
        }
    }

    fn poll(&mut self, req: u32, url: &str, auth: u32, body: Option<String>, attachments: &[u32]) {
        let now = self.clock.mono();
        let mut bytes = Vec::new();
        for id in attachments {
            let found = self.store.send(*id);
            bytes.extend(
                self.broken
                    .expect("attachments are kept until they are sent", found),
            );
        }
        let sizes: Vec<u64> = bytes.iter().map(|bytes| bytes.len() as u64).collect();
        let given = body.as_deref().map(|body| (body, sizes.as_slice()));
        for said in self
            .transports
            .polls(&self.plan, req, url, given, now, &mut self.broken)
        {
            self.look_at_said(said);
        }
        let body = body.map(|body| self.filled(&body, auth, bytes));
        self.depart(
            req,
            Flight {
                host: host_of(url),
                errand: Errand::Session {
                    sid: crate::check::sid_of(url),
                    body,
                },
                token: token_of(auth),
                etag: None,
                arrived: false,
                dead: false,
                aborted: false,
            },
        );
    }

    /// A body with everything in it.
    fn filled(&mut self, body: &str, auth: u32, bytes: Vec<Vec<u8>>) -> String {
        let mut rest = bytes.into_iter();
        let fill = |part: &Part| match part {
            Part::Text(text) => Some(with_token(text, &token_text(auth))),
            Part::Attachment => rest.next().map(|bytes| {
                let mut text = String::new();
                engineio::encode(&Packet::Binary(bytes.into()), &mut text);
                text
            }),
        };
        let all: Option<Vec<String>> = parts(body).iter().map(fill).collect();
        let fits = all.is_some() && rest.next().is_none();
        self.broken
            .ensure("every attachment has its place", fits, || body.to_owned());
        all.unwrap_or_default().join("\u{1e}")
    }
}
