//! What one seed is about: the client's configuration, the server's habits, which faults happen.

use crate::server::{Door, Flavour, Habits};
use crate::simulator::{Dice, draw_faults, is_calm};
use jobwire::core::Backoff;
use jobwire::core::io::config::{Config, RateLimit, TokenIn, Transports};
use jobwire::core::protocol::Protocol;

/// The namespaces that there are; the last is not known to any server.
pub const NAMESPACES: [&str; 5] = ["/", "/jobs", "/chat", "/performance", "/nowhere"];

/// The kinds of trouble; each seed has some of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Outage,
    Hang,
    Restart,
    DropSocket,
    HalfOpen,
    BlockSockets,
    HttpErrors,
    LostAnswers,
    Kick,
    Garbage,
    Freeze,
    Sleep,
    ClockJump,
    Suspend,
    Disconnect,
    BadToken,
    SlowNetwork,
}

pub const FAULTS: [Fault; 17] = [
    Fault::Outage,
    Fault::Hang,
    Fault::Restart,
    Fault::DropSocket,
    Fault::HalfOpen,
    Fault::BlockSockets,
    Fault::HttpErrors,
    Fault::LostAnswers,
    Fault::Kick,
    Fault::Garbage,
    Fault::Freeze,
    Fault::Sleep,
    Fault::ClockJump,
    Fault::Suspend,
    Fault::Disconnect,
    Fault::BadToken,
    Fault::SlowNetwork,
];

pub struct Plan {
    pub config: Config,
    pub habits: Habits,
    pub hosts: usize,
    pub jobs: usize,
    /// Life of a token, ms.
    pub token_life: u64,
    /// One way, ms.
    pub latency: u64,
    /// The driver hands frames over in batches, this far apart at most, ms.
    pub batch: u64,
    pub faults: Vec<Fault>,
    /// No WebSocket ever gets through, as behind some proxies.
    pub never_sockets: bool,
    /// The page listens to everything from the beginning.
    pub listens_always: bool,
    /// How many faults, and until when (ms).
    pub troubles: u64,
    pub heal_at: u64,
    pub actions: u64,
    /// What reaches the driver after the engine closed a socket is handed in all the same.
    pub leftovers: bool,
}

impl Plan {
    pub fn is_calm(&self) -> bool {
        self.faults.is_empty()
    }

    pub fn draw(dice: &mut Dice, seed: u64) -> Self {
        let flavour = dice.pick(&[Flavour::Node, Flavour::Node, Flavour::Python]);
        let transports = dice.pick(&[
            Transports::SocketFirst,
            Transports::SocketFirst,
            Transports::PollingFirst,
            Transports::PollingFirst,
            Transports::SocketOnly,
            Transports::PollingOnly,
        ]);
        let both = matches!(
            transports,
            Transports::SocketFirst | Transports::PollingFirst
        );
        let never_sockets = both && dice.chance(6);
        let (sockets, polling) = match transports {
            Transports::SocketOnly => (true, dice.chance(50)),
            Transports::PollingOnly => (dice.chance(50), true),
            Transports::PollingFirst => (dice.chance(92), true),
            Transports::SocketFirst => {
                dice.pick(&[(true, true), (true, true), (false, true), (true, false)])
            }
        };
        let polling = polling || never_sockets;
        let token = dice.chance(50);
        let namespace = dice.pick(&["/jobs", "/jobs", "/"]);
        let mut doors = std::collections::BTreeMap::new();
        for name in &NAMESPACES[..4] {
            let door = match dice.between(0, 99) {
                0..=5 if *name != namespace => Door::Closed,
                0 => Door::Closed,
                6..=60 if token => Door::Token,
                _ => Door::Open,
            };
            doors.insert(*name, door);
        }
        let habits = Habits {
            flavour,
            ping_interval: dice.pick(&[2000, 5000, 25_000]),
            ping_timeout: dice.pick(&[1000, 5000, 20_000]),
            max_payload: dice.pick(&[600, 2000, 1_000_000, 1_000_000]),
            sockets,
            polling,
            recovery: (flavour == Flavour::Node && dice.chance(60))
                .then_some(dice.pick(&[3000, 120_000])),
            always_connect: flavour == Flavour::Python && dice.chance(30),
            slow_door: dice.pick(&[0, 0, 200, 1500]),
            doors,
            jobs_namespace: namespace,
        };
        let base_delay = dice.pick(&[100, 500, 1000, 1000]);
        let backoff = Backoff {
            attempts: dice.pick(&[5, 5, 2, 0, 1_000_000_000]),
            base_delay,
            max_delay: dice.pick(&[base_delay, 2000, 5000]).max(base_delay),
            jitter: dice.pick(&[0, 500, 1000, 1000]),
            min_uptime: dice.pick(&[0, 1000, 5000]),
        };
        let hosts = dice.pick(&[1, 1, 1, 2]);
        let reads = dice.chance(40);
        let config = Config {
            servers: (0..hosts).map(|n| format!("://s{n}")).collect(),
            path: "/socket.io".into(),
            polling_url: "/api/jobs/{id}".into(),
            interval: if reads { dice.pick(&[1000, 2000]) } else { 0 },
            token,
            token_in: dice.pick(&[TokenIn::Auth, TokenIn::Auth, TokenIn::Auth, TokenIn::Query]),
            reconnects: dice.chance(94),
            backoff,
            heartbeat_timeout: dice.pick(&[1000, 5000, 10_000]),
            linger: dice.pick(&[0, 500, 1000]),
            queue_items: dice.pick(&[3, 1000, 1000]),
            queue_bytes: dice.pick(&[500, 1 << 20, 1 << 20]),
            queue_age: dice.pick(&[2000, 60_000]),
            rate_limit: dice.chance(25).then_some(RateLimit {
                per_second: 2.0,
                burst: 3.0,
            }),
            history: dice.pick(&[0, 10, 1000]),
            subscribe: Some((
                "subscribe_to_jobs".into(),
                dice.pick(&[None, Some("{}".into())]),
            )),
            protocol: Protocol::SocketIo,
            namespace: namespace.into(),
            transports,
            ..Config::default()
        };
        let calm = is_calm(seed);
        let faults = draw_faults(dice, calm, &FAULTS);
        Self {
            config,
            habits,
            hosts,
            jobs: dice.between(1, 3) as usize,
            token_life: if calm {
                1_000_000
            } else {
                dice.pick(&[3000, 15_000, 1_000_000, 1_000_000])
            },
            latency: dice.between(1, 150),
            batch: dice.pick(&[0, 0, 16]),
            faults,
            never_sockets,
            listens_always: dice.chance(80),
            troubles: dice.between(1, 12),
            heal_at: dice.between(5000, 60_000),
            actions: dice.between(5, 60),
            leftovers: dice.chance(50),
        }
    }
}
