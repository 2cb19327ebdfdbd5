//! Sessions and their transports: handshake, polling, upgrade, heartbeat, end.

use super::{Alarm, Effect, Frame, Server, Session, Told, Wire};
use jobwire::core::engineio::{self, Packet, Payload};
use jobwire::core::socketio::Inbox;
use std::collections::{BTreeMap, BTreeSet};

/// How often Node looks whether a GET has to be freed for an upgrade, ms.
const NOOP_EVERY: u64 = 100;
/// How long Node lets a probe take, ms.
const UPGRADE_TIME: u64 = 10_000;

/// Packets of one POST that python-engineio reads; it says `OK` to more, and loses them.
pub const MOST_PACKETS: usize = 16;

/// What a request over HTTP wants.
#[derive(Clone, Debug)]
pub struct Request {
    pub req: u32,
    pub host: usize,
    pub sid: Option<String>,
    /// The token in its address.
    pub token: Option<u32>,
    /// The body of a POST.
    pub body: Option<String>,
}

fn text(packet: &Packet<'_>) -> Frame {
    let mut out = String::new();
    engineio::encode(packet, &mut out);
    Frame::Text(out)
}

impl Server {
    // ---- HTTP ----

    pub fn request(&mut self, request: Request) {
        let Request {
            req,
            host,
            sid,
            token,
            body,
        } = request;
        if !self.habits.polling {
            return self.refuse(req, 0, "Transport unknown");
        }
        let Some(sid) = sid else {
            if body.is_some() {
                return self.refuse(req, 2, "Bad handshake method");
            }
            let sid = self.open_session(host, token, None);
            return self.get(req, &sid);
        };
        match self.sessions.get(&sid) {
            Some(session) if session.host == host => {
                if session.wire.is_some() {
                    return self.refuse(req, 3, "Bad request");
                }
            }
            _ => return self.refuse(req, 1, "Session ID unknown"),
        }
        match body {
            None => self.get(req, &sid),
            Some(body) => self.post(req, &sid, &body),
        }
    }

    fn refuse(&mut self, req: u32, code: u32, message: &str) {
        let body = if self.is_node() {
            format!("{{\"code\":{code},\"message\":\"{message}\"}}")
        } else {
            format!("\"{message}\"")
        };
        self.answer(req, 400, body);
    }

    fn get(&mut self, req: u32, sid: &str) {
        let node = self.is_node();
        let Some(session) = self.sessions.get_mut(sid) else {
            return;
        };
        if session.get.is_some() {
            self.wrong("a GET overlaps another");
            self.refuse(req, 3, "Bad request");
            return self.end_session(sid, "overlap from client", false);
        }
        if !node && session.probed {
            return self.answer(req, 200, "6");
        }
        session.get = Some(req);
        self.flush(sid);
    }

    fn post(&mut self, req: u32, sid: &str, body: &str) {
        if body.len() as u64 > self.habits.max_payload {
            return self.post_too_long(req, sid, body);
        }
        let packets: Vec<_> = Payload::new(body).collect();
        if packets.len() > MOST_PACKETS {
            self.wrong(format!("{} packets in one POST", packets.len()));
            if !self.is_node() {
                return self.answer(req, 200, "OK");
            }
        }
        for packet in packets {
            match packet {
                Ok(packet) => self.packet(sid, &packet),
                Err(error) => self.wrong(format!("{error:?} in a POST: {body:?}")),
            }
        }
        let ok = if self.is_node() { "ok" } else { "OK" };
        self.answer(req, 200, ok);
    }

    /// One packet alone may be too long: the client has been told, but not stopped.
    fn post_too_long(&mut self, req: u32, sid: &str, body: &str) {
        if body.contains('\u{1e}') {
            self.wrong(format!(
                "a POST of {} bytes with several packets",
                body.len()
            ));
        }
        if self.is_node() {
            return self.answer(req, 413, "");
        }
        self.refuse(req, 3, "too long");
        self.end_session(sid, "a body that is too long", false);
    }

    /// The client gave a request up, or its connection broke.
    pub fn abort(&mut self, req: u32) {
        let waiting = self
            .sessions
            .iter()
            .find(|(_, session)| session.get == Some(req));
        let Some((sid, _)) = waiting else {
            return;
        };
        let sid = sid.clone();
        if self.is_node() {
            return self.forget_session(&sid, true);
        }
        if let Some(session) = self.sessions.get_mut(&sid) {
            // What it answers next is lost on a connection that is not there.
            session.get = Some(u32::MAX);
        }
    }

    // ---- WebSocket ----

    /// A WebSocket asks to be opened; whether it is.
    pub fn accept(
        &mut self,
        wire: usize,
        host: usize,
        sid: Option<&str>,
        token: Option<u32>,
    ) -> bool {
        if !self.habits.sockets {
            return false;
        }
        let Some(sid) = sid else {
            self.open_session(host, token, Some(wire));
            return true;
        };
        let node = self.is_node();
        let Some(session) = self.sessions.get_mut(sid) else {
            return false;
        };
        if session.host != host || session.wire.is_some() || node && session.probe.is_some() {
            return false;
        }
        session.probe = Some(wire);
        self.wires.insert(wire, Wire::Probe(sid.to_owned()));
        let limit = if node {
            UPGRADE_TIME
        } else {
            self.habits.ping_interval + self.habits.ping_timeout
        };
        self.later(limit, Alarm::ProbeOver { wire });
        true
    }

    pub fn frame(&mut self, wire: usize, frame: &Frame) {
        let Some(role) = self.wires.get(&wire).cloned() else {
            return;
        };
        let (packet, own) = match frame {
            Frame::Text(text) => (engineio::decode(text), text.as_str()),
            Frame::Binary(bytes) => (Ok(Packet::Binary(bytes.into())), ""),
        };
        let packet = match packet {
            Ok(packet) if own.starts_with('b') => {
                return self.wrong(format!("{packet:?} in a text frame"));
            }
            Ok(packet) => packet,
            Err(error) => return self.wrong(format!("{error:?} in a frame: {own:?}")),
        };
        match role {
            Wire::Transport(sid) => self.packet(&sid, &packet),
            Wire::Probe(sid) => self.probe_packet(wire, &sid, &packet),
        }
    }

    fn probe_packet(&mut self, wire: usize, sid: &str, packet: &Packet<'_>) {
        let node = self.is_node();
        match packet {
            Packet::Ping { probe: true } => {
                let frame = text(&Packet::Pong { probe: true });
                self.effects.push(Effect::Frame { wire, frame });
                let Some(session) = self.sessions.get_mut(sid) else {
                    return;
                };
                session.probed = true;
                if node {
                    self.later(NOOP_EVERY, Alarm::Noop { wire });
                } else {
                    session.out.push(text(&Packet::Noop));
                    self.flush(sid);
                }
            }
            Packet::Upgrade => self.upgrade(wire, sid),
            other => {
                self.wrong(format!("{other:?} on a probe"));
                self.hang_up(wire);
            }
        }
    }

    fn upgrade(&mut self, wire: usize, sid: &str) {
        let node = self.is_node();
        let Some(session) = self.sessions.get_mut(sid) else {
            return;
        };
        session.probe = None;
        session.probed = false;
        session.wire = Some(wire);
        let get = session.get.take().filter(|req| *req != u32::MAX);
        self.wires.insert(wire, Wire::Transport(sid.to_owned()));
        if let Some(req) = get {
            self.answer(req, 200, if node { "1" } else { "" });
        }
        self.flush(sid);
    }

    /// A WebSocket is gone.
    pub fn wire_lost(&mut self, wire: usize) {
        match self.wires.remove(&wire) {
            Some(Wire::Probe(sid)) => {
                if let Some(session) = self.sessions.get_mut(&sid)
                    && session.probe == Some(wire)
                {
                    session.probe = None;
                    session.probed = false;
                }
            }
            Some(Wire::Transport(sid)) => self.forget_session(&sid, true),
            None => {}
        }
    }

    fn hang_up(&mut self, wire: usize) {
        self.effects.push(Effect::Hangup { wire });
        self.wire_lost(wire);
    }

    pub(super) fn free_the_get(&mut self, wire: usize) {
        let Some(Wire::Probe(sid)) = self.wires.get(&wire).cloned() else {
            return;
        };
        if let Some(session) = self.sessions.get_mut(&sid)
            && session.get.is_some()
        {
            session.out.push(text(&Packet::Noop));
            self.flush(&sid);
        }
        self.later(NOOP_EVERY, Alarm::Noop { wire });
    }

    pub(super) fn probe_over(&mut self, wire: usize) {
        if matches!(self.wires.get(&wire), Some(Wire::Probe(_))) {
            self.hang_up(wire);
        }
    }

    // ---- sessions ----

    fn open_session(&mut self, host: usize, token: Option<u32>, wire: Option<usize>) -> String {
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
    fn flush(&mut self, sid: &str) {
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

    fn packet(&mut self, sid: &str, packet: &Packet<'_>) {
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

    fn forget_session(&mut self, sid: &str, recoverable: bool) {
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
