//! The page's own state: what it wants, what it was told.

use crate::records::Status;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub struct Page {
    pub followers: BTreeMap<String, u32>,
    pub watch_all: bool,
    /// Channels beside the default one that are open.
    pub channels: BTreeSet<String>,
    /// Those that ever were.
    pub opened: BTreeSet<String>,
    /// Namespaces whose events are listened to, and those where that has ended since the page last took what waited.
    pub listens: BTreeSet<String>,
    pub stopped_listening: BTreeSet<String>,
    pub listens_to_all: bool,
    /// How often each `rid` that is no message's was answered.
    pub answers: BTreeMap<u64, u32>,
    rid: u64,
    pub status: Status,
    pub statuses: BTreeMap<String, Status>,
    /// `disconnect()` was not the last word.
    pub connected: bool,
    pub closed: bool,
}

impl Page {
    pub fn new() -> Self {
        Self {
            connected: true,
            status: Status {
                state: "idle",
                ..Status::default()
            },
            ..Self::default()
        }
    }

    /// A number for a message.
    pub fn next(&mut self) -> u64 {
        self.rid += 1;
        self.rid
    }

    /// A number for anything else.
    pub fn rid(&mut self) -> u64 {
        let rid = self.next();
        self.answers.insert(rid, 0);
        rid
    }

    pub fn follows(&self, job: &str) -> bool {
        self.followers.get(job).is_some_and(|count| *count > 0)
    }
}
