//! What the engine asks for, one thing after the other.

use super::Check;
use crate::page::Page;
use crate::plan::Plan;
use crate::server::Truth;
use crate::simulator::token_of;
use jobwire::core::Output;

impl Check {
    /// One thing the engine asks for.
    pub fn output(&mut self, plan: &Plan, page: &Page, truth: &Truth, mono: u64, output: &Output) {
        self.no_token_in(output);
        self.nothing_after_close(page, output);
        match output {
            Output::Open { r#gen, url, auth } => {
                self.opens(plan, truth, mono, *r#gen, url, token_of(*auth))
            }
            Output::Close { r#gen, reason, .. } => {
                let socket = self.sockets.remove(&r#gen.id());
                self.ensure(socket.is_some(), || {
                    format!("a socket is closed twice: {output:?}")
                });
                let Some(socket) = socket else { return };
                if &**reason == "done" {
                    self.has_lingered(plan, truth, mono, socket.key);
                }
                if socket.opened_at.is_some() {
                    let lost = matches!(&**reason, "no heartbeat" | "silent on waking");
                    self.socket_gone(plan, page, socket.key, lost);
                }
                match &**reason {
                    "no heartbeat" | "handshake timed out" => {
                        self.failed(plan, mono, &socket, 1006)
                    }
                    "silent on waking" => self.unheal(),
                    _ => self.forgive(socket.key),
                }
            }
            Output::Send { r#gen, text } => {
                let open = self
                    .sockets
                    .get(&r#gen.id())
                    .is_some_and(|s| s.opened_at.is_some());
                self.ensure(open, || {
                    format!("sent on a socket that is not open: {output:?}")
                });
                if !self.is_sign(plan, *r#gen, text) {
                    self.leaves(*r#gen, text);
                }
            }
            Output::Fetch { url, .. } => {
                let job = Self::read_target(truth, url);
                self.ensure(job.is_some(), || format!("a read of something else: {url}"));
                if let Some(job) = job {
                    self.reads(plan, page, mono, output, job);
                }
            }
            Output::SendToken { .. }
            | Output::SendBinary { .. }
            | Output::Poll { .. }
            | Output::Keep { .. }
            | Output::Hand { .. }
            | Output::Forget { .. } => self.ensure(false, || {
                format!("only a Socket.IO client asks for this: {output:?}")
            }),
            Output::Probe { req, .. } => {
                let another = std::mem::replace(&mut self.probe, *req) > 0;
                self.ensure(!another, || "two probes at once".into());
                self.ensure(plan.interval().is_none(), || {
                    "a probe where reads tell as much".into()
                });
                self.recent.push(mono);
            }
            Output::Abort { req } if *req == self.probe => self.probe = 0,
            Output::Abort { req } => {
                let known = self.reads.remove(req).is_some();
                self.ensure(known, || "a read that is not under way is aborted".into());
            }
            Output::NeedToken { .. } => self.recent.push(mono),
            Output::ForgetTokens { .. } | Output::Measure { .. } => {}
            Output::Dirty => {
                let again = std::mem::replace(&mut self.dirty, true);
                self.ensure(!again, || "dirty was said twice before a take".into());
            }
            Output::Batch(_) => {}
        }
    }

    /// "A token never appears in a log entry, an error, an inspection or a recording."
    fn no_token_in(&mut self, output: &Output) {
        let text = match output {
            Output::Open { url, .. } | Output::Fetch { url, .. } | Output::Probe { url, .. } => {
                url.as_str()
            }
            Output::Close { reason, .. } => &**reason,
            Output::Send { text, .. } | Output::Batch(text) => text.as_str(),
            _ => return,
        };
        self.ensure(!text.contains("secret-"), || {
            format!("a token came out: {output:?}")
        });
    }

    /// "Nothing is delivered after `close()`": only refusals of what still asks for an answer.
    fn nothing_after_close(&mut self, page: &Page, output: &Output) {
        if page.closed {
            let refusal = matches!(output, Output::Batch(text) if text.starts_with("[5,"));
            self.ensure(refusal, || format!("delivered after close: {output:?}"));
        }
    }
}
