//! Namespaces that do not let the client in: who was refused for good or put out does not come back by itself, and no
//! door is shown token after token.

use super::Broken;
use jobwire::core::protocol::socketio::engineio::{Packet, Payload, decode};
use jobwire::core::protocol::socketio::{self, Body};
use std::collections::{BTreeMap, BTreeSet};

/// Refusals of tokens in a row after which nobody asks again.
const MOST: u32 = 3;

#[derive(Clone, Copy, Debug, Default)]
struct Door {
    refusals: u32,
    /// Since when the client is in.
    since: Option<u64>,
    /// In which session.
    session: u64,
}

impl Door {
    /// The client is in no more; when it was for long enough, its token was good.
    fn is_left(&mut self, now: u64, proof: u64) {
        if self.since.take().is_some_and(|since| now - since >= proof) {
            self.refusals = 0;
        }
    }
}

#[derive(Default)]
pub struct Doors {
    doors: BTreeMap<String, Door>,
    shut: BTreeSet<String>,
}

impl Doors {
    /// The page was told that nothing comes of a namespace.
    pub fn shuts(&mut self, namespace: &str) {
        self.shut.insert(namespace.to_owned());
    }

    /// The page asks for a namespace anew.
    pub fn forgive(&mut self, namespace: &str) {
        self.shut.remove(namespace);
        self.doors.remove(namespace);
    }

    pub fn forgive_all(&mut self) {
        *self = Self::default();
    }

    /// Whether the client is in, in this session.
    pub fn is_in(&self, namespace: &str, session: u64) -> bool {
        let door = self.doors.get(namespace);
        door.is_some_and(|door| door.since.is_some() && door.session == session)
    }

    /// The client asks to be let in.
    pub fn knocks(&mut self, namespace: &str, now: u64, proof: u64, broken: &mut Broken) {
        let shut = self.shut.contains(namespace);
        broken.ensure(
            "who was put out does not come back by itself",
            !shut,
            || namespace.into(),
        );
        let door = self.doors.entry(namespace.to_owned()).or_default();
        door.is_left(now, proof);
        let door = *door;
        broken.ensure(
            "no door is shown token after token",
            door.refusals < MOST,
            || format!("{namespace}: {door:?}"),
        );
    }

    /// What the engine is told by a session it may still have. `proof`: how long (ms) the client must have been in for
    /// its token to count as good.
    pub fn frame(&mut self, text: &str, session: u64, now: u64, proof: u64) {
        if let Ok(Packet::Message(message)) = decode(text) {
            self.message(message, session, now, proof);
        }
    }

    pub fn body(&mut self, body: &str, session: u64, now: u64, proof: u64) {
        for packet in Payload::new(body).map_while(Result::ok) {
            if let Packet::Message(message) = packet {
                self.message(message, session, now, proof);
            }
        }
    }

    fn message(&mut self, message: &str, session: u64, now: u64, proof: u64) {
        let Ok(packet) = socketio::decode(message) else {
            return;
        };
        let door = self.doors.entry(packet.namespace.to_owned()).or_default();
        let is_in = door.since.is_some() && door.session == session;
        let for_good = match packet.body {
            Body::ConnectError(said) => !said.contains("unauthorized"),
            Body::Disconnect(said) => is_in && !said.contains("unauthorized"),
            _ => false,
        };
        if for_good {
            self.shut.insert(packet.namespace.to_owned());
        }
        match packet.body {
            Body::Connect(_) => {
                door.since = Some(now);
                door.session = session;
            }
            Body::ConnectError(said) | Body::Disconnect(said) => {
                door.is_left(now, proof);
                door.refusals += u32::from(said.contains("unauthorized"));
            }
            _ => {}
        }
    }
}
