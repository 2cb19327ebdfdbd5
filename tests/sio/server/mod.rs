//! A server of Engine.IO 4 and Socket.IO 5 in virtual time, with the habits of Node's socket.io or of python-socketio.
//! Requests and frames in, answers and frames out; it knows nothing of the client and nothing of the network.

mod app;
mod engineio;
mod http;
mod jobs;
mod socketio;
mod websocket;

pub use app::{Emission, Life, Style, bytes_of};
pub use http::{MOST_PACKETS, Request};
pub use jobs::Job;

use crate::simulator::{Dice, Tokens};
use jobwire::core::protocol::socketio::Inbox;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    Node,
    Python,
}

/// Whom a namespace lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    Open,
    /// Whoever has a valid token.
    Token,
    /// Nobody.
    Closed,
}

/// What kind of server it is.
#[derive(Clone, Debug)]
pub struct Habits {
    pub flavour: Flavour,
    pub ping_interval: u64,
    pub ping_timeout: u64,
    pub max_payload: u64,
    /// It takes WebSockets, and says so.
    pub sockets: bool,
    /// It takes HTTP long-polling.
    pub polling: bool,
    /// For how long a lost session can be recovered, ms; Node only.
    pub recovery: Option<u64>,
    /// CONNECT is granted before the application is asked; Python only.
    pub always_connect: bool,
    /// The application takes up to so long to let somebody in, ms.
    pub slow_door: u64,
    pub doors: BTreeMap<&'static str, Door>,
    /// The namespace that tells of jobs.
    pub jobs_namespace: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    Text(String),
    Binary(Vec<u8>),
}

/// What the server does.
#[derive(Debug)]
pub enum Effect {
    Answer { req: u32, status: u16, body: String },
    Frame { wire: usize, frame: Frame },
    Hangup { wire: usize },
    Alarm { at: u64, alarm: Alarm },
}

/// What it wakes up for.
#[derive(Clone, Debug)]
pub enum Alarm {
    Ping {
        sid: String,
        mark: u64,
    },
    Silent {
        sid: String,
        mark: u64,
    },
    /// Node frees the GET of a session that is being upgraded.
    Noop {
        wire: usize,
    },
    ProbeOver {
        wire: usize,
    },
    Admit {
        sid: String,
        namespace: String,
        auth: String,
    },
    Acknowledge {
        sid: String,
        namespace: String,
        id: u64,
        n: u64,
        bytes: bool,
    },
}

/// What the application came to know.
#[derive(Debug)]
pub enum Told {
    Arrived {
        n: u64,
        sid: String,
        attachments: Vec<Vec<u8>>,
    },
    Replied {
        k: u64,
        n: u64,
    },
    Joined {
        recovered: bool,
    },
    /// The server ended a session that the client had not ended.
    Ended(&'static str),
    /// The client did what the protocol does not allow.
    Wrong(String),
}

pub struct Session {
    host: usize,
    /// The token that its address had.
    token: Option<u32>,
    /// The WebSocket it goes over; `None`: HTTP polling.
    wire: Option<usize>,
    out: Vec<Frame>,
    get: Option<u32>,
    probe: Option<usize>,
    /// `3probe` was sent.
    probed: bool,
    mark: u64,
    inbox: Inbox<Vec<u8>>,
    sockets: BTreeMap<String, usize>,
    admitting: BTreeSet<String>,
}

/// A WebSocket as the server sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wire {
    Probe(String),
    Transport(String),
}

pub struct Server {
    pub habits: Habits,
    pub now: u64,
    pub dice: Dice,
    sessions: BTreeMap<String, Session>,
    wires: BTreeMap<usize, Wire>,
    count: u64,
    last_mark: String,
    same_marks: u64,
    /// When the tokens of its page run out.
    pub tokens: Tokens,
    pub lives: Vec<Life>,
    pub emissions: Vec<Emission>,
    pub jobs: Vec<Job>,
    pub effects: Vec<Effect>,
    pub told: Vec<Told>,
}

impl Server {
    pub fn new(habits: Habits, jobs: usize, tokens: Tokens, mut dice: Dice) -> Self {
        let jobs = (0..jobs).map(|n| Job::new(n, &mut dice)).collect();
        Self {
            habits,
            now: 0,
            dice,
            sessions: BTreeMap::new(),
            wires: BTreeMap::new(),
            count: 0,
            last_mark: String::new(),
            same_marks: 0,
            tokens,
            lives: Vec::new(),
            emissions: Vec::new(),
            jobs,
            effects: Vec::new(),
            told: Vec::new(),
        }
    }

    fn is_node(&self) -> bool {
        self.habits.flavour == Flavour::Node
    }

    fn later(&mut self, ms: u64, alarm: Alarm) {
        let at = self.now + ms;
        self.effects.push(Effect::Alarm { at, alarm });
    }

    fn answer(&mut self, req: u32, status: u16, body: impl Into<String>) {
        let body = body.into();
        self.effects.push(Effect::Answer { req, status, body });
    }

    fn wrong(&mut self, what: impl Into<String>) {
        self.told.push(Told::Wrong(what.into()));
    }

    fn id(&mut self, kind: &str) -> String {
        self.count += 1;
        format!("{kind}{}_-A", self.count)
    }

    pub fn token_is_good(&self, token: Option<u32>) -> bool {
        self.tokens.is_good(token, self.now)
    }

    /// The sessions that there are now, with whom they are joined to.
    pub fn live_sessions(&self) -> Vec<String> {
        let shown = |(sid, session): (&String, &Session)| format!("{sid} {:?}", session.sockets);
        self.sessions.iter().map(shown).collect()
    }

    /// The lives of a namespace that have a session now.
    pub fn living(&self, namespace: &str) -> Vec<usize> {
        (0..self.lives.len())
            .filter(|life| self.lives[*life].is_on() && self.lives[*life].namespace == namespace)
            .collect()
    }

    pub fn alarm(&mut self, alarm: Alarm) {
        match alarm {
            Alarm::Ping { sid, mark } => self.ping(&sid, mark),
            Alarm::Silent { sid, mark } => self.silent(&sid, mark),
            Alarm::Noop { wire } => self.free_the_get(wire),
            Alarm::ProbeOver { wire } => self.probe_over(wire),
            Alarm::Admit {
                sid,
                namespace,
                auth,
            } => self.admit(&sid, &namespace, &auth),
            Alarm::Acknowledge {
                sid,
                namespace,
                id,
                n,
                bytes,
            } => self.acknowledge(&sid, &namespace, id, n, bytes),
        }
    }
}
