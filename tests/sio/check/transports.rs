//! Transports: what is under way at once, what a POST holds, how a session goes over to WebSocket, that pings are
//! answered, that silence ends a connection, that attempts keep their distance.

use super::{Attempts, Blame, Broken};
use crate::plan::Plan;
use crate::server::MOST_PACKETS;
use crate::wire::{Part, Said, parts, said};
use jobwire::core::Gen;
use jobwire::core::engineio::{Packet, Payload, base64_length, decode};
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
    posts: bool,
    /// The client has left the session: nothing is expected of it any more.
    leaves: bool,
}

#[derive(Debug, Default)]
pub struct Transports {
    sockets: BTreeMap<u64, Socket>,
    requests: BTreeMap<u32, Request>,
    upgraded: BTreeSet<String>,
    /// The last session that was left while a POST was under way, and which one that was: the server is told when the
    /// POST has ended.
    left: Option<String>,
    left_session: u64,
    /// It has ended, and the client has had no other session since: it takes leave of one only.
    owes_good_bye: bool,
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

    fn address(url: &str, transport: &str, broken: &mut Broken) {
        let scheme = if transport == "polling" {
            "http://s"
        } else {
            "ws://s"
        };
        let right = url.starts_with(scheme)
            && url.contains("/socket.io/?")
            && parameter(url, "EIO") == Some("4")
            && parameter(url, "transport") == Some(transport);
        broken.ensure("addresses are right", right, || url.to_owned());
    }

    // ---- what the engine asks for ----

    pub fn opens(&mut self, plan: &Plan, r#gen: Gen, url: &str, now: u64, broken: &mut Broken) {
        Self::address(url, "websocket", broken);
        let probes = sid_of(url);
        let count = |probe: bool| {
            self.sockets
                .values()
                .filter(|socket| socket.is_probe() == probe)
                .count()
        };
        let others = count(probes.is_some());
        broken.ensure("one WebSocket, beside a probe", others == 0, || {
            format!("{url} beside {:?}", self.sockets)
        });
        if probes.is_none() {
            self.leaves_behind();
            self.attempts.begins(plan, now, broken);
        }
        let socket = Socket {
            probes,
            begun: now,
            answered: false,
            upgraded: false,
        };
        self.sockets.insert(r#gen.id(), socket);
    }

    pub fn closes(&mut self, plan: &Plan, r#gen: Gen, reason: &str, now: u64, broken: &mut Broken) {
        let socket = self.sockets.remove(&r#gen.id());
        broken.ensure("a socket is closed once", socket.is_some(), || {
            format!("{gen:?}")
        });
        if socket.is_some_and(|socket| !socket.is_probe()) {
            self.session_ends();
            match reason {
                // What the server said or did has been counted.
                "lost" => {}
                "handshake timed out"
                | "no handshake"
                | "no heartbeat"
                | "a namespace does not answer" => {
                    let calm = plan.is_calm() && !plan.never_sockets;
                    broken.ensure("without trouble nothing is given up", !calm, || {
                        reason.into()
                    });
                    self.attempts.fails(plan, now, Blame::Network);
                }
                _ => self.attempts.let_go(),
            }
        }
    }

    pub fn sends(
        &mut self,
        r#gen: Gen,
        text: Option<&str>,
        now: u64,
        broken: &mut Broken,
    ) -> Option<Said> {
        let Some(socket) = self.sockets.get_mut(&r#gen.id()) else {
            broken.ensure("nothing goes to a socket that is not there", false, || {
                format!("{text:?}")
            });
            return None;
        };
        let said = text.map(said);
        if let Some(Said::Wrong(why)) = &said {
            broken.ensure("what is sent is right", false, || why.clone());
        }
        if !socket.is_probe() {
            if said == Some(Said::Pong) {
                self.owes_pong = None;
            }
            let fits = !matches!(said, Some(Said::Probe | Said::Upgrade));
            broken.ensure("only a probe probes", fits, || format!("{text:?}"));
            return said;
        }
        let right = match &said {
            Some(Said::Probe) => !socket.answered,
            Some(Said::Upgrade) => socket.answered,
            _ => false,
        };
        broken.ensure("a probe says what a probe says", right, || {
            format!("{text:?} on {socket:?}")
        });
        if said == Some(Said::Upgrade) {
            socket.upgraded = true;
            let sid = socket.probes.clone();
            let waiting = self.requests.values().any(|request| request.sid == sid);
            broken.ensure("an upgrade waits for what is under way", !waiting, || {
                format!("{:?}", self.requests)
            });
            self.upgraded.extend(sid);
            self.upgrades += 1;
            self.heard = self.heard.max(Some(now));
        }
        said
    }

    /// A request of Engine.IO; what its packets say.
    pub fn polls(
        &mut self,
        plan: &Plan,
        req: u32,
        url: &str,
        body: Option<(&str, &[u64])>,
        now: u64,
        broken: &mut Broken,
    ) -> Vec<Option<Said>> {
        Self::address(url, "polling", broken);
        let sid = sid_of(url);
        if sid.is_none() {
            broken.ensure("a session begins with a GET", body.is_none(), || {
                url.to_owned()
            });
            self.leaves_behind();
            self.attempts.begins(plan, now, broken);
        }
        let old = sid.as_ref().is_some_and(|sid| self.upgraded.contains(sid));
        broken.ensure("nothing goes to a transport that was left", !old, || {
            url.to_owned()
        });
        let probed = self
            .sockets
            .values()
            .any(|socket| socket.answered && socket.is_probe() && socket.probes == sid);
        let (parts, sizes) = match body {
            Some((body, sizes)) => (parts(body), sizes),
            None => (Vec::new(), &[][..]),
        };
        let words: Vec<Option<Said>> = parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => Some(said(text)),
                Part::Attachment => None,
            })
            .collect();
        let leaves = words.last() == Some(&Some(Said::Close));
        let is_left = sid.is_some() && sid == self.left;
        if is_left {
            broken.ensure(
                "whoever has left says good-bye, and nothing more",
                body.is_some() && words == [Some(Said::Close)],
                || format!("{url} {body:?}"),
            );
            self.owes_good_bye = false;
            self.left = None;
        } else if leaves {
            self.session_ends();
            self.attempts.let_go();
            for request in self
                .requests
                .values_mut()
                .filter(|request| request.sid == sid)
            {
                request.leaves = true;
            }
        }
        broken.ensure(
            "once probed nothing is sent the old way",
            !probed || leaves,
            || format!("{url} {body:?}"),
        );
        let posts = body.is_some();
        let overlaps = self
            .requests
            .values()
            .any(|other| other.sid == sid && other.posts == posts);
        broken.ensure("one GET and one POST at a time", !overlaps, || {
            format!("{url} {body:?}: {:?}", self.requests)
        });
        for word in words.iter().flatten() {
            if let Said::Wrong(why) = word {
                broken.ensure("what is sent is right", false, || why.clone());
            }
            if *word == Said::Pong {
                self.owes_pong = None;
            }
        }
        if let Some((text, _)) = body {
            self.posts += 1;
            let count = parts.len();
            broken.ensure("at most 16 packets a POST", count <= MOST_PACKETS, || {
                format!("{count} packets")
            });
            let filled: u64 = sizes.iter().map(|size| base64_length(*size)).sum();
            let length = text.len() as u64 - sizes.len() as u64 + filled;
            let first = parts
                .iter()
                .skip(1)
                .take_while(|part| **part == Part::Attachment)
                .count()
                + 1;
            broken.ensure(
                "a POST is not larger than the server takes",
                length <= plan.habits.max_payload || count <= first,
                || format!("{length} bytes, {count} packets: {text:?}"),
            );
        }
        let request = Request {
            sid,
            posts,
            leaves: leaves || is_left,
        };
        self.requests.insert(req, request);
        words
    }

    /// The client leaves the session it has. When a POST is under way it says so later.
    pub fn leaves_behind(&mut self) {
        let mut requests = self.requests.values();
        let Some(post) = requests.find(|request| request.posts && !request.leaves) else {
            return;
        };
        self.left = post.sid.clone();
        self.left_session = self.session;
        self.session_ends();
        self.attempts.let_go();
        for request in self.requests.values_mut() {
            request.leaves |= request.sid == self.left;
        }
    }

    pub fn aborts(&mut self, req: u32) {
        if self
            .requests
            .remove(&req)
            .is_some_and(|request| !request.posts)
        {
            self.session_ends();
            self.attempts.let_go();
        }
    }

    // ---- what the engine is told ----

    /// A text frame; whether it is of a session that there still is.
    pub fn frame(&mut self, plan: &Plan, r#gen: Gen, text: &str, now: u64) -> bool {
        let Some(socket) = self.sockets.get_mut(&r#gen.id()) else {
            return false;
        };
        if socket.is_probe() {
            socket.answered |= text == "3probe";
            return false;
        }
        if let Ok(packet) = decode(text) {
            self.packet(plan, &packet, now);
        }
        true
    }

    pub fn binary(&mut self, plan: &Plan, r#gen: Gen, now: u64) {
        if self
            .sockets
            .get(&r#gen.id())
            .is_some_and(|socket| !socket.is_probe() && self.heard.is_some())
        {
            self.hears(plan, now);
        }
    }

    /// A sign of life: not when the server has given the client up by now.
    fn hears(&mut self, plan: &Plan, now: u64) {
        let limit = plan.habits.ping_interval + plan.habits.ping_timeout;
        if self.heard.is_none_or(|at| now < at + limit) {
            self.heard = Some(now);
        }
    }

    fn packet(&mut self, plan: &Plan, packet: &Packet<'_>, now: u64) {
        self.hears(plan, now);
        match packet {
            Packet::Open(_) => {
                self.session += u64::from(self.attempts.opened(now));
            }
            Packet::Ping { probe: false } => self.owes_pong = Some(now),
            Packet::Close => self.fails(plan, now, Blame::Network),
            _ => {}
        }
    }

    pub fn socket_closed(&mut self, plan: &Plan, r#gen: Gen, now: u64) {
        if self
            .sockets
            .remove(&r#gen.id())
            .is_some_and(|socket| !socket.is_probe())
        {
            self.fails(plan, now, Blame::Network);
        }
    }

    /// A request was answered; whether with packets of a session that there still is.
    pub fn answered(&mut self, plan: &Plan, req: u32, status: u16, body: &str, now: u64) -> bool {
        let Some(request) = self.requests.remove(&req) else {
            return false;
        };
        if request.leaves {
            let is_left = request.sid.is_some() && request.sid == self.left;
            self.owes_good_bye |= request.posts && is_left && self.left_session == self.session;
            return false;
        }
        if status != 200 || request.posts && body.starts_with('<') {
            let blame = match status {
                401 | 403 => Blame::Token,
                429 | 503 => Blame::Busy,
                _ => Blame::Network,
            };
            self.fails(plan, now, blame);
            return false;
        }
        if request.posts {
            return false;
        }
        self.hears(plan, now);
        for packet in Payload::new(body) {
            match packet {
                Ok(packet) => self.packet(plan, &packet, now),
                Err(_) => self.fails(plan, now, Blame::Network),
            }
        }
        true
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

    fn session_ends(&mut self) {
        self.heard = None;
        self.owes_pong = None;
    }

    fn fails(&mut self, plan: &Plan, now: u64, blame: Blame) {
        self.session_ends();
        self.attempts.fails(plan, now, blame);
    }

    /// Somebody did something after which waiting is over.
    pub fn forgive(&mut self) {
        self.attempts.forgive();
    }

    // ---- after everything the engine had to say ----

    pub fn settled(&mut self, plan: &Plan, now: u64, broken: &mut Broken) {
        self.attempts.settled(plan, now);
        broken.ensure("whoever leaves says good-bye", !self.owes_good_bye, || {
            format!("to {:?}: {:?}", self.left, self.requests)
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
