//! Faults: what goes wrong, and for how long.

use super::acts::Act;
use super::{Event, World};
use crate::plan::Fault;
use crate::simulator::{Driver, Faults, Standstill};
use jobwire::core::{Ask, Command, HttpOutcome, Input};

/// Until when the servers' trouble lasts.
#[derive(Default)]
pub(super) struct Trouble {
    pub(super) sockets: u64,
    pub(super) wait: u64,
    pub(super) errors: u64,
    pub(super) error_kind: u64,
}

impl World {
    pub(super) fn fault(&mut self, fault: Fault) {
        if self.healed {
            return;
        }
        self.figures.faults[fault as usize] += 1;
        let until = self.lasts(self.plan.heal_at);
        let reset_at = (self.clock.now + self.dice.between(5000, 90_000)).min(self.plan.heal_at);
        match fault {
            Fault::Outage | Fault::Hang | Fault::Restart => {
                let hosts = self.network.some_hosts(&mut self.dice);
                let quiet = fault == Fault::Hang || fault == Fault::Outage && self.dice.chance(30);
                if fault == Fault::Hang {
                    self.network.goes_silent(until);
                }
                let code = if fault == Fault::Restart { 1012 } else { 1006 };
                for server in hosts {
                    self.network.goes_out(server, until);
                    self.cut(server, quiet, reset_at, code);
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
                    self.connections[conn].link.silent = true;
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
            Fault::Suspend if self.page.connected => {
                self.stand_still(Standstill::Suspended, until);
            }
            Fault::Freeze | Fault::Suspend => self.stand_still(Standstill::Frozen, until),
            Fault::Sleep => self.stand_still(Standstill::Asleep, until),
            Fault::ClockJump => self.set_clock(),
            Fault::Disconnect => {
                if !self.client.is_frozen() && self.page.connected {
                    self.page.connected = false;
                    self.input(Input::Command(Command::new(Ask::Disconnect, 0.0, "")));
                    self.at(until, Event::Act(Act::Connect));
                }
            }
            Fault::BadToken => self.spoil_tokens(until),
            Fault::SlowNetwork => self.network.goes_slow(until),
        }
    }

    /// All trouble ends: connections that hang or are silent break, as TCP's would; the page runs; a page that was
    /// told that the client gave up calls `connect()`.
    pub(super) fn heal(&mut self) {
        self.healed = true;
        self.trouble = Trouble::default();
        self.network.heal();
        for conn in 0..self.connections.len() {
            if self.connections[conn].link.silent || self.connections[conn].hanging {
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
        self.heal_tokens();
        for connection in &mut self.connections {
            connection.token_until = None;
        }
        self.thaw();
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
