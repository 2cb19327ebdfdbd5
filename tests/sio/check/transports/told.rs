//! What the engine is told.

use super::Transports;
use crate::check::Blame;
use crate::plan::Plan;
use jobwire::core::Gen;
use jobwire::core::protocol::socketio::engineio::{Handshake, Packet, Payload, decode};

impl Transports {
    /// A text frame; whether it is of a session that there still is.
    pub fn frame(&mut self, plan: &Plan, r#gen: Gen, text: &str, now: u64) -> bool {
        let Some(socket) = self.sockets.get_mut(&r#gen.id()) else {
            return false;
        };
        if socket.is_probe() {
            socket.answered |= text == "3probe";
            return false;
        }
        if let Ok(packet) = decode(text) {
            self.packet(plan, &packet, now);
        }
        true
    }

    pub fn binary(&mut self, plan: &Plan, r#gen: Gen, now: u64) {
        if self
            .sockets
            .get(&r#gen.id())
            .is_some_and(|socket| !socket.is_probe() && self.heard.is_some())
        {
            self.hears(plan, now);
        }
    }

    /// A sign of life: not when the server has given the client up by now.
    fn hears(&mut self, plan: &Plan, now: u64) {
        let limit = plan.habits.ping_interval + plan.habits.ping_timeout;
        if self.heard.is_none_or(|at| now < at + limit) {
            self.heard = Some(now);
        }
    }

    fn packet(&mut self, plan: &Plan, packet: &Packet<'_>, now: u64) {
        self.hears(plan, now);
        match packet {
            Packet::Open(_) => {
                self.session += u64::from(self.attempts.opened(now));
            }
            Packet::Ping { probe: false } => self.owes_pong = Some(now),
            Packet::Close => self.fails(plan, now, Blame::Network),
            _ => {}
        }
    }

    pub fn socket_closed(&mut self, plan: &Plan, r#gen: Gen, now: u64) {
        if self
            .sockets
            .remove(&r#gen.id())
            .is_some_and(|socket| !socket.is_probe())
        {
            self.fails(plan, now, Blame::Network);
        }
    }

    /// A request was answered; whether with packets of a session that there still is.
    pub fn answered(&mut self, plan: &Plan, req: u32, status: u16, body: &str, now: u64) -> bool {
        let Some(request) = self.requests.remove(&req) else {
            return false;
        };
        if request.leaves {
            let named = || match Payload::new(body).next() {
                Some(Ok(Packet::Open(json))) if status == 200 => Handshake::read(json).ok(),
                _ => None,
            };
            match request.sid {
                // Whatever comes of the handshake, the client has left already.
                None => {
                    let sid = named().map(|handshake| handshake.sid.get().into_owned());
                    self.owes_good_bye.extend(sid);
                }
                Some(sid) if request.posts && self.left.contains(&sid) => {
                    self.owes_good_bye.insert(sid);
                }
                Some(_) => {}
            }
            return false;
        }
        if status != 200 || request.posts && body.starts_with('<') {
            let blame = match status {
                401 | 403 => Blame::Token,
                429 | 503 => Blame::Busy,
                _ => Blame::Network,
            };
            self.fails(plan, now, blame);
            return false;
        }
        if request.posts {
            return false;
        }
        self.hears(plan, now);
        for packet in Payload::new(body) {
            match packet {
                Ok(packet) => self.packet(plan, &packet, now),
                Err(_) => self.fails(plan, now, Blame::Network),
            }
        }
        true
    }
}
