//! Engine.IO over WebSocket: sessions of its own, and probes that upgrade one.

use super::engineio::text;
use super::{Alarm, Effect, Frame, Server, Wire};
use jobwire::core::protocol::socketio::engineio::{self, Packet};

/// How often Node looks whether a GET has to be freed for an upgrade, ms.
const NOOP_EVERY: u64 = 100;
/// How long Node lets a probe take, ms.
const UPGRADE_TIME: u64 = 10_000;

impl Server {
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
}
