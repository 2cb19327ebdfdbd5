//! Transports: what is under way at once, what a POST holds, how a session goes over to WebSocket, that pings are
//! answered, that silence ends a connection, that attempts keep their distance.

mod asked;
mod told;

use super::{Attempts, Blame, Broken};
use crate::plan::Plan;
use std::collections::{BTreeMap, BTreeSet};

/// How much later than its limit something may be given up, ms: a late timer, what was queued behind it, and the grace
/// for that.
const LATE: u64 = 2000;

#[derive(Debug)]
struct Socket {
    /// The session whose transport it may become; `None`: one of its own.
    probes: Option<String>,
    begun: u64,
    /// `3probe` came.
    answered: bool,
    upgraded: bool,
}

impl Socket {
    fn is_probe(&self) -> bool {
        self.probes.is_some() && !self.upgraded
    }
}

#[derive(Debug)]
struct Request {
    sid: Option<String>,
    begun: u64,
    posts: bool,
    /// The client has left the session: nothing is expected of it any more.
    leaves: bool,
}

#[derive(Debug, Default)]
pub struct Transports {
    sockets: BTreeMap<u64, Socket>,
    requests: BTreeMap<u32, Request>,
    upgraded: BTreeSet<String>,
    /// Sessions that were left while a POST was under way: the server is told when the POST has ended.
    left: BTreeSet<String>,
    /// Sessions that were left and that the server is to be told of now.
    owes_good_bye: BTreeSet<String>,
    /// A ping has not been answered: since when.
    owes_pong: Option<u64>,
    /// When the present session was last heard of; `None`: there is none.
    heard: Option<u64>,
    /// Counts sessions.
    pub session: u64,
    attempts: Attempts,
    /// Since when the page runs without a break.
    awake: u64,
    pub upgrades: u64,
    pub posts: u64,
}

/// The value of a parameter of an address.
fn parameter<'a>(url: &'a str, name: &str) -> Option<&'a str> {
    let query = url.split_once('?')?.1;
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

pub fn sid_of(url: &str) -> Option<String> {
    parameter(url, "sid").map(str::to_owned)
}

impl Transports {
    /// Whether anything is open or being opened.
    pub fn live(&self) -> usize {
        self.sockets.len()
            + self
                .requests
                .values()
                .filter(|request| !request.leaves)
                .count()
    }

    /// Whether a message could leave right now.
    pub fn is_free(&self, plan: &Plan, now: u64) -> bool {
        let heard = self
            .heard
            .is_some_and(|at| now <= at + plan.habits.ping_interval);
        heard && !self.is_posting() && !self.goes_over()
    }

    fn is_posting(&self) -> bool {
        let mut requests = self.requests.values();
        requests.any(|request| request.posts && !request.leaves)
    }

    /// A probe was answered, and the session is about to go over.
    fn goes_over(&self) -> bool {
        let mut sockets = self.sockets.values();
        sockets.any(|socket| socket.is_probe() && socket.answered)
    }

    /// The page runs again.
    pub fn woke(&mut self, now: u64) {
        self.awake = now;
    }

    pub(super) fn session_ends(&mut self) {
        self.heard = None;
        self.owes_pong = None;
    }

    pub(super) fn fails(&mut self, plan: &Plan, now: u64, blame: Blame) {
        self.session_ends();
        self.attempts.fails(plan, now, blame);
    }

    /// Somebody did something after which waiting is over.
    pub fn forgive(&mut self) {
        self.attempts.forgive();
    }

    /// After everything the engine had to say.
    pub fn settled(&mut self, plan: &Plan, now: u64, broken: &mut Broken) {
        self.attempts.settled(plan, now);
        // One that takes too long is left, and closed when its answer comes.
        let limit = plan.config.heartbeat_timeout.max(1000);
        let mut handshakes = self.requests.values();
        if handshakes
            .any(|request| request.sid.is_none() && !request.leaves && request.begun + limit <= now)
        {
            self.leaves_behind();
        }
        let polite = self.owes_good_bye.is_empty();
        broken.ensure("whoever leaves says good-bye", polite, || {
            format!("to {:?}: {:?}", self.owes_good_bye, self.requests)
        });
        let (posting, going_over) = (self.is_posting(), self.goes_over());
        let alive = self.heard.is_some();
        if !alive {
            self.owes_pong = None;
        }
        let owes = self.owes_pong.is_some() && !posting && !going_over;
        broken.ensure("a ping is answered at once", !owes, || {
            format!(
                "since {:?}: {:?} {:?}",
                self.owes_pong, self.sockets, self.requests
            )
        });
        let limit = plan.habits.ping_interval + plan.habits.ping_timeout + LATE;
        let silent = self.heard.is_some_and(|at| at + limit < now) && self.awake + LATE < now;
        broken.ensure("a silent connection is replaced", !silent, || {
            format!("heard of at {:?}, now {now}", self.heard)
        });
        let limit = plan.config.heartbeat_timeout.max(1000) + LATE;
        let stalled = self
            .sockets
            .values()
            .find(|socket| socket.is_probe() && socket.begun + limit < now);
        let stalled = stalled.filter(|_| self.awake + LATE < now);
        broken.ensure("a probe that stalls is given up", stalled.is_none(), || {
            format!("{stalled:?} at {now}")
        });
    }
}
