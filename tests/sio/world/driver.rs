//! What the driver hands in and carries out, and how every check looks at both.

use super::{Event, World};
use crate::server::Frame;
use crate::simulator::{Driver, Link, Parts, Simulation};
use jobwire::core::{Ask, Gen, HttpOutcome, Input, Output};

/// The least time that shows that a token is good, ms.
const PROVEN: u64 = 1000;

impl Simulation for World {
    type Event = Event;
    type Frame = Frame;

    fn parts(&mut self) -> Parts<'_, Frame, Event> {
        Parts {
            clock: &mut self.clock,
            client: &mut self.client,
            dice: &mut self.dice,
            network: &mut self.network,
            tokens: &mut self.server.tokens,
        }
    }

    fn link(&mut self, wire: usize) -> &mut Link {
        &mut self.wires[wire].link
    }

    fn own(&mut self, event: Event) {
        self.happen(event);
    }

    fn look_at(&mut self, input: &Input) {
        self.figures.inputs += 1;
        let (now, proof) = (self.clock.mono(), self.proof());
        match input {
            Input::Frames { text, gens } => {
                for (frame, r#gen) in text.split('\u{1e}').zip(gens) {
                    if self.transports.frame(&self.plan, *r#gen, frame, now) {
                        self.doors.frame(frame, self.transports.session, now, proof);
                    }
                }
            }
            // What is too large for the driver is a sign of life, too.
            Input::Binary { r#gen, .. } | Input::Oversize { r#gen, .. } => {
                self.transports.binary(&self.plan, *r#gen, now);
            }
            Input::Closed { r#gen, .. } => self.transports.socket_closed(&self.plan, *r#gen, now),
            Input::Http { req, outcome } => {
                let HttpOutcome { status, body, .. } = outcome;
                if self
                    .transports
                    .answered(&self.plan, *req, *status, body, now)
                {
                    self.doors.body(body, self.transports.session, now, proof);
                }
            }
            Input::Take { late: false } => self.dirty = false,
            // A jump of the clock may mean that the machine slept.
            Input::Clock { .. } => self.transports.forgive(),
            Input::Command(command) => {
                let ends_waiting = matches!(
                    command.what,
                    Ask::Wake | Ask::Connect | Ask::Disconnect | Ask::Suspend
                );
                if ends_waiting {
                    self.transports.forgive();
                }
                if matches!(command.what, Ask::Disconnect | Ask::Suspend | Ask::Shutdown) {
                    self.transports.leaves_behind();
                }
            }
            _ => {}
        }
    }

    fn carry_out(&mut self, output: Output) {
        // The check of transports looks at what a POST says.
        let quiet = !self.page.closed
            || matches!(
                output,
                Output::Batch(_)
                    | Output::Forget { .. }
                    | Output::Poll { body: Some(_), .. }
                    | Output::Abort { .. }
            );
        self.broken
            .ensure("nothing after close", quiet, || format!("{output:?}"));
        self.obey(output);
    }

    fn answered(&mut self) {
        let mono = self.clock.mono();
        if !self.dirty {
            self.page.stopped_listening.clear();
        }
        self.transports.settled(&self.plan, mono, &mut self.broken);
        self.ledger.overdue(mono, &mut self.broken);
        if self.plan.config.rate_limit.is_none() && self.transports.is_free(&self.plan, mono) {
            let session = self.transports.session;
            let doors = &self.doors;
            let is_in = |name: &str| doors.is_in(name, session);
            self.ledger.nothing_waits(is_in, mono, &mut self.broken);
        }
        let unclaimed = self.store.unclaimed();
        let batches_wait = self.dirty;
        self.broken.ensure(
            "attachments come with a record",
            unclaimed == 0 || batches_wait,
            || format!("{unclaimed} were handed over for nothing"),
        );
    }

    fn frame(&mut self, r#gen: Gen, frame: Frame) {
        match frame {
            Frame::Text(text) => self.join(r#gen, text),
            Frame::Binary(bytes) => {
                self.hand_over();
                let size = bytes.len() as u64;
                let id = self.store.keep(bytes);
                self.input(Input::Binary { r#gen, id, size });
            }
        }
    }

    fn woke(&mut self) {
        let mono = self.clock.mono();
        self.transports.woke(mono);
        self.ledger.woke(mono);
    }

    fn breaks(&mut self, name: &str, why: String) {
        self.broken.ensure(name, false, || why);
    }

    fn broken(&mut self) -> Option<String> {
        self.broken.0.take()
    }
}

impl World {
    /// How long a namespace must have let the client stay to show that a token is good, ms.
    pub(super) fn proof(&self) -> u64 {
        self.plan.config.backoff.min_uptime.max(PROVEN)
    }
}
