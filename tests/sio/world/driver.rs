//! The driver: hands inputs to the engine, takes what it asks for, and lets every check look at both.

use super::{Event, World};
use crate::recording::Line;
use crate::server::Frame;
use jobwire::core::{Ask, Gen, HttpOutcome, Input, Output, Recorded, Time};

/// The wall clock at the beginning, epoch ms.
const EPOCH: u64 = 1_736_937_000_000;
/// The least time that shows that a token is good, ms.
const PROVEN: u64 = 1000;
/// How long the page's token function takes at most when all is well, ms.
pub(super) const TOKEN_TIME: u64 = 100;

/// What is on its way to the driver.
#[derive(Debug)]
pub(super) enum Bound {
    Opened,
    Frame(Frame),
    Closed(u16),
}

/// What waits in the driver for the page to run.
pub(super) enum Inboxed {
    Socket(usize, Bound),
    Direct(Input),
}

impl World<'_> {
    /// Hands one input to the engine and carries out what it asks for.
    pub(super) fn input(&mut self, input: Input) {
        let epoch = EPOCH as i64 + self.slept as i64 + self.jump;
        if self.told_epoch != Some(epoch) {
            self.told_epoch = Some(epoch);
            let wall = (epoch + self.mono() as i64) as u64;
            self.hand(Input::Clock { wall });
        }
        self.hand(input);
    }

    fn hand(&mut self, input: Input) {
        let mono = self.mono();
        self.figures.inputs += 1;
        self.look_at_input(&input);
        if let Some(recorder) = self.recorder {
            let recorded = Recorded {
                at: Time(mono),
                input: input.clone(),
            };
            recorder.borrow_mut().lines.push(Line::In(recorded));
        }
        self.engine.handle(Time(mono), input);
        while let Some(output) = self.engine.poll_output() {
            if let Some(recorder) = self.recorder {
                recorder.borrow_mut().lines.push(Line::out(&output));
            }
            // The check of transports looks at what a POST says.
            let quiet = !self.page.closed
                || matches!(
                    output,
                    Output::Batch(_) | Output::Forget { .. } | Output::Poll { body: Some(_), .. }
                );
            self.broken
                .ensure("nothing after close", quiet, || format!("{output:?}"));
            self.carry_out(output);
        }
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
        let next = self.engine.next_deadline();
        self.broken.ensure(
            "no deadline in the past",
            next.is_none_or(|at| at.0 > mono),
            || format!("{next:?} at {mono}"),
        );
        if next != self.timer_for {
            self.timer_for = next;
            self.timer_mark += 1;
            if let Some(at) = next {
                let late = self.dice.pick(&[0, 0, 0, 1, 4, 30]);
                self.at(at.0 + self.slept + late, Event::Timer(self.timer_mark));
            }
        }
    }

    /// The checks see what the engine is about to see.
    fn look_at_input(&mut self, input: &Input) {
        let (now, proof) = (self.mono(), self.proof());
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
            Input::Take => self.dirty = false,
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

    /// How long a namespace must have let the client stay to show that a token is good, ms.
    pub(super) fn proof(&self) -> u64 {
        self.plan.config.backoff.min_uptime.max(PROVEN)
    }

    pub(super) fn timer(&mut self, mark: u64) {
        if mark != self.timer_mark {
            return;
        }
        if self.frozen_since.is_some() {
            self.timer_missed = true;
            return;
        }
        self.timer_for = None;
        if self
            .engine
            .next_deadline()
            .is_some_and(|at| at.0 <= self.mono())
        {
            self.input(Input::Timer);
        } else if let Some(at) = self.engine.next_deadline() {
            self.timer_for = Some(at);
            self.at(at.0 + self.slept, Event::Timer(mark));
        }
    }

    /// Hands something in, or keeps it until the page runs again.
    pub(super) fn when_awake(&mut self, input: Input) {
        if self.frozen_since.is_some() || !self.inbox.is_empty() {
            self.inbox.push_back(Inboxed::Direct(input));
        } else {
            self.input(input);
        }
    }

    pub(super) fn reaches_client(&mut self, wire: usize, what: Bound) {
        if self.wires[wire].dead && !matches!(what, Bound::Closed(_)) {
            return;
        }
        self.inbox.push_back(Inboxed::Socket(wire, what));
        if self.frozen_since.is_some() || self.flushing {
            return;
        }
        if self.plan.batch == 0 {
            self.flush();
        } else {
            self.flushing = true;
            let wait = self.dice.between(0, self.plan.batch);
            self.later(wait, Event::Flush);
        }
    }

    /// Everything that waits, in order; frames next to each other as one batch.
    pub(super) fn flush(&mut self) {
        let mut joined: Option<(String, Vec<Gen>)> = None;
        while let Some(item) = self.inbox.pop_front() {
            let (wire, what) = match item {
                Inboxed::Direct(input) => {
                    self.hand_over(&mut joined);
                    self.input(input);
                    continue;
                }
                Inboxed::Socket(wire, what) => (wire, what),
            };
            let r#gen = self.wires[wire].r#gen;
            let closed = matches!(what, Bound::Closed(_));
            if self.wires[wire].forgotten && !self.plan.leftovers && !closed {
                continue;
            }
            match what {
                Bound::Frame(Frame::Text(text)) => {
                    if let Some((all, gens)) = &mut joined {
                        all.push('\u{1e}');
                        all.push_str(&text);
                        gens.push(r#gen);
                    } else {
                        joined = Some((text, vec![r#gen]));
                    }
                    continue;
                }
                Bound::Frame(Frame::Binary(bytes)) => {
                    self.hand_over(&mut joined);
                    let size = bytes.len() as u64;
                    let id = self.store.keep(bytes);
                    self.input(Input::Binary { r#gen, id, size });
                }
                Bound::Opened => {
                    self.hand_over(&mut joined);
                    self.input(Input::Opened { r#gen });
                }
                Bound::Closed(code) => {
                    self.hand_over(&mut joined);
                    self.wires[wire].forgotten = true;
                    let reason = String::new();
                    self.input(Input::Closed {
                        r#gen,
                        code,
                        reason,
                    });
                }
            }
        }
        self.hand_over(&mut joined);
    }

    fn hand_over(&mut self, joined: &mut Option<(String, Vec<Gen>)>) {
        if let Some((text, gens)) = joined.take() {
            self.input(Input::Frames { text, gens });
        }
    }
}
