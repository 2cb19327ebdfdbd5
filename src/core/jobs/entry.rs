//! A job, and what is done for it: who follows it, how it is read, what of it is still to be handed over.

use crate::core::jobs::job::Job;
use crate::core::time::Time;
use crate::core::time::timers::Deadline;

/// Nothing was missed.
pub(crate) const NO_GAP: u64 = u64::MAX;

/// A job and what is done for it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) job: Job,
    /// Handles on it.
    pub(crate) followers: u32,
    /// Until when it is served though nobody follows it any more.
    pub(crate) linger_until: Time,
    /// When it is to be read.
    pub(crate) read_at: Time,
    /// The sooner of the two.
    pub(crate) deadline: Deadline,
    /// It stands in the line for a socket.
    pub(crate) in_line: bool,
    /// It stands in the line for a read.
    pub(crate) read_queued: bool,
    /// The read under way; 0: none.
    pub(crate) reading: u32,
    /// Reads that failed in a row.
    pub(crate) read_failures: u32,
    pub(crate) etag: Option<String>,
    /// News may have been missed: since when (epoch ms), until a read that was sent later has answered; 0 where none
    /// was missed and a read is wanted all the same, else [`NO_GAP`].
    pub(crate) gap: u64,
    /// When a message was refused unread that may have been about it.
    pub(crate) lost_at: Time,
    /// `refresh()` calls that wait for a read.
    pub(crate) refreshers: Vec<u32>,
    /// It stands in the list of changed jobs.
    pub(crate) dirty: bool,
    /// The events by which its end was told, a bit each.
    pub(crate) end_told: u32,
    /// It is followed, and more is to be heard of it.
    pub(super) is_unfinished: bool,
    /// It has ended, and no batch has had it since.
    pub(crate) end_untold: bool,
    /// It is a job: not a place that waits for one.
    pub(crate) is_known: bool,
}

impl Entry {
    /// A job of this id; `None`: a place that waits for one.
    pub(super) fn new(id: Option<&str>) -> Self {
        Self {
            job: Job::new(id.unwrap_or_default().to_owned()),
            followers: 0,
            linger_until: Time::NEVER,
            read_at: Time::NEVER,
            deadline: Deadline::default(),
            in_line: false,
            read_queued: false,
            reading: 0,
            read_failures: 0,
            etag: None,
            gap: NO_GAP,
            lost_at: Time(0),
            refreshers: Vec::new(),
            dirty: false,
            end_told: 0,
            is_unfinished: false,
            end_untold: false,
            is_known: id.is_some(),
        }
    }

    /// News may be missing since `from`, or since an earlier time that is known already.
    pub(crate) fn miss(&mut self, from: u64) {
        if self.gap == NO_GAP || self.gap == 0 {
            self.gap = from;
        }
    }

    /// Whether somebody follows it, or did a moment ago.
    pub(crate) fn wanted(&self) -> bool {
        self.followers > 0 || self.linger_until < Time::NEVER
    }

    /// Whether no read of it is planned, in line or under way.
    pub(crate) fn is_idle(&self) -> bool {
        self.read_at == Time::NEVER && !self.read_queued && self.reading == 0
    }

    /// Whether something is still to be heard of it.
    pub(crate) fn open_ended(&self) -> bool {
        self.wanted() && !self.job.status.is_terminal()
    }
}
