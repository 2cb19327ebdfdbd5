//! Room in the table of jobs: how many there may be, and how many bytes their ids and texts may have. Beyond that jobs
//! that nobody follows are forgotten. A job that is followed never is, nor an end of which the page has not been told.

use crate::core::engine::Engine;
use crate::core::engine::inspect::Count;
use crate::core::io::error::{Log, Problem};

/// Jobs known at once.
const MAX_JOBS: usize = 10_000;

/// Bytes of ids and texts of all of them.
const MAX_BYTES: usize = 16 << 20;

impl Engine {
    /// The entry of a job, made when it is new; `None` when the table is full of followed jobs.
    pub(super) fn entry_of(&mut self, id: &str) -> Option<u32> {
        if let Some(index) = self.place_of(id) {
            return Some(index);
        }
        let Some(index) = self.free_place() else {
            self.count(Count::RefusedJobs);
            self.log(Log::TooManyJobs, id, None);
            return None;
        };
        self.jobs.give(index, Some(id));
        self.index.insert(id, index);
        self.look_at_spare(index);
        self.make_room(index);
        Some(index)
    }

    fn free_place(&mut self) -> Option<u32> {
        if self.jobs.len() >= MAX_JOBS {
            self.forget_a_job(None);
        }
        self.jobs.free_place(MAX_JOBS)
    }

    /// Puts a job among those that may be forgotten, behind all that changed before it, or takes it out.
    pub(super) fn look_at_spare(&mut self, index: u32) {
        let Some(entry) = self.jobs.get(index) else {
            return;
        };
        if !entry.is_known || entry.wanted() || !entry.refreshers.is_empty() {
            self.spare.remove(index);
        } else {
            self.spare.put(index, entry.job.status.is_terminal());
        }
    }

    /// A job changed, which had so many bytes before.
    pub(super) fn job_changed(&mut self, index: u32, before: usize) {
        self.jobs.count_again(index, before);
        self.make_room(index);
    }

    /// Forgets jobs until there are no more bytes than there may be; the texts of the one that came last are let go when
    /// that is not enough.
    fn make_room(&mut self, index: u32) {
        while self.jobs.bytes > MAX_BYTES {
            if self.forget_a_job(Some(index)) {
                continue;
            }
            let Some(entry) = self.jobs.get_mut(index) else {
                return;
            };
            let before = entry.job.bytes();
            entry.job.drop_texts();
            return self.jobs.count_again(index, before);
        }
    }

    /// Forgets the job that is missed least, but for one; whether there was any.
    fn forget_a_job(&mut self, but: Option<u32>) -> bool {
        let mut found = self.least_missed(but);
        if found.is_none() {
            // What is left are ends of which the page has not been told.
            self.tell();
            while self.next_batch() {}
            found = self.least_missed(but);
        }
        let Some(index) = found else {
            return false;
        };
        self.drop_reads_of(index);
        self.forget_link(index);
        if self.per_job() {
            self.drop_line(index, Problem::NoAddressee);
        }
        self.waiting.remove(index);
        self.spare.remove(index);
        if let Some(entry) = self.jobs.get(index) {
            self.index.remove(&entry.job.id, index);
        }
        self.jobs.give(index, None);
        true
    }

    fn least_missed(&self, but: Option<u32>) -> Option<u32> {
        // One that the page has not been told of is not forgotten; it may stand before others that could be.
        let is_told = |index: &u32| {
            let entry = self.jobs.get(*index);
            !self.watch_all || entry.is_some_and(|entry| !entry.end_untold)
        };
        let ended = self.spare.ended().filter(is_told);
        let found = [ended, self.spare.open()];
        found
            .into_iter()
            .flatten()
            .find(|found| Some(*found) != but)
    }
}
