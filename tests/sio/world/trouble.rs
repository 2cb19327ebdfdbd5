//! Faults: what goes wrong, for how long, and what it looks like.

use super::acts::Act;
use super::{Event, World};
use crate::plan::Fault;
use crate::simulator::{Dice, Driver, Faults, Standstill};
use jobwire::core::{Ask, Command, HttpOutcome, Input};

/// Until when the trouble of Socket.IO's own lasts.
#[derive(Default)]
pub(super) struct Trouble {
    /// WebSockets do not get through; by being refused, or by never being answered.
    pub(super) sockets: u64,
    sockets_hang: bool,
    http: u64,
    http_kind: u64,
    answers: u64,
}

impl Trouble {
    pub(super) fn sockets_hang(&self, now: u64) -> bool {
        self.sockets > now && self.sockets_hang
    }

    pub(super) fn http_hangs(&self, now: u64) -> bool {
        self.http > now && self.http_kind == 4
    }

    /// What something between the client and the server answers in its place.
    pub(super) fn http_answer(&self, now: u64, dice: &mut Dice) -> Option<HttpOutcome> {
        if self.http <= now || dice.chance(20) {
            return None;
        }
        let (status, body) = match self.http_kind {
            0 => (0, ""),
            1 => (502, "<html>Bad gateway</html>"),
            2 => (503, ""),
            3 => (200, "<html>Welcome to the hotel</html>"),
            _ => return None,
        };
        Some(HttpOutcome {
            status,
            body: body.into(),
            ..HttpOutcome::default()
        })
    }

    pub(super) fn answers_get_lost(&self, now: u64, dice: &mut Dice) -> bool {
        self.answers > now && dice.chance(50)
    }
}

impl World {
    pub(super) fn fault(&mut self, fault: Fault) {
        if self.healed {
            return;
        }
        self.figures.faults[fault as usize] += 1;
        let until = self.lasts(self.plan.heal_at);
        match fault {
            Fault::Outage | Fault::Hang | Fault::Restart => self.host_fault(fault, until),
            Fault::DropSocket => {
                let live = self.live_wires();
                if !live.is_empty() {
                    let wire = self.dice.pick(&live);
                    let noticed = self.dice.chance(70);
                    self.break_wire(wire, noticed);
                }
            }
            Fault::HalfOpen => {
                let live = self.live_wires();
                if !live.is_empty() {
                    let wire = self.dice.pick(&live);
                    self.wires[wire].link.silent = true;
                } else if let Some(req) = self.some_flight() {
                    self.silence_flight(req);
                }
            }
            Fault::BlockSockets => {
                self.trouble.sockets = until;
                self.trouble.sockets_hang = self.dice.chance(50);
            }
            Fault::HttpErrors => {
                self.trouble.http = until;
                self.trouble.http_kind = self.dice.between(0, 4);
            }
            Fault::LostAnswers => self.trouble.answers = until,
            Fault::Kick => {
                let on: Vec<usize> = (0..self.server.lives.len())
                    .filter(|life| self.server.lives[*life].is_on())
                    .collect();
                if !on.is_empty() {
                    let life = self.dice.pick(&on);
                    self.server.now = self.clock.now;
                    self.server.kick(life);
                    self.serve();
                }
            }
            Fault::Garbage if self.dice.chance(15) => {
                let live = self.live_wires();
                if let Some(wire) = live.iter().find(|wire| self.wires[**wire].link.accepted) {
                    let r#gen = self.wires[*wire].link.r#gen;
                    let size = 70_000_000;
                    self.when_awake(Input::Oversize { r#gen, size });
                }
            }
            Fault::Garbage => {
                self.server.now = self.clock.now;
                self.server.babble();
                self.serve();
            }
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

    fn host_fault(&mut self, fault: Fault, until: u64) {
        let hosts = self.network.some_hosts(&mut self.dice);
        let quiet = fault == Fault::Hang || fault == Fault::Outage && self.dice.chance(30);
        if fault == Fault::Hang {
            self.network.goes_silent(until);
        }
        for host in hosts {
            // A restart may be over before anybody looks.
            if fault != Fault::Restart || self.dice.chance(50) {
                self.network.goes_out(host, until);
            }
            if fault == Fault::Restart {
                self.server.now = self.clock.now;
                self.server.restart(host);
            }
            self.cut(host, quiet);
        }
    }

    /// Every connection to a host breaks, or falls silent.
    fn cut(&mut self, host: usize, quiet: bool) {
        for wire in self.live_wires() {
            if self.wires[wire].link.host != host {
                continue;
            }
            if quiet {
                self.wires[wire].link.silent = true;
            } else {
                let noticed = self.dice.chance(70);
                self.break_wire(wire, noticed);
            }
        }
        let under_way: Vec<u32> = self
            .flights
            .iter()
            .filter(|(_, flight)| flight.host == host)
            .map(|(req, _)| *req)
            .collect();
        for req in under_way {
            if quiet {
                self.silence_flight(req);
            } else {
                let noticed = self.dice.chance(70);
                self.break_flight(req, noticed);
            }
        }
    }

    fn some_flight(&mut self) -> Option<u32> {
        let all: Vec<u32> = self.flights.keys().copied().collect();
        (!all.is_empty()).then(|| self.dice.pick(&all))
    }

    fn silence_flight(&mut self, req: u32) {
        if let Some(flight) = self.flights.get_mut(&req) {
            flight.dead = true;
        }
    }

    /// All trouble ends: the network is whole, tokens last, the page runs.
    pub(super) fn heal(&mut self) {
        self.healed = true;
        self.trouble = Trouble::default();
        self.network.heal();
        self.heal_tokens();
        self.break_silence();
        self.thaw();
        self.come_back();
    }

    /// Connections that are silent break, as TCP's would in the end.
    fn break_silence(&mut self) {
        for number in 0..self.wires.len() {
            if self.wires[number].link.silent {
                self.wires[number].link.silent = false;
                self.break_wire(number, true);
            }
        }
        let silent: Vec<u32> = self
            .flights
            .iter()
            .filter(|(_, flight)| flight.dead)
            .map(|(req, _)| *req)
            .collect();
        for req in silent {
            if let Some(flight) = self.flights.get_mut(&req) {
                flight.dead = false;
            }
            self.break_flight(req, true);
        }
    }
}
