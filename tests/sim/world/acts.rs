//! What the page does.

use super::driver::Frame;
use super::{Event, World};
use crate::page;
use crate::plan::Attempts;
use crate::server::Truth;
use crate::simulator::{Driver, Faults, SLOW, Travel};
use jobwire::core::{Ask, Command, Input};

/// What a page does of its own.
#[derive(Clone, Copy)]
pub(super) enum Act {
    Follow(usize),
    Unfollow(usize),
    Refresh(usize),
    RefreshStale(usize),
    Retry(usize),
    RemoteRetry(usize),
    Send,
    Listen,
    Unlisten,
    WatchAll,
    Wake,
    Connect,
    Inspect,
    Custom,
}

impl World {
    pub(super) fn draw_act(&mut self) -> Act {
        let job = self.dice.between(0, self.plan.jobs as u64 - 1) as usize;
        match self.dice.between(0, 19) {
            0..=2 => Act::Follow(job),
            3 | 4 => Act::Unfollow(job),
            5 | 6 => Act::Refresh(job),
            7..=9 => Act::Retry(job),
            10 => Act::RemoteRetry(job),
            11 | 12 => Act::Send,
            13 => Act::Listen,
            14 => Act::Unlisten,
            15 => Act::WatchAll,
            16 => Act::Wake,
            17 => Act::Connect,
            18 => Act::Inspect,
            _ => Act::Custom,
        }
    }

    pub(super) fn listen(&mut self, event: &'static str, delta: i32) {
        *self.page.listeners.entry(event).or_insert(0) += delta;
        self.input(Input::Command(Command::new(
            Ask::Listen,
            delta.into(),
            event,
        )));
    }

    pub(super) fn connect(&mut self) {
        self.page.connected = true;
        let rid = self.page.rid();
        self.input(Input::Command(Command::new(Ask::Connect, rid.into(), "")));
    }

    pub(super) fn act(&mut self, act: Act) {
        if self.client.is_frozen() {
            return;
        }
        let id = |job: usize, truth: &Truth| truth.jobs[job].id.to_owned();
        match act {
            Act::Follow(job) => {
                // Nothing is shown of the job before the engine has heard that somebody looks.
                self.tell_time();
                self.page.followers[job] += 1;
                let id = id(job, &self.truth);
                self.input(Input::Command(Command::new(Ask::Follow, 0.0, &id)));
            }
            Act::Unfollow(job) => {
                if self.page.followers[job] > 0 {
                    self.page.followers[job] -= 1;
                    let id = id(job, &self.truth);
                    self.input(Input::Command(Command::new(Ask::Unfollow, 0.0, &id)));
                }
            }
            Act::Refresh(job) => {
                let (rid, id) = (self.page.rid(), id(job, &self.truth));
                self.input(Input::Command(Command::new(Ask::Refresh, rid.into(), &id)));
            }
            Act::RefreshStale(job) => {
                // The remedy for reads that were refused for good while the socket served.
                let stale = self.page.shown[job]
                    .as_ref()
                    .is_some_and(|shown| shown.stale);
                if stale && self.page.followers[job] > 0 && self.plan.config.polls() {
                    self.act(Act::Refresh(job));
                }
            }
            Act::Retry(job) => self.retry(job),
            Act::RemoteRetry(job) => {
                if self.plan.attempts == Attempts::Everywhere && self.begin_attempt(job) {
                    let wait = self.dice.between(0, 10_000);
                    self.later(wait, Event::Act(Act::Refresh(job)));
                }
            }
            Act::Send => {
                self.send();
                self.burst();
            }
            Act::Listen => {
                let event = self.dice.pick(&[
                    "progress",
                    "completed",
                    "error",
                    "invalid",
                    "gap",
                    "*",
                    "party",
                ]);
                self.listen(event, 1);
            }
            Act::Unlisten => {
                let kept = i32::from(self.listens_always);
                let spare = |(name, count): (&&'static str, &i32)| {
                    (*count > if *name == "*" { kept } else { 0 }).then_some(*name)
                };
                if let Some(event) = self.page.listeners.iter().find_map(spare) {
                    self.listen(event, -1);
                }
            }
            Act::WatchAll => {
                self.page.watch_all = !self.page.watch_all;
                let on = self.page.watch_all;
                self.input(Input::Command(Command::new(
                    Ask::WatchAll,
                    f64::from(u8::from(on)),
                    "",
                )));
            }
            Act::Wake => {
                let reason = self.dice.pick(&[0.0, 4.0, 3.0, 2.0, 1.0]);
                self.wake(reason);
            }
            Act::Connect => self.connect(),
            Act::Inspect => {
                let found = page::Found::of(&self.client.engine);
                let mono = self.clock.mono();
                self.check.bounds(&self.plan, mono, &found);
            }
            Act::Custom => {
                let (text, said) = self.truth.custom();
                if let Some(conn) = self.some_connection() {
                    self.tell(conn, Frame::Text(text, vec![said.number]));
                }
            }
        }
    }

    /// The page asks the server for a new attempt, and tells the client: after the answer, or at once in the hope that
    /// the server agrees.
    fn retry(&mut self, job: usize) {
        let failed = self.page.shown[job]
            .as_ref()
            .is_some_and(|shown| shown.status == "failed");
        if !failed || self.page.followers[job] == 0 || !self.truth.is_over(job) {
            return;
        }
        let settled = self.truth.jobs[job]
            .ends
            .last()
            .is_some_and(|(at, ..)| at + 2 * self.plan.latency + SLOW < self.clock.now);
        let counted = self.plan.attempts == Attempts::Everywhere;
        if !counted && !settled {
            // What is still on its way could not be told from the new attempt's.
            return;
        }
        let hopes = counted && self.dice.chance(40);
        if hopes {
            self.check.guessed(job);
            let id = self.truth.jobs[job].id;
            self.input(Input::Command(Command::new(Ask::Retry, 0.0, id)));
        }
        let out = |server| self.network.is_out(server, self.clock.now);
        if !(0..self.plan.config.servers.len()).any(out) {
            let latency = self.latency();
            self.later(latency, Event::RetryArrives(job, !hopes));
        }
    }

    /// Sometimes the page has a lot to say. Drawn apart, so that the rest of the story stays as it is.
    fn burst(&mut self) {
        std::mem::swap(&mut self.dice, &mut self.bursts);
        if self.dice.chance(30) {
            for _ in 0..self.dice.between(2, 12) {
                self.send();
            }
        }
        std::mem::swap(&mut self.dice, &mut self.bursts);
    }

    fn send(&mut self) {
        let rid = self.page.rid();
        let job = self.dice.pick(&self.truth.jobs).id;
        let data = self.dice.pick(&[
            None,
            Some("[1]".into()),
            Some(format!("{{\"jobId\":\"{job}\"}}")),
        ]);
        let what = if self.dice.chance(30) {
            Ask::SendVolatile
        } else {
            Ask::Send
        };
        let command = Command {
            data,
            supersede: self.dice.chance(30).then(|| "key".into()),
            max_age: if self.dice.chance(30) { 500.0 } else { -1.0 },
            ..Command::new(what, rid.into(), &format!("hello{rid}"))
        };
        self.input(Input::Command(command));
    }
}
