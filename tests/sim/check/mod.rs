//! "What must always hold" (DESIGN.md), watched from outside: only what goes into the engine and comes out of it, and
//! the server's truth. The first broken line is kept.

mod bounds;
mod finale;
mod inputs;
mod jobs;
mod losses;
mod messages;
mod outputs;
mod reads;
mod records;
mod signs;
mod sockets;

use crate::page::Page;
use crate::plan::Plan;
use messages::Messages;
use std::collections::{BTreeMap, BTreeSet};

struct Socket {
    key: usize,
    auth: Option<u32>,
    begun: u64,
    opened_at: Option<u64>,
    /// When something last came.
    heard: u64,
    /// A subscription has to be said.
    subscribes: bool,
    /// Heartbeats that are not answered yet.
    pongs: usize,
}

/// What is known of a pool key: a job, or (the last) all of them.
#[derive(Clone, Default)]
struct Key {
    failures: u32,
    /// The same, but waking and connecting do not end the count.
    in_a_row: u32,
    /// It had a socket, which the client did not let go.
    lost: bool,
    /// No attempt before this time.
    earliest: Option<u64>,
    /// Until when a job's socket is kept though nobody follows the job any more.
    lingers_until: u64,
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
    /// A read has succeeded since an open socket was gone, and none has failed.
    confirmed: bool,
    /// A socket was lost since the page was last told that news may be missing.
    owes_gap: bool,
    /// A read sent after the socket opened has succeeded, and nothing happened since that calls for another.
    healed: bool,
    wait_until: Option<u64>,
    /// Until when an ended state read over HTTP may be the old attempt's, which calls for another read.
    doubtful_until: u64,
    /// When a frame that may have been about it was refused unread.
    missed_at: u64,
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
    messages: Messages,
    /// How often a connection came back, and how often that was told.
    reconnects: u64,
    reconnects_told: u64,
    /// Since when the page runs without a break.
    awake: u64,
    dirty: bool,
    last_seq: u64,
    epoch: Option<u64>,
    /// When a listener last left: events that wait for a frame are its own to ignore.
    left_at: u64,
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
            messages: Messages::new(),
            reconnects: 0,
            reconnects_told: 0,
            awake: 0,
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

    /// After everything the engine had to say to an input.
    pub fn after(&mut self, plan: &Plan, page: &Page, mono: u64) {
        self.sockets_settled(plan, page, mono);
        self.messages_settled(plan, mono);
        self.signs_settled(plan, mono);
        self.losses_settled(plan, page);
    }
}
