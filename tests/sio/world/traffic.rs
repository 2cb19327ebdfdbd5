//! Requests and frames between driver and server.

use super::{Event, World};
use crate::network::{Errand, Flight, Wire};
use crate::server::{Effect, Frame, Request, Told};
use crate::simulator::{Bound, Driver, Travel};
use jobwire::core::io::config::TokenIn;
use jobwire::core::{Gen, HttpOutcome, Input};

fn outcome(status: u16, body: impl Into<String>) -> HttpOutcome {
    HttpOutcome {
        status,
        body: body.into(),
        ..HttpOutcome::default()
    }
}

impl World {
    // ---- WebSockets ----

    pub(super) fn open_wire(&mut self, wire: Wire) {
        let number = self.wires.len();
        self.by_gen.insert(wire.link.r#gen.id(), number);
        let now = self.clock.now;
        let hangs = self.network.hangs(wire.link.host, now) || self.trouble.sockets_hang(now);
        self.wires.push(wire);
        if hangs {
            self.wires[number].link.silent = true;
            return;
        }
        let at = self.arrival_at_server(number);
        self.at(at, Event::WireOpens(number));
    }

    pub(super) fn wire_opens(&mut self, number: usize) {
        let wire = &self.wires[number];
        if wire.link.forgotten || wire.link.silent {
            return;
        }
        let blocked = self.plan.never_sockets || self.trouble.sockets > self.clock.now;
        // Who is in is not asked again.
        let asked = self.plan.config.token_in == TokenIn::Query && wire.sid.is_none();
        let good = !asked || self.token_is_good(wire.token);
        let (host, sid) = (wire.link.host, wire.sid.clone());
        let token = self.in_address(wire.token);
        if self.network.is_out(host, self.clock.now) || blocked || !good {
            return self.close_for_client(number, 1006);
        }
        self.server.now = self.clock.now;
        if !self.server.accept(number, host, sid.as_deref(), token) {
            return self.close_for_client(number, 1006);
        }
        self.wires[number].link.accepted = true;
        self.tell_client(number, Bound::Opened);
        self.serve();
    }

    pub(super) fn reach_for_server(&mut self, r#gen: Gen, frame: Frame) {
        let Some(number) = self.by_gen.get(&r#gen.id()).copied() else {
            return;
        };
        let at = self.arrival_at_server(number);
        self.at(at, Event::ToServer(number, frame));
    }

    pub(super) fn reaches_server(&mut self, number: usize, frame: &Frame) {
        if self.wires[number].link.silent {
            return;
        }
        self.server.now = self.clock.now;
        self.server.frame(number, frame);
        self.serve();
    }

    /// The engine lets a socket go.
    pub(super) fn let_go(&mut self, r#gen: Gen) {
        let Some(number) = self.by_gen.get(&r#gen.id()).copied() else {
            return;
        };
        self.wires[number].link.forgotten = true;
        let at = self.arrival_at_server(number);
        self.at(at, Event::WireLeft(number));
    }

    /// The server hears of it.
    pub(super) fn wire_left(&mut self, number: usize) {
        if self.wires[number].link.silent {
            return;
        }
        self.server.now = self.clock.now;
        self.server.wire_lost(number);
        self.close_for_client(number, 1000);
        self.serve();
    }

    /// The client hears that a socket is closed, once.
    fn close_for_client(&mut self, number: usize, code: u16) {
        if !std::mem::replace(&mut self.wires[number].reported, true) {
            self.tell_client(number, Bound::Closed(code, String::new()));
        }
    }

    /// A connection breaks: what is on it is lost. `noticed`: the server hears of it now, else when it gives up.
    pub(super) fn break_wire(&mut self, number: usize, noticed: bool) {
        self.wires[number].link.silent = true;
        self.close_for_client(number, 1006);
        if noticed {
            self.wire_breaks(number);
        } else {
            let later = self.dice.between(1000, 60_000);
            self.later(later, Event::WireBreaks(number));
        }
    }

    pub(super) fn wire_breaks(&mut self, number: usize) {
        self.server.now = self.clock.now;
        self.server.wire_lost(number);
        self.serve();
    }

    /// The wires on which something may pass.
    pub(super) fn live_wires(&self) -> Vec<usize> {
        let live = |number: &usize| {
            let wire = &self.wires[*number];
            !wire.link.silent && !wire.link.forgotten && !wire.reported
        };
        (0..self.wires.len()).filter(live).collect()
    }

    // ---- HTTP ----

    pub(super) fn depart(&mut self, req: u32, flight: Flight) {
        let now = self.clock.now;
        let hangs = self.network.hangs(flight.host, now) || self.trouble.http_hangs(now);
        self.flights.insert(
            req,
            Flight {
                dead: hangs,
                ..flight
            },
        );
        if hangs {
            return;
        }
        let takes = self.travel();
        self.later(takes, Event::RequestArrives(req));
    }

    pub(super) fn request_arrives(&mut self, req: u32) {
        let Some(flight) = self.flights.get_mut(&req).filter(|flight| !flight.dead) else {
            return;
        };
        flight.arrived = true;
        let (host, token, errand, etag) = (
            flight.host,
            flight.token,
            flight.errand.clone(),
            flight.etag.clone(),
        );
        if self.network.is_out(host, self.clock.now) {
            return self.answer_later(req, outcome(0, ""));
        }
        if let Some(answer) = self.trouble.http_answer(self.clock.now, &mut self.dice) {
            return self.answer_later(req, answer);
        }
        match errand {
            Errand::Job(job) => {
                let answer = self.read_job(&job, token, etag);
                self.answer_later(req, answer);
            }
            Errand::Session { sid, body } => {
                let asked = self.plan.config.token_in == TokenIn::Query && sid.is_none();
                if asked && !self.token_is_good(token) {
                    return self
                        .answer_later(req, outcome(403, "{\"code\":4,\"message\":\"Forbidden\"}"));
                }
                self.server.now = self.clock.now;
                self.server.request(Request {
                    req,
                    host,
                    sid,
                    token: self.in_address(token),
                    body,
                });
                self.serve();
            }
        }
    }

    fn read_job(&self, id: &str, token: Option<u32>, etag: Option<String>) -> HttpOutcome {
        if !self.token_is_good(token) {
            return outcome(401, "");
        }
        let Some(job) = self.server.jobs.iter().find(|job| job.id == id) else {
            return outcome(404, "");
        };
        let tag = format!("\"{}\"", job.version);
        if etag.as_deref() == Some(&tag) {
            return outcome(304, "");
        }
        HttpOutcome {
            etag: Some(tag),
            ..outcome(200, job.snapshot())
        }
    }

    pub(super) fn answer_later(&mut self, req: u32, answer: HttpOutcome) {
        let Some(flight) = self.flights.get(&req) else {
            return;
        };
        if flight.dead {
            return;
        }
        let lost = self
            .trouble
            .answers_get_lost(self.clock.now, &mut self.dice);
        let answer = if lost { outcome(0, "") } else { answer };
        let takes = self.travel();
        self.later(takes, Event::RequestAnswered(req, answer));
    }

    pub(super) fn request_answered(&mut self, req: u32, outcome: HttpOutcome) {
        if let Some(flight) = self.flights.remove(&req)
            && !flight.aborted
        {
            self.when_awake(Input::Http { req, outcome });
        }
    }

    /// The connection under a request breaks; `noticed`: the server hears of it now.
    pub(super) fn break_flight(&mut self, req: u32, noticed: bool) {
        let Some(flight) = self.flights.get_mut(&req) else {
            return;
        };
        if flight.dead {
            return;
        }
        flight.dead = true;
        let arrived = flight.arrived;
        let latency = self.latency();
        self.later(latency, Event::RequestAnswered(req, outcome(0, "")));
        if arrived && noticed {
            self.server.now = self.clock.now;
            self.server.abort(req);
            self.serve();
        }
    }

    /// The engine gives a request up: it may arrive all the same.
    pub(super) fn abort(&mut self, req: u32) {
        let Some(flight) = self.flights.get_mut(&req) else {
            return;
        };
        flight.aborted = true;
        if !flight.arrived && self.dice.chance(50) {
            self.flights.remove(&req);
            return;
        }
        let latency = self.latency();
        self.later(latency, Event::AbortArrives(req));
    }

    pub(super) fn abort_arrives(&mut self, req: u32) {
        if self
            .flights
            .remove(&req)
            .is_some_and(|flight| flight.arrived && !flight.dead)
        {
            self.server.now = self.clock.now;
            self.server.abort(req);
            self.serve();
        }
    }

    // ---- the server's answers ----

    /// Carries what the server does to the client, and what its application learnt to the checks.
    pub(super) fn serve(&mut self) {
        for effect in std::mem::take(&mut self.server.effects) {
            match effect {
                Effect::Answer { req, status, body } => {
                    self.answer_later(req, outcome(status, body))
                }
                Effect::Frame { wire, frame } => self.tell_client(wire, Bound::Frame(frame)),
                Effect::Hangup { wire } => self.close_for_client(wire, 1005),
                Effect::Alarm { at, alarm } => self.at(at, Event::Alarm(alarm)),
            }
        }
        for told in std::mem::take(&mut self.server.told) {
            match told {
                Told::Arrived {
                    n,
                    sid,
                    attachments,
                } => {
                    self.ledger.arrives(n, &sid, &attachments, &mut self.broken);
                }
                Told::Replied { k, n } => self.replied(k, n),
                Told::Joined { recovered } => {
                    self.figures.joined += 1;
                    self.figures.recovered += u64::from(recovered);
                }
                Told::Ended(why) => {
                    let calm = self.plan.is_calm();
                    self.broken
                        .ensure("without trouble no session ends", !calm, || why.to_owned());
                }
                Told::Wrong(what) => {
                    self.broken
                        .ensure("the client keeps to the protocol", false, || what)
                }
            }
        }
    }

    // ---- tokens ----

    /// The token, where addresses have it.
    fn in_address(&self, token: Option<u32>) -> Option<u32> {
        token.filter(|_| self.plan.config.token_in == TokenIn::Query)
    }

    fn token_is_good(&self, token: Option<u32>) -> bool {
        !self.plan.config.token || self.server.tokens.is_good(token, self.clock.now)
    }
}
