//! "What must always hold" (DESIGN.md), watched from outside: only what goes into the engine and comes out of it, and
//! the server's truth. The first broken line is kept.

mod bounds;
mod finale;
mod jobs;
mod reads;
mod records;
mod sockets;

use crate::page::Page;
use crate::plan::Plan;
use crate::server::Truth;
use jobwire::core::{Ask, Command, Input, Output};
use std::collections::{BTreeMap, BTreeSet};

/// A jump of the wall clock that counts as sleep, ms.
const SLEPT: u64 = 5000;
/// How long after a `retry()` an end found by a read is taken for the old attempt's, and some, ms.
const RETRY_GRACE: u64 = 6000;

struct Socket {
    key: usize,
    auth: Option<u32>,
    opened_at: Option<u64>,
}

/// What is known of a pool key: a job, or (the last) all of them.
#[derive(Clone, Default)]
struct Key {
    failures: u32,
    /// No attempt before this time.
    earliest: Option<u64>,
    /// Since when nobody listens.
    idle_since: Option<u64>,
}

#[derive(Clone, Default)]
struct Job {
    /// A repeated snapshot is due: somebody new looks.
    looked_at: bool,
    /// It may have begun anew, which the page learns with its next frame.
    restarted: bool,
    end_events: usize,
    ended_attempts: BTreeSet<u32>,
    last_end: &'static str,
    /// `retry()` was called though the server may never hear of it.
    guessed: usize,
    /// Numbers of the messages handed in, in order, and how many of them the listeners are past.
    arrived: Vec<u64>,
    heard: usize,
    last_heard: (u32, u64),
    refreshing: usize,
    /// A read sent after the socket opened has succeeded, and nothing happened since that calls for another.
    healed: bool,
    wait_until: Option<u64>,
    /// Until when an ended state read over HTTP may be the old attempt's, which calls for another read.
    doubtful_until: u64,
}

struct Read {
    job: usize,
    sent: u64,
    auth: Option<u32>,
    refreshes: bool,
}

pub struct Check {
    pub broken: Option<String>,
    pub ends_seen: u64,
    sockets: BTreeMap<u64, Socket>,
    keys: Vec<Key>,
    jobs: Vec<Job>,
    reads: BTreeMap<u32, Read>,
    /// The probe under way; 0: none.
    probe: u32,
    refused: BTreeSet<u32>,
    refreshes: BTreeMap<u32, usize>,
    /// When sockets were opened, reads sent and tokens asked for lately; each leaves a reminder behind.
    recent: Vec<u64>,
    dirty: bool,
    last_seq: u64,
    epoch: Option<u64>,
    /// When a listener last left: events that wait for a frame are its own to ignore.
    left_at: u64,
}

/// The request whose token is used; the core says 0 for none.
pub fn token_of(auth: u32) -> Option<u32> {
    (auth > 0).then_some(auth)
}

impl Check {
    pub fn new(jobs: usize) -> Self {
        Self {
            broken: None,
            ends_seen: 0,
            sockets: BTreeMap::new(),
            keys: vec![
                Key {
                    idle_since: Some(0),
                    ..Key::default()
                };
                jobs + 1
            ],
            jobs: vec![Job::default(); jobs + 1],
            reads: BTreeMap::new(),
            probe: 0,
            refused: BTreeSet::new(),
            refreshes: BTreeMap::new(),
            recent: Vec::new(),
            dirty: false,
            last_seq: 0,
            epoch: None,
            left_at: 0,
        }
    }

    pub fn ensure(&mut self, holds: bool, why: impl FnOnce() -> String) {
        if !holds && self.broken.is_none() {
            self.broken = Some(why());
        }
    }

    pub fn live_sockets(&self) -> usize {
        self.sockets.len()
    }

    pub fn any_retry(&self) -> bool {
        self.jobs.iter().any(|job| job.doubtful_until > 0)
    }

    pub fn guessed(&mut self, job: usize) {
        self.jobs[job].guessed += 1;
    }

    /// Before the engine sees an input.
    pub fn before(&mut self, plan: &Plan, truth: &Truth, mono: u64, input: &Input) {
        match input {
            Input::Command(command) => self.command(plan, truth, mono, command),
            Input::Opened { r#gen } => {
                if let Some(socket) = self.sockets.get_mut(&r#gen.id()) {
                    socket.opened_at = Some(mono);
                    self.unheal();
                }
            }
            Input::Closed { r#gen, code, .. } => {
                if let Some(socket) = self.sockets.remove(&r#gen.id()) {
                    self.failed(plan, mono, &socket, *code);
                }
            }
            Input::Http { req, .. } if *req == self.probe => self.probe = 0,
            Input::Http { req, outcome } => self.answered(plan, mono, *req, outcome),
            Input::Clock { wall } => {
                // A machine that slept wakes its connections.
                let epoch = wall.saturating_sub(mono);
                if self
                    .epoch
                    .replace(epoch)
                    .is_some_and(|known| epoch > known + SLEPT)
                {
                    self.forgive_all();
                }
            }
            Input::Take => self.dirty = false,
            _ => {}
        }
    }

    fn command(&mut self, plan: &Plan, truth: &Truth, mono: u64, command: &Command) {
        let shared = plan.jobs;
        let known = truth.jobs.iter().position(|job| job.id == command.text);
        match (command.what, known) {
            (Ask::Follow | Ask::Retry | Ask::Unfollow, Some(job)) => {
                self.jobs[job].healed = false;
                self.jobs[job].wait_until = None;
                if command.what == Ask::Retry {
                    self.jobs[job].restarted = true;
                    self.jobs[job].doubtful_until = mono + RETRY_GRACE;
                }
                if command.what == Ask::Follow {
                    self.jobs[job].looked_at = true;
                }
            }
            (Ask::Refresh, Some(job)) => {
                self.jobs[job].refreshing += 1;
                self.refreshes.insert(command.n as u32, job);
            }
            (Ask::Connect | Ask::Disconnect | Ask::Suspend | Ask::Wake, _) => {
                // Whoever connects wants to be connected, if only for the linger time.
                self.keys[shared].idle_since = None;
                self.forgive_all();
            }
            (Ask::WatchAll, _) => {
                for job in &mut self.jobs {
                    job.looked_at = true;
                }
            }
            (Ask::Listen, _) => self.left_at = mono,
            _ => {}
        }
    }

    fn unheal(&mut self) {
        for job in &mut self.jobs {
            job.healed = false;
            job.wait_until = None;
        }
    }

    /// One thing the engine asks for.
    pub fn output(&mut self, plan: &Plan, page: &Page, truth: &Truth, mono: u64, output: &Output) {
        self.no_token_in(output);
        self.nothing_after_close(page, output);
        match output {
            Output::Open { r#gen, url, auth } => {
                self.opens(plan, truth, mono, *r#gen, url, token_of(*auth))
            }
            Output::Close { r#gen, reason, .. } => {
                let socket = self.sockets.remove(&r#gen.id());
                self.ensure(socket.is_some(), || {
                    format!("a socket is closed twice: {output:?}")
                });
                let Some(socket) = socket else { return };
                match &**reason {
                    "no heartbeat" | "handshake timed out" => {
                        self.failed(plan, mono, &socket, 1006)
                    }
                    "silent on waking" => self.unheal(),
                    _ => self.forgive(socket.key),
                }
            }
            Output::Send { r#gen, .. } => {
                let open = self
                    .sockets
                    .get(&r#gen.id())
                    .is_some_and(|s| s.opened_at.is_some());
                self.ensure(open, || {
                    format!("sent on a socket that is not open: {output:?}")
                });
            }
            Output::Fetch { url, .. } => {
                let job = Self::read_target(truth, url);
                self.ensure(job.is_some(), || format!("a read of something else: {url}"));
                if let Some(job) = job {
                    self.reads(plan, page, mono, output, job);
                }
            }
            Output::SendToken { .. }
            | Output::SendBinary { .. }
            | Output::Poll { .. }
            | Output::Keep { .. }
            | Output::Hand { .. }
            | Output::Forget { .. } => self.ensure(false, || {
                format!("only a Socket.IO client asks for this: {output:?}")
            }),
            Output::Probe { req, .. } => {
                let another = std::mem::replace(&mut self.probe, *req) > 0;
                self.ensure(!another, || "two probes at once".into());
                self.ensure(plan.interval().is_none(), || {
                    "a probe where reads tell as much".into()
                });
                self.recent.push(mono);
            }
            Output::Abort { req } if *req == self.probe => self.probe = 0,
            Output::Abort { req } => {
                let known = self.reads.remove(req).is_some();
                self.ensure(known, || "a read that is not under way is aborted".into());
            }
            Output::NeedToken { .. } => self.recent.push(mono),
            Output::Dirty => {
                let again = std::mem::replace(&mut self.dirty, true);
                self.ensure(!again, || "dirty was said twice before a take".into());
            }
            Output::Batch(_) => {}
        }
    }

    /// "A token never appears in a log entry, an error, an inspection or a recording."
    fn no_token_in(&mut self, output: &Output) {
        let text = match output {
            Output::Open { url, .. } | Output::Fetch { url, .. } | Output::Probe { url, .. } => {
                url.as_str()
            }
            Output::Close { reason, .. } => &**reason,
            Output::Send { text, .. } | Output::Batch(text) => text.as_str(),
            _ => return,
        };
        self.ensure(!text.contains("secret-"), || {
            format!("a token came out: {output:?}")
        });
    }

    /// "Nothing is delivered after `close()`": only refusals of what still asks for an answer.
    fn nothing_after_close(&mut self, page: &Page, output: &Output) {
        if page.closed {
            let refusal = matches!(output, Output::Batch(text) if text.starts_with("[5,"));
            self.ensure(refusal, || format!("delivered after close: {output:?}"));
        }
    }
}
