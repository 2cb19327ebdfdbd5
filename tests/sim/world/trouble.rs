//! Faults: what goes wrong, and for how long.

use super::acts::Act;
use super::server::TOKEN_TIME;
use super::{Event, World};
use crate::plan::Fault;
use jobwire::core::{Ask, Command, HttpOutcome, Input};

/// Added to every latency while the network is slow, at most, ms.
pub(super) const SLOW: u64 = 3000;

/// Until when each kind of trouble lasts.
#[derive(Default)]
pub(super) struct Trouble {
    pub(super) outage: Vec<u64>,
    pub(super) hang: u64,
    pub(super) sockets: u64,
    pub(super) wait: u64,
    pub(super) errors: u64,
    pub(super) error_kind: u64,
    pub(super) bad_token: u64,
    pub(super) bad_token_kind: u64,
    pub(super) slow: u64,
}

impl Trouble {
    /// None.
    pub(super) fn new(servers: usize) -> Self {
        Self {
            outage: vec![0; servers],
            ..Self::default()
        }
    }
}

impl World<'_> {
    pub(super) fn fault(&mut self, fault: Fault) {
        if self.healed {
            return;
        }
        self.figures.faults[fault as usize] += 1;
        let lasts = self.dice.pick(&[300, 3000, 15_000, 40_000]);
        let until = (self.now + self.dice.between(1, lasts)).min(self.plan.heal_at);
        let reset_at = (self.now + self.dice.between(5000, 90_000)).min(self.plan.heal_at);
        match fault {
            Fault::Outage | Fault::Hang | Fault::Restart => {
                let all = self.dice.chance(70);
                let one = self.dice.between(0, self.trouble.outage.len() as u64 - 1) as usize;
                let quiet = fault == Fault::Hang || fault == Fault::Outage && self.dice.chance(30);
                if fault == Fault::Hang {
                    self.trouble.hang = until;
                }
                for server in 0..self.trouble.outage.len() {
                    if all || server == one {
                        self.trouble.outage[server] = until;
                        self.cut(
                            server,
                            quiet,
                            reset_at,
                            if fault == Fault::Restart { 1012 } else { 1006 },
                        );
                    }
                }
            }
            Fault::DropSocket => {
                if let Some(conn) = self.some_connection() {
                    let code = self.dice.pick(&[1006, 1001, 1011, 1000, 4000]);
                    self.end(conn, code, "dropped");
                }
            }
            Fault::HalfOpen => {
                if let Some(conn) = self.some_connection() {
                    self.connections[conn].silent = true;
                    self.at(reset_at, Event::Reset(conn));
                }
            }
            Fault::RefuseSockets => self.trouble.sockets = until,
            Fault::AskToWait => {
                self.trouble.wait = until;
                if let Some(conn) = self.some_connection() {
                    self.end(conn, 1013, "try again later");
                }
            }
            Fault::HttpErrors => {
                self.trouble.errors = until;
                // Without tokens a read that is refused ends the session for good.
                let kinds = if self.plan.config.token { 5 } else { 4 };
                self.trouble.error_kind = self.dice.between(0, kinds);
            }
            Fault::BadFrames => {}
            Fault::Freeze | Fault::Sleep | Fault::Suspend => {
                if self.frozen_until.is_some() {
                    return;
                }
                if fault == Fault::Suspend && self.page.connected {
                    self.input(Input::Command(Command::new(Ask::Suspend, 0.0, "")));
                    self.suspended = true;
                }
                self.frozen_for_sleep = fault == Fault::Sleep;
                self.frozen_until = Some(self.now);
                self.at(until, Event::Thaw);
            }
            Fault::ClockJump => {
                let by = self.dice.pick(&[-3_600_000, -2000, 3000, 6000, 3_600_000]);
                self.jump = (self.jump + by).clamp(-7_200_000, 7_200_000);
            }
            Fault::Disconnect => {
                if self.frozen_until.is_none() && self.page.connected {
                    self.page.connected = false;
                    self.input(Input::Command(Command::new(Ask::Disconnect, 0.0, "")));
                    self.at(until, Event::Act(Act::Connect));
                }
            }
            Fault::BadToken => {
                self.trouble.bad_token = until;
                self.trouble.bad_token_kind = self.dice.between(0, 2);
            }
            Fault::SlowNetwork => self.trouble.slow = until,
        }
    }

    /// The page runs again: perhaps its timer comes before what is queued.
    pub(super) fn thaw(&mut self) {
        let Some(since) = self.frozen_until.take() else {
            return;
        };
        if self.frozen_for_sleep {
            self.slept += self.now - since;
            self.frozen_for_sleep = false;
        }
        self.check.woke(self.mono());
        let told = std::mem::take(&mut self.suspended);
        let missed = std::mem::take(&mut self.timer_missed);
        let order = self.dice.between(0, 2);
        if told {
            self.input(Input::Command(Command::new(Ask::Wake, 1.0, "")));
        } else if order == 0 {
            self.input(Input::Command(Command::new(Ask::Wake, 2.0, "")));
        }
        if missed && order != 1 {
            self.timer_for = None;
            self.input(Input::Timer);
        }
        self.flush();
        self.timer_for = None;
        self.input(Input::Timer);
    }

    /// All trouble ends: connections that hang or are silent break, as TCP's would; the page runs; a page that was
    /// told that the client gave up calls `connect()`.
    pub(super) fn heal(&mut self) {
        self.healed = true;
        self.trouble = Trouble::new(self.trouble.outage.len());
        for conn in 0..self.connections.len() {
            if self.connections[conn].silent || self.connections[conn].hanging {
                self.reset(conn);
            }
        }
        let hanging: Vec<u32> = self
            .flights
            .iter()
            .filter(|(_, flight)| flight.hanging)
            .map(|(req, _)| *req)
            .collect();
        for req in hanging {
            self.later(0, Event::HttpAnswer(req, HttpOutcome::default()));
        }
        for req in std::mem::take(&mut self.slow_tokens) {
            self.later(TOKEN_TIME, Event::Token(req, true));
        }
        for connection in &mut self.connections {
            connection.token_until = None;
        }
        for until in self.tokens.values_mut() {
            *until = u64::MAX;
        }
        self.thaw();
        // A token that lasts three seconds is trouble of its own.
        self.plan.token_life = 1_000_000;
        let given_up = self.page.state == "failed" || !self.plan.config.polls();
        if !self.page.connected || given_up {
            self.connect();
        }
        if self.gives_up() {
            // What gave up for good waits for the page: it asks once more when the last loss is known.
            let settled = self.settled();
            self.later(settled, Event::Act(Act::Connect));
            for job in 0..self.plan.jobs {
                self.later(settled + 1, Event::Act(Act::RefreshStale(job)));
            }
        }
        self.holding = true;
        let bound = self.bound();
        self.later(bound, Event::CheckStill);
    }
}
