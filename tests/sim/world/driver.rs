//! The driver: hands inputs to the engine, carries out what it asks for, and lets the check look at both.

use super::{Event, Flight, World};
use crate::check::{Check, token_of};
use crate::page;
use crate::recording::Line;
use jobwire::core::{Gen, HttpOutcome, Input, Output, Recorded, Time};

/// The wall clock at the beginning, epoch ms.
const EPOCH: u64 = 1_736_937_000_000;
/// The longest animation frame, ms.
pub(super) const FRAME: u64 = 16;

/// What is on its way to the driver.
pub(super) enum Bound {
    Opened,
    Text(String, Vec<u64>),
    Binary(Vec<u8>, Vec<u64>),
    Oversize(u64),
    Closed(u16, String),
}

/// What waits in the driver for the page to run.
pub(super) enum Inboxed {
    Socket(usize, Bound),
    Direct(Input),
}

pub(super) fn server_of(url: &str) -> usize {
    url.split_once("://s")
        .and_then(|(_, rest)| rest.get(..1)?.parse().ok())
        .unwrap_or(0)
}

impl World<'_> {
    /// Hands one input to the engine and carries out what it asks for.
    pub(super) fn input(&mut self, input: Input) {
        self.tell_time();
        self.hand(input);
    }

    /// The wall clock comes first, where it is not what it was.
    pub(super) fn tell_time(&mut self) {
        let epoch = EPOCH as i64 + self.slept as i64 + self.jump;
        if self.told_epoch != Some(epoch) {
            self.told_epoch = Some(epoch);
            let wall = (epoch + self.mono() as i64) as u64;
            self.hand(Input::Clock { wall });
        }
    }

    fn hand(&mut self, input: Input) {
        let mono = self.mono();
        self.figures.inputs += 1;
        self.check
            .before(&self.plan, &self.page, &self.truth, mono, &input);
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
            self.check
                .output(&self.plan, &self.page, &self.truth, mono, &output);
            self.carry_out(output);
        }
        self.check.after(&self.plan, &self.page, mono);
        let next = self.engine.next_deadline();
        self.check.ensure(next.is_none_or(|at| at.0 > mono), || {
            format!("a deadline in the past: {next:?}")
        });
        if next != self.timer_for {
            self.timer_for = next;
            self.timer_mark += 1;
            if let Some(at) = next {
                let late = self.dice.pick(&[0, 0, 0, 1, 4, 30]);
                self.at(at.0 + self.slept + late, Event::Timer(self.timer_mark));
            }
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Open { r#gen, url, auth } => self.open(r#gen, &url, token_of(auth)),
            Output::Close { r#gen, .. } => self.forget(r#gen),
            Output::Send { .. } => {}
            Output::Fetch {
                req,
                url,
                etag,
                auth,
            } => {
                self.figures.reads += 1;
                let server = server_of(&url);
                let Some(job) = Check::read_target(&self.truth, &url) else {
                    return;
                };
                let hanging = self.is_out(server) && self.trouble.hang > self.now;
                self.flights.insert(
                    req,
                    Flight {
                        job,
                        server,
                        auth: token_of(auth),
                        etag,
                        hanging,
                    },
                );
                if !hanging {
                    let latency = self.latency();
                    let takes = self.dice.between(latency / 2, latency);
                    self.later(takes, Event::HttpArrives(req));
                }
            }
            Output::Probe { req, url } => {
                let outcome = HttpOutcome {
                    status: if self.is_out(server_of(&url)) { 0 } else { 404 },
                    ..HttpOutcome::default()
                };
                self.probe = req;
                let latency = self.latency();
                let takes = self.dice.between(latency / 2, latency);
                self.later(takes, Event::ProbeAnswer(req, outcome));
            }
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
            Output::Dirty => {
                let frame = self.dice.between(0, FRAME);
                self.later(frame, Event::Take);
            }
            Output::Batch(text) => match page::read(&format!("[{text}]")) {
                Ok(records) => self.check.records(
                    &self.plan,
                    &mut self.page,
                    &self.truth,
                    self.now,
                    self.now - self.slept,
                    &records,
                ),
                Err(error) => self
                    .check
                    .ensure(false, || format!("not a batch: {error}: {text}")),
            },
        }
    }

    pub(super) fn timer(&mut self, mark: u64) {
        if mark != self.timer_mark {
            return;
        }
        if self.frozen_until.is_some() {
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
        if self.frozen_until.is_some() || !self.inbox.is_empty() {
            self.inbox.push_back(Inboxed::Direct(input));
        } else {
            self.input(input);
        }
    }

    pub(super) fn reaches_client(&mut self, conn: usize, what: Bound) {
        let connection = &self.connections[conn];
        if connection.silent && !matches!(what, Bound::Closed(..)) {
            return;
        }
        self.inbox.push_back(Inboxed::Socket(conn, what));
        if self.frozen_until.is_some() || self.flushing {
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
            let (conn, what) = match item {
                Inboxed::Direct(input) => {
                    self.hand_over(&mut joined);
                    self.input(input);
                    continue;
                }
                Inboxed::Socket(conn, what) => (conn, what),
            };
            let connection = &self.connections[conn];
            let r#gen = connection.r#gen;
            let closed = matches!(what, Bound::Closed(..));
            if connection.forgotten && !self.plan.leftovers && !closed {
                continue;
            }
            match what {
                Bound::Text(text, numbers) => {
                    self.arrives(&numbers);
                    // A frame that holds the separator itself cannot be joined with others.
                    if text.contains('\u{1e}') {
                        self.hand_over(&mut joined);
                        self.input(Input::Frames {
                            text,
                            gens: vec![r#gen],
                        });
                    } else if let Some((all, gens)) = &mut joined {
                        all.push('\u{1e}');
                        all.push_str(&text);
                        gens.push(r#gen);
                    } else {
                        joined = Some((text, vec![r#gen]));
                    }
                    self.figures.frames += 1;
                    continue;
                }
                Bound::Opened => {
                    self.hand_over(&mut joined);
                    self.input(Input::Opened { r#gen });
                }
                Bound::Binary(bytes, numbers) => {
                    self.hand_over(&mut joined);
                    self.arrives(&numbers);
                    self.figures.frames += 1;
                    // What a browser decodes comes as text.
                    self.input(match String::from_utf8(bytes) {
                        Ok(text) => Input::Frames {
                            text,
                            gens: vec![r#gen],
                        },
                        Err(_) => Input::NotUtf8 { r#gen },
                    });
                }
                Bound::Oversize(size) => {
                    self.hand_over(&mut joined);
                    self.input(Input::Oversize { r#gen, size });
                }
                Bound::Closed(code, reason) => {
                    self.hand_over(&mut joined);
                    self.connections[conn].forgotten = true;
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

    fn arrives(&mut self, numbers: &[u64]) {
        for number in numbers {
            let said = self.truth.said[*number as usize];
            self.check.arrives(&self.plan, &self.page, said);
        }
    }
}
