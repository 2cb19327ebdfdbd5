//! Faults: what goes wrong, for how long, and what it looks like.

use super::acts::Act;
use super::driver::TOKEN_TIME;
use super::{Event, World};
use crate::dice::Dice;
use crate::plan::Fault;
use jobwire::core::{Ask, Command, HttpOutcome, Input};

/// Added to every latency while the network is slow, at most, ms.
pub(super) const SLOW: u64 = 3000;

/// Until when each kind of trouble lasts.
#[derive(Default)]
pub(super) struct Trouble {
    outage: Vec<u64>,
    hang: u64,
    /// WebSockets do not get through; by being refused, or by never being answered.
    pub(super) sockets: u64,
    sockets_hang: bool,
    http: u64,
    http_kind: u64,
    answers: u64,
    tokens: u64,
    token_kind: u64,
    slow: u64,
}

impl Trouble {
    pub(super) fn new(hosts: usize) -> Self {
        Self {
            outage: vec![0; hosts],
            ..Self::default()
        }
    }

    pub(super) fn is_out(&self, host: usize, now: u64) -> bool {
        self.outage.get(host).is_some_and(|until| *until > now)
    }

    pub(super) fn hangs(&self, host: usize, now: u64) -> bool {
        self.hang > now && self.is_out(host, now)
    }

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

    pub(super) fn tokens_hang(&self, now: u64) -> bool {
        self.tokens > now && self.token_kind == 0
    }

    pub(super) fn tokens_fail(&self, now: u64) -> bool {
        self.tokens > now && self.token_kind == 1
    }

    pub(super) fn tokens_are_stale(&self, now: u64) -> bool {
        self.tokens > now && self.token_kind == 2
    }
}

impl World<'_> {
    pub(super) fn latency(&mut self) -> u64 {
        let spike = if self.trouble.slow > self.now {
            self.dice.between(0, SLOW)
        } else {
            0
        };
        self.plan.latency + spike
    }

    pub(super) fn fault(&mut self, fault: Fault) {
        if self.healed {
            return;
        }
        self.figures.faults[fault as usize] += 1;
        let lasts = self.dice.pick(&[300, 3000, 15_000, 40_000]);
        let until = (self.now + self.dice.between(1, lasts)).min(self.plan.heal_at);
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
                    self.wires[wire].dead = true;
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
                    self.server.now = self.now;
                    self.server.kick(life);
                    self.serve();
                }
            }
            Fault::Garbage if self.dice.chance(15) => {
                let live = self.live_wires();
                if let Some(wire) = live.iter().find(|wire| self.wires[**wire].accepted) {
                    let r#gen = self.wires[*wire].r#gen;
                    let size = 70_000_000;
                    self.when_awake(Input::Oversize { r#gen, size });
                }
            }
            Fault::Garbage => {
                self.server.now = self.now;
                self.server.babble();
                self.serve();
            }
            Fault::Freeze | Fault::Sleep | Fault::Suspend => self.freeze(fault, until),
            Fault::ClockJump => {
                let by = self.dice.pick(&[-3_600_000, -2000, 3000, 6000, 3_600_000]);
                self.jump = (self.jump + by).clamp(-7_200_000, 7_200_000);
            }
            Fault::Disconnect => {
                if self.frozen_since.is_none() && self.page.connected {
                    self.page.connected = false;
                    self.input(Input::Command(Command::new(Ask::Disconnect, 0.0, "")));
                    self.at(until, Event::Act(Act::Connect));
                }
            }
            Fault::BadToken => {
                self.trouble.tokens = until;
                self.trouble.token_kind = self.dice.between(0, 2);
            }
            Fault::SlowNetwork => self.trouble.slow = until,
        }
    }

    fn host_fault(&mut self, fault: Fault, until: u64) {
        let all = self.dice.chance(70);
        let one = self.dice.between(0, self.plan.hosts as u64 - 1) as usize;
        let quiet = fault == Fault::Hang || fault == Fault::Outage && self.dice.chance(30);
        for host in 0..self.plan.hosts {
            if !all && host != one {
                continue;
            }
            if fault == Fault::Hang {
                self.trouble.hang = until;
            }
            // A restart may be over before anybody looks.
            if fault != Fault::Restart || self.dice.chance(50) {
                self.trouble.outage[host] = until;
            }
            if fault == Fault::Restart {
                self.server.now = self.now;
                self.server.restart(host);
            }
            self.cut(host, quiet);
        }
    }

    /// Every connection to a host breaks, or falls silent.
    fn cut(&mut self, host: usize, quiet: bool) {
        for wire in self.live_wires() {
            if self.wires[wire].host != host {
                continue;
            }
            if quiet {
                self.wires[wire].dead = true;
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

    fn freeze(&mut self, fault: Fault, until: u64) {
        if self.frozen_since.is_some() {
            return;
        }
        if fault == Fault::Suspend && self.page.connected {
            self.input(Input::Command(Command::new(Ask::Suspend, 0.0, "")));
            self.suspended = true;
        }
        self.frozen_for_sleep = fault == Fault::Sleep;
        self.frozen_since = Some(self.now);
        self.at(until, Event::Thaw);
    }

    /// The page runs again: perhaps its timer comes before what is queued.
    pub(super) fn thaw(&mut self) {
        let Some(since) = self.frozen_since.take() else {
            return;
        };
        if self.frozen_for_sleep {
            self.slept += self.now - since;
            self.frozen_for_sleep = false;
        }
        self.transports.woke(self.mono());
        self.ledger.woke(self.mono());
        let told = std::mem::take(&mut self.suspended);
        let missed = std::mem::take(&mut self.timer_missed);
        let order = self.dice.between(0, 2);
        if told {
            self.wake(1.0);
        } else if order == 0 {
            self.wake(2.0);
        }
        if missed && order != 1 {
            self.timer_for = None;
            self.input(Input::Timer);
        }
        self.flush();
        self.timer_for = None;
        self.input(Input::Timer);
    }

    pub(super) fn wake(&mut self, reason: f64) {
        self.input(Input::Command(Command::new(Ask::Wake, reason, "")));
    }

    /// All trouble ends: the network is whole, tokens last, the page runs.
    pub(super) fn heal(&mut self) {
        self.healed = true;
        self.trouble = Trouble::new(self.plan.hosts);
        for req in std::mem::take(&mut self.slow_tokens) {
            self.later(TOKEN_TIME, Event::Token(req, true));
        }
        for until in self.server.tokens.values_mut() {
            *until = u64::MAX;
        }
        // A token that lasts three seconds is trouble of its own.
        self.plan.token_life = 1_000_000;
        self.break_silence();
        self.thaw();
        self.come_back();
    }

    /// Connections that are silent break, as TCP's would in the end.
    fn break_silence(&mut self) {
        for number in 0..self.wires.len() {
            if self.wires[number].dead {
                self.wires[number].dead = false;
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
