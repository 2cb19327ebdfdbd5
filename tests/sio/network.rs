//! What lies between: connections that keep the order of what they carry, delay it, lose it, fall silent.

use crate::dice::Dice;
use jobwire::core::Gen;

/// A WebSocket.
pub struct Wire {
    pub r#gen: Gen,
    pub host: usize,
    /// The session it is for, if there is one already.
    pub sid: Option<String>,
    /// The token in its address.
    pub token: Option<u32>,
    /// The server took it.
    pub accepted: bool,
    /// Nothing passes in either direction any more.
    pub dead: bool,
    /// The driver was told, or will be.
    pub reported: bool,
    /// The driver has forgotten it.
    pub forgotten: bool,
    to_client: u64,
    to_server: u64,
}

impl Wire {
    pub fn new(r#gen: Gen, host: usize, sid: Option<String>, token: Option<u32>) -> Self {
        Self {
            r#gen,
            host,
            sid,
            token,
            accepted: false,
            dead: false,
            reported: false,
            forgotten: false,
            to_client: 0,
            to_server: 0,
        }
    }

    /// When something sent to the client now arrives: never before what was sent earlier.
    pub fn arrival(&mut self, now: u64, latency: u64, dice: &mut Dice) -> u64 {
        self.to_client = self.to_client.max(now + dice.between(latency / 2, latency));
        self.to_client
    }

    /// The same on the way to the server.
    pub fn arrival_at_server(&mut self, now: u64, latency: u64, dice: &mut Dice) -> u64 {
        self.to_server = self.to_server.max(now + dice.between(latency / 2, latency));
        self.to_server
    }
}

/// What a request over HTTP is for.
#[derive(Clone, Debug)]
pub enum Errand {
    Session {
        sid: Option<String>,
        body: Option<String>,
    },
    Job(String),
}

/// A request over HTTP.
pub struct Flight {
    pub host: usize,
    pub errand: Errand,
    pub token: Option<u32>,
    pub etag: Option<String>,
    /// The server has it.
    pub arrived: bool,
    /// No answer comes, and nobody is told.
    pub dead: bool,
    /// The client has given it up.
    pub aborted: bool,
}
