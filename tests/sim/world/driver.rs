//! What the driver hands in and carries out, and how the check looks at both.

use super::{Event, Flight, World};
use crate::check::Check;
use crate::page;
use crate::simulator::{Bound, Driver, Link, Parts, Simulation, Travel, host_of, token_of};
use jobwire::core::{Gen, HttpOutcome, Input, Output};

/// What a socket brings, with the numbers of the messages in it.
pub(super) enum Frame {
    Text(String, Vec<u64>),
    Binary(Vec<u8>, Vec<u64>),
    Oversize(u64),
}

impl Simulation for World {
    type Event = Event;
    type Frame = Frame;

    fn parts(&mut self) -> Parts<'_, Frame, Event> {
        Parts {
            clock: &mut self.clock,
            client: &mut self.client,
            dice: &mut self.dice,
            network: &mut self.network,
            tokens: &mut self.tokens,
        }
    }

    fn link(&mut self, conn: usize) -> &mut Link {
        &mut self.connections[conn].link
    }

    fn own(&mut self, event: Event) {
        self.happen(event);
    }

    fn look_at(&mut self, input: &Input) {
        self.figures.inputs += 1;
        let mono = self.clock.mono();
        self.check
            .before(&self.plan, &self.page, &self.truth, mono, input);
    }

    fn carry_out(&mut self, output: Output) {
        let mono = self.clock.mono();
        self.check
            .output(&self.plan, &self.page, &self.truth, mono, &output);
        match output {
            Output::Open { r#gen, url, auth } => self.open(r#gen, &url, token_of(auth)),
            Output::Close { r#gen, .. } => self.forget(r#gen),
            Output::Send { .. } => {}
            Output::Fetch {
                req,
                url,
                etag,
                auth,
            } => self.fetch(req, &url, etag, token_of(auth)),
            Output::Probe { req, url } => self.look_for(req, &url),
            // Refused by the check.
            Output::SendToken { .. }
            | Output::SendBinary { .. }
            | Output::Poll { .. }
            | Output::Keep { .. }
            | Output::Hand { .. }
            | Output::Forget { .. } => {}
            Output::Abort { req } => {
                if self.probe == req {
                    self.probe = 0;
                }
                self.flights.remove(&req);
            }
            Output::NeedToken { req, .. } => self.need_token(req),
            // The simulator looks at it.
            Output::ForgetTokens { .. } => {}
            Output::Measure { r#gen } => self.measured(r#gen),
            Output::Dirty => self.take_soon(),
            Output::Batch(text) => match page::read(&format!("[{text}]")) {
                Ok(records) => self.check.records(
                    &self.plan,
                    &mut self.page,
                    &self.truth,
                    self.clock.now,
                    mono,
                    &records,
                ),
                Err(error) => self
                    .check
                    .ensure(false, || format!("not a batch: {error}: {text}")),
            },
        }
    }

    fn answered(&mut self) {
        let mono = self.clock.mono();
        self.check.after(&self.plan, &self.page, mono);
    }

    fn frame(&mut self, r#gen: Gen, frame: Frame) {
        match frame {
            Frame::Text(text, numbers) => {
                self.arrives(&numbers);
                self.join(r#gen, text);
            }
            Frame::Binary(bytes, numbers) => {
                self.hand_over();
                self.arrives(&numbers);
                // What a browser decodes comes as text.
                self.input(match String::from_utf8(bytes) {
                    Ok(text) => Input::Frames {
                        text,
                        gens: vec![r#gen],
                    },
                    Err(_) => Input::NotUtf8 { r#gen },
                });
            }
            Frame::Oversize(size) => return self.alone(Input::Oversize { r#gen, size }),
        }
        self.figures.frames += 1;
    }

    fn woke(&mut self) {
        self.check.woke(self.clock.mono());
    }

    fn breaks(&mut self, name: &str, why: String) {
        self.check.ensure(false, || format!("{name}: {why}"));
    }

    fn broken(&mut self) -> Option<String> {
        self.check.broken.take()
    }
}

impl World {
    pub(super) fn tell(&mut self, conn: usize, frame: Frame) {
        self.tell_client(conn, Bound::Frame(frame));
    }

    fn fetch(&mut self, req: u32, url: &str, etag: Option<String>, auth: Option<u32>) {
        self.figures.reads += 1;
        let server = host_of(url);
        let Some(job) = Check::read_target(&self.truth, url) else {
            return;
        };
        let hanging = self.network.hangs(server, self.clock.now);
        self.flights.insert(
            req,
            Flight {
                job,
                server,
                auth,
                etag,
                hanging,
            },
        );
        if !hanging {
            let takes = self.travel();
            self.later(takes, Event::HttpArrives(req));
        }
    }

    fn look_for(&mut self, req: u32, url: &str) {
        let out = self.network.is_out(host_of(url), self.clock.now);
        let outcome = HttpOutcome {
            status: if out { 0 } else { 404 },
            ..HttpOutcome::default()
        };
        self.probe = req;
        let takes = self.travel();
        self.later(takes, Event::ProbeAnswer(req, outcome));
    }

    fn arrives(&mut self, numbers: &[u64]) {
        for number in numbers {
            let said = self.truth.said[*number as usize];
            self.check.arrives(&self.plan, &self.page, said);
        }
    }
}
