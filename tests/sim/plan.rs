//! What one seed is about: the client's configuration, the server's habits, which faults happen.

use crate::simulator::{Dice, draw_faults, is_calm};
use jobwire::core::Backoff;
use jobwire::core::io::config::{Config, OnInvalid, RateLimit};

/// Ids as the page knows them, and as they must stand in a URL.
pub const IDS: [(&str, &str); 6] = [
    ("j0", "j0"),
    ("550e-8400", "550e-8400"),
    ("a b/c", "a%20b%2Fc"),
    ("é?5", "%C3%A9%3F5"),
    ("j4", "j4"),
    ("42", "42"),
];

/// Whether the server counts its attempts where the client can see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempts {
    Nowhere,
    /// In progress messages and HTTP answers, not in the messages that end an attempt.
    NotInEnds,
    Everywhere,
}

/// How the server turns away a token it does not accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    Close(u16),
    Handshake,
}

/// The kinds of trouble; each seed has some of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Outage,
    Hang,
    DropSocket,
    HalfOpen,
    RefuseSockets,
    Restart,
    AskToWait,
    HttpErrors,
    BadFrames,
    Freeze,
    Sleep,
    ClockJump,
    Suspend,
    Disconnect,
    BadToken,
    SlowNetwork,
}

pub const FAULTS: [Fault; 16] = [
    Fault::Outage,
    Fault::Hang,
    Fault::DropSocket,
    Fault::HalfOpen,
    Fault::RefuseSockets,
    Fault::Restart,
    Fault::AskToWait,
    Fault::HttpErrors,
    Fault::BadFrames,
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
    pub jobs: usize,
    pub attempts: Attempts,
    pub refusal: Refusal,
    /// Life of a token, ms.
    pub token_life: u64,
    /// A token runs out before a socket has lasted long enough to show that it was good: trouble of its own, since
    /// each refusal looks like that of a token which never worked.
    pub fleeting_tokens: bool,
    /// Whether the server ends sockets whose token has run out.
    pub strict_tokens: bool,
    pub heartbeat: u64,
    /// One way, ms.
    pub latency: u64,
    /// The driver hands frames over in batches, this far apart at most, ms.
    pub batch: u64,
    pub faults: Vec<Fault>,
    /// How many faults, and until when (ms).
    pub troubles: u64,
    pub heal_at: u64,
    pub actions: u64,
    /// What reaches the driver after the engine closed a socket is handed in all the same.
    pub leftovers: bool,
}

impl Plan {
    /// Whether what is told of a job comes in order: a faulty server confuses its messages, a read overtakes them on a
    /// slow network. Where progress stands still nothing tells then which of two stages is the later one.
    pub fn keeps_order(&self) -> bool {
        [Fault::BadFrames, Fault::SlowNetwork]
            .iter()
            .all(|fault| !self.faults.contains(fault))
    }

    pub fn per_job(&self) -> bool {
        self.config.path.contains("{id}")
    }

    pub fn interval(&self) -> Option<u64> {
        Some(self.config.interval).filter(|interval| *interval > 0)
    }

    pub fn draw(dice: &mut Dice, seed: u64) -> Self {
        let per_job = dice.chance(65);
        let polling = dice.chance(80);
        let servers = dice.pick(&[1, 1, 1, 2, 3]);
        let server = |n| format!("://s{n}");
        let interval = dice.pick(&[500, 1000, 2000, 2000, 5000]);
        let base_delay = dice.pick(&[100, 500, 1000, 1000]);
        let backoff = Backoff {
            attempts: dice.pick(&[5, 5, 2, 0, 1_000_000_000]),
            base_delay,
            max_delay: dice
                .pick(&[base_delay, 2000, 10_000, 10_000])
                .max(base_delay),
            jitter: dice.pick(&[0, 500, 1000, 1000]),
            min_uptime: dice.pick(&[0, 1000, 5000, 5000]),
        };
        let heartbeat = dice.pick(&[5000, 10_000, 30_000]);
        let jobs = dice.between(1, 5) as usize;
        let most = if polling {
            dice.pick(&[32, 32, 2, 1, 0])
        } else {
            dice.pick(&[32, 2, 1])
        };
        let config = Config {
            servers: (0..servers).map(server).collect(),
            path: if per_job {
                "/api/v1/jobs/{id}/stream"
            } else {
                "/api/v1/stream"
            }
            .into(),
            interval: if polling { interval } else { 0 },
            token: dice.chance(40),
            reconnects: dice.chance(93),
            backoff,
            heartbeat_interval: if dice.chance(90) { heartbeat } else { 0 },
            heartbeat_timeout: dice.pick(&[1000, 5000, 10_000]),
            max_sockets: most,
            linger: dice.pick(&[0, 500, 1000, 1000, 3000]),
            queue_items: dice.pick(&[3, 1000]),
            queue_bytes: dice.pick(&[200, 1 << 20]),
            queue_age: dice.pick(&[2000, 60_000]),
            rate_limit: dice.chance(40).then_some(RateLimit {
                per_second: 2.0,
                burst: 3.0,
            }),
            history: dice.pick(&[0, 10, 1000]),
            on_invalid: dice.pick(&[OnInvalid::Drop, OnInvalid::Pass, OnInvalid::Quarantine]),
            subscribe: dice
                .chance(20)
                .then(|| ("subscribe".into(), Some("{\"all\":true}".into()))),
            ..Config::default()
        };
        let faults = draw_faults(dice, is_calm(seed), &FAULTS);
        let attempts = dice.pick(&[
            Attempts::Nowhere,
            Attempts::NotInEnds,
            Attempts::Everywhere,
            Attempts::Everywhere,
        ]);
        let refusal = dice.pick(&[
            Refusal::Close(4401),
            Refusal::Close(1008),
            Refusal::Close(4403),
            Refusal::Handshake,
        ]);
        let token_life = dice.pick(&[3000, 15_000, 1_000_000]);
        let proof = config.backoff.min_uptime;
        Self {
            fleeting_tokens: config.token && token_life <= proof,
            config,
            jobs,
            attempts,
            refusal,
            token_life,
            strict_tokens: dice.chance(50),
            heartbeat,
            latency: dice.between(1, 150),
            batch: dice.pick(&[0, 0, 16]),
            faults,
            troubles: dice.between(1, 12),
            heal_at: dice.between(10_000, 70_000),
            actions: dice.between(0, 25),
            leftovers: dice.chance(50),
        }
    }
}
