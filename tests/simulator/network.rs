//! What lies between: hosts that are out, latency, connections that keep the order of what they carry, delay it, lose
//! it, fall silent.

use super::client::Bound;
use super::dice::Dice;
use super::simulation::{Parts, Simulation, Turn};
use jobwire::core::Gen;

/// Added to every latency while the network is slow, at most, ms.
pub const SLOW: u64 = 3000;

/// The network as a whole, and until when each kind of trouble with it lasts.
pub struct Network {
    /// One way, ms.
    latency: u64,
    outage: Vec<u64>,
    hang: u64,
    slow: u64,
}

impl Network {
    pub fn new(hosts: usize, latency: u64) -> Self {
        Self {
            latency,
            outage: vec![0; hosts],
            hang: 0,
            slow: 0,
        }
    }

    pub fn is_out(&self, host: usize, now: u64) -> bool {
        self.outage.get(host).is_some_and(|until| *until > now)
    }

    /// What is sent to a host that is out is not even refused.
    pub fn hangs(&self, host: usize, now: u64) -> bool {
        self.hang > now && self.is_out(host, now)
    }

    pub fn goes_out(&mut self, host: usize, until: u64) {
        self.outage[host] = until;
    }

    pub fn goes_silent(&mut self, until: u64) {
        self.hang = until;
    }

    pub fn goes_slow(&mut self, until: u64) {
        self.slow = until;
    }

    pub fn heal(&mut self) {
        *self = Self::new(self.outage.len(), self.latency);
    }

    /// All hosts, or one.
    pub fn some_hosts(&self, dice: &mut Dice) -> Vec<usize> {
        let all = dice.chance(70);
        let one = dice.between(0, self.outage.len() as u64 - 1) as usize;
        (0..self.outage.len())
            .filter(|host| all || *host == one)
            .collect()
    }

    fn latency(&self, now: u64, dice: &mut Dice) -> u64 {
        let spike = if self.slow > now {
            dice.between(0, SLOW)
        } else {
            0
        };
        self.latency + spike
    }
}

/// What every connection has.
pub struct Link {
    pub r#gen: Gen,
    pub host: usize,
    /// The server took it.
    pub accepted: bool,
    /// Nothing passes in either direction any more, and nobody is told.
    pub silent: bool,
    /// The driver has forgotten it: closed by the engine, or reported closed to it.
    pub forgotten: bool,
    to_client: u64,
    to_server: u64,
}

impl Link {
    pub fn new(r#gen: Gen, host: usize) -> Self {
        Self {
            r#gen,
            host,
            accepted: false,
            silent: false,
            forgotten: false,
            to_client: 0,
            to_server: 0,
        }
    }
}

/// The place of a server among the addresses of the config.
pub fn host_of(url: &str) -> usize {
    url.split_once("://s")
        .and_then(|(_, rest)| rest.get(..1)?.parse().ok())
        .unwrap_or(0)
}

/// What is under way in every world.
pub trait Travel: Simulation {
    fn latency(&mut self) -> u64 {
        let Parts {
            clock,
            dice,
            network,
            ..
        } = self.parts();
        network.latency(clock.now, dice)
    }

    /// How long something is under way, ms.
    fn travel(&mut self) -> u64 {
        let latency = self.latency();
        self.parts().dice.between(latency / 2, latency)
    }

    /// When something sent to the server now arrives: never before what was sent earlier.
    fn arrival_at_server(&mut self, number: usize) -> u64 {
        let at = self.parts().clock.now + self.travel();
        let link = self.link(number);
        link.to_server = link.to_server.max(at);
        link.to_server
    }

    /// The same on the way to the client.
    fn tell_client(&mut self, number: usize, what: Bound<Self::Frame>) {
        let at = self.parts().clock.now + self.travel();
        let link = self.link(number);
        link.to_client = link.to_client.max(at);
        let at = link.to_client;
        self.parts().clock.at(at, Turn::ToClient(number, what));
    }
}

impl<W: Simulation> Travel for W {}
