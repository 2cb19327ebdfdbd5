//! What lies between: connections that keep the order of what they carry, delay it, lose it, fall silent.

use crate::dice::Dice;
use jobwire::core::Gen;

pub struct Connection {
    pub r#gen: Gen,
    pub server: usize,
    /// Which job's; `None`: all.
    pub job: Option<usize>,
    /// The job named in its URL exists.
    pub known: bool,
    /// When its token runs out, if one was given.
    pub token_until: Option<u64>,
    /// The server took it.
    pub accepted: bool,
    /// The server has closed it or never heard of it.
    pub ended: bool,
    /// Nothing passes in either direction, and nobody is told.
    pub silent: bool,
    /// The driver has forgotten it: closed by the engine, or reported closed to it.
    pub forgotten: bool,
    /// The wait for an unresponsive handshake is over only when the trouble ends.
    pub hanging: bool,
    /// A frame that a faulty server sends after the next one.
    pub held: Option<(String, Vec<u64>)>,
    to_client: u64,
    to_server: u64,
}

impl Connection {
    pub fn new(r#gen: Gen, server: usize, job: Option<usize>, known: bool) -> Self {
        Self {
            r#gen,
            server,
            job,
            known,
            token_until: None,
            accepted: false,
            ended: false,
            silent: false,
            forgotten: false,
            hanging: false,
            held: None,
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
