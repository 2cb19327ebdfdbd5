//! Room in the table of jobs: how many there may be, and how many bytes their ids and texts may have. Beyond that jobs
//! that nobody follows are forgotten. A job that is followed never is, nor an end of which the page has not been told.

use crate::core::engine::Engine;
use crate::core::engine::inspect::Count;
use crate::core::io::error::{Log, Problem};

impl Engine {
    /// The entry of a job, made when it is new; `None` when the table is full of followed jobs.
    pub(super) fn entry_of(&mut self, id: &str) -> Option<u32> {
        if let Some(index) = self.jobs.place_of(id) {
            return Some(index);
        }
        if self.jobs.is_full() {
            self.forget_a_job(None);
        }
        let added = self.jobs.add(id);
        match added {
            Some(index) => self.make_room(index),
            None => {
                self.count(Count::RefusedJobs);
                self.log(Log::TooManyJobs, id, None);
            }
        }
        added
    }

    /// Forgets jobs until there are no more bytes than there may be; the texts of the one that came last are let go when
    /// that is not enough.
    pub(super) fn make_room(&mut self, index: u32) {
        while self.jobs.is_too_large() {
            if !self.forget_a_job(Some(index)) {
                return self.jobs.drop_texts(index);
            }
        }
    }

    /// Forgets the job that is missed least, but for one; whether there was any.
    fn forget_a_job(&mut self, but: Option<u32>) -> bool {
        let mut found = self.jobs.least_missed(but, self.watch_all);
        if found.is_none() {
            // What is left are ends that have not been handed over.
            self.tell();
            while self.next_batch() {}
            found = self.jobs.least_missed(but, self.watch_all);
        }
        let Some(index) = found else {
            return false;
        };
        self.drop_reads_of(index);
        self.forget_link(index);
        if self.per_job() {
            self.drop_line(index, Problem::NoAddressee);
        }
        self.pool.waiting.remove(index);
        self.jobs.remove(index);
        true
    }
}
