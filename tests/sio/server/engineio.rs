//! Sessions of Engine.IO: handshake, what waits to be sent, heartbeat, end.

use super::{Alarm, Effect, Frame, Server, Session, Told, Wire};
use jobwire::core::protocol::socketio::Inbox;
use jobwire::core::protocol::socketio::engineio::{self, Packet};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn text(packet: &Packet<'_>) -> Frame {
    let mut out = String::new();
    engineio::encode(packet, &mut out);
    Frame::Text(out)
}

impl Server {
    pub(super) fn open_session(
        &mut self,
        host: usize,
        token: Option<u32>,
        wire: Option<usize>,
    ) -> String {
        let sid = self.id("s");
        let upgrades = if wire.is_none() && self.habits.sockets {
            "\"websocket\""
        } else {
            ""
        };
        let handshake = format!(
            "{{\"sid\":\"{sid}\",\"upgrades\":[{upgrades}],\"pingInterval\":{},\"pingTimeout\":{},\"maxPayload\":{}}}",
            self.habits.ping_interval, self.habits.ping_timeout, self.habits.max_payload
        );
        let session = Session {
            host,
            token,
            wire,
            out: vec![text(&Packet::Open(&handshake))],
            get: None,
            probe: None,
            probed: false,
            mark: 0,
            inbox: Inbox::default(),
            sockets: BTreeMap::new(),
            admitting: BTreeSet::new(),
        };
        self.sessions.insert(sid.clone(), session);
        if let Some(wire) = wire {
            self.wires.insert(wire, Wire::Transport(sid.clone()));
        }
        let interval = self.habits.ping_interval;
        self.later(
            interval,
            Alarm::Ping {
                sid: sid.clone(),
                mark: 0,
            },
        );
        self.flush(&sid);
        sid
    }

    /// Sends what waits, if the transport can take it.
    pub(super) fn flush(&mut self, sid: &str) {
        let Some(session) = self.sessions.get_mut(sid) else {
            return;
        };
        if session.out.is_empty() {
            return;
        }
        if let Some(wire) = session.wire {
            for frame in std::mem::take(&mut session.out) {
                self.effects.push(Effect::Frame { wire, frame });
            }
        } else if let Some(req) = session.get.take() {
            let body = std::mem::take(&mut session.out)
                .into_iter()
                .map(|frame| match frame {
                    Frame::Text(text) => text,
                    Frame::Binary(bytes) => {
                        let mut text = String::new();
                        engineio::encode(&Packet::Binary(bytes.into()), &mut text);
                        text
                    }
                });
            let body = body.collect::<Vec<_>>().join("\u{1e}");
            self.answer(req, 200, body);
        }
    }

    pub(super) fn send(&mut self, sid: &str, frames: Vec<Frame>) {
        if let Some(session) = self.sessions.get_mut(sid) {
            session.out.extend(frames);
            self.flush(sid);
        }
    }

    /// Whether a volatile packet would go out at once.
    pub(super) fn is_writable(&self, sid: &str) -> bool {
        self.sessions
            .get(sid)
            .is_some_and(|session| session.wire.is_some() || session.get.is_some())
    }

    pub(super) fn packet(&mut self, sid: &str, packet: &Packet<'_>) {
        if !self.sessions.contains_key(sid) {
            return;
        }
        match packet {
            Packet::Pong { probe: false } => self.pong(sid),
            Packet::Message(message) => self.text_message(sid, message),
            Packet::Binary(bytes) => self.binary_message(sid, bytes.to_vec()),
            Packet::Close => self.leave_session(sid),
            other => self.wrong(format!("{other:?} from a client")),
        }
    }

    pub(super) fn ping(&mut self, sid: &str, mark: u64) {
        let timeout = self.habits.ping_timeout;
        if self
            .sessions
            .get(sid)
            .is_some_and(|session| session.mark == mark)
        {
            self.send(sid, vec![text(&Packet::Ping { probe: false })]);
            self.later(
                timeout,
                Alarm::Silent {
                    sid: sid.to_owned(),
                    mark,
                },
            );
        }
    }

    fn pong(&mut self, sid: &str) {
        let interval = self.habits.ping_interval;
        if let Some(session) = self.sessions.get_mut(sid) {
            session.mark += 1;
            let mark = session.mark;
            self.later(
                interval,
                Alarm::Ping {
                    sid: sid.to_owned(),
                    mark,
                },
            );
        }
    }

    pub(super) fn silent(&mut self, sid: &str, mark: u64) {
        if self
            .sessions
            .get(sid)
            .is_some_and(|session| session.mark == mark)
        {
            self.end_session(sid, "ping timeout", true);
        }
    }

    /// The client takes its leave.
    fn leave_session(&mut self, sid: &str) {
        self.forget_session(sid, true);
    }

    /// The server ends a session; what it wants to say is said where it still can be.
    pub(super) fn end_session(&mut self, sid: &str, why: &'static str, recoverable: bool) {
        if let Some(session) = self.sessions.get(sid) {
            // Of one that the client never took up it knows nothing.
            if !session.sockets.is_empty() || !session.admitting.is_empty() {
                self.told.push(Told::Ended(why));
            }
            self.forget_session(sid, recoverable);
        }
    }

    pub(super) fn forget_session(&mut self, sid: &str, recoverable: bool) {
        let Some(session) = self.sessions.remove(sid) else {
            return;
        };
        for life in session.sockets.values() {
            self.end_life(*life, recoverable);
        }
        if let Some(req) = session.get.filter(|req| *req != u32::MAX) {
            let last = if self.is_node() { "1" } else { "" };
            self.answer(req, 200, last);
        }
        for wire in [session.wire, session.probe].into_iter().flatten() {
            if self.wires.remove(&wire).is_some() {
                if !self.is_node() {
                    let frame = text(&Packet::Close);
                    self.effects.push(Effect::Frame { wire, frame });
                }
                self.effects.push(Effect::Hangup { wire });
            }
        }
    }

    /// The process begins anew: sessions are gone, and what could be recovered with them.
    pub fn restart(&mut self, host: usize) {
        let gone: Vec<String> = self.sessions_on(host);
        for sid in gone {
            if let Some(session) = self.sessions.remove(&sid) {
                for life in session.sockets.values() {
                    self.end_life(*life, false);
                }
                for wire in [session.wire, session.probe].into_iter().flatten() {
                    self.wires.remove(&wire);
                }
            }
        }
        for life in &mut self.lives {
            life.ended_at = None;
        }
    }

    fn sessions_on(&self, host: usize) -> Vec<String> {
        let on_it = self
            .sessions
            .iter()
            .filter(|(_, session)| session.host == host);
        on_it.map(|(sid, _)| sid.clone()).collect()
    }
}
