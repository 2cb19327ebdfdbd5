//! The table of jobs: each by its place and by its id, which of them changed, and which may be forgotten.
//!
//! A place is given to another job when its own is forgotten, never given up. The table says which job is missed least; who
//! owns it has others let go of that job first, and then removes it.

use crate::core::collections::index::Index;
use crate::core::jobs::entry::{Entry, NO_GAP};
use crate::core::jobs::fields::Fields;
use crate::core::jobs::job::Job;
use crate::core::jobs::spare::Spare;
use crate::core::jobs::status::Applied;
use crate::core::time::{Now, Time};

/// Jobs known at once.
const MAX_JOBS: usize = 10_000;

/// Bytes of ids and texts of all of them.
const MAX_BYTES: usize = 16 << 20;

/// See the module's documentation.
#[derive(Debug, Default)]
pub(crate) struct JobTable {
    list: Vec<Entry>,
    /// Places without a job.
    free: Vec<u32>,
    index: Index,
    spare: Spare,
    /// Bytes of ids and texts.
    bytes: usize,
    /// Jobs that were forgotten, and texts that were cut or left out: for a bound, so far.
    pub(crate) forgotten: u64,
    pub(crate) cut_texts: u64,
    /// Jobs that are followed and have not ended.
    unfinished: u32,
    /// Jobs that changed since these were last taken, in the order of their first change.
    pub(crate) changed: Vec<u32>,
    /// Those of them that have ended.
    pub(crate) ended: Vec<u32>,
}

impl JobTable {
    #[inline]
    pub(crate) fn get(&self, index: u32) -> Option<&Entry> {
        self.list.get(index as usize)
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, index: u32) -> Option<&mut Entry> {
        self.list.get_mut(index as usize)
    }

    /// How many jobs there are.
    pub(crate) fn len(&self) -> usize {
        self.list.len() - self.free.len()
    }

    /// Every place, those without a job included.
    pub(crate) fn indexes(&self) -> std::ops::Range<u32> {
        0..self.list.len() as u32
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Entry> {
        self.list.iter()
    }

    /// Where a known job is.
    #[inline]
    pub(crate) fn place_of(&self, id: &str) -> Option<u32> {
        self.index.get(id, |place| {
            self.get(place).map(|entry| entry.job.id.as_str())
        })
    }

    /// Whether somebody follows a job that has not ended.
    pub(crate) fn has_unfinished(&self) -> bool {
        self.unfinished > 0
    }

    // ---- what changes ----

    /// Applies what a message or a read says of a job. `asked`: when the read was sent; [`Time::NEVER`] for a message.
    #[inline]
    pub(crate) fn apply(
        &mut self,
        index: u32,
        news: &Fields<'_>,
        asked: Time,
        now: Now,
    ) -> Applied {
        let Some(entry) = self.get_mut(index) else {
            return Applied::Late;
        };
        let before = entry.job.bytes();
        let applied = entry.job.apply(news, asked, now.monotonic, now.wall);
        if applied == Applied::Ended {
            entry.gap = NO_GAP;
            entry.end_told = 0;
            entry.end_untold = true;
            self.ended.push(index);
        }
        self.count_unfinished(index);
        self.count_bytes(index, before);
        if matches!(applied, Applied::Changed | Applied::Ended) {
            self.mark_changed(index);
            self.look_at_spare(index);
        }
        applied
    }

    /// Begins another attempt of a job that has ended; whether it had.
    pub(crate) fn retry(&mut self, index: u32, now: Now) -> bool {
        let Some(entry) = self.get_mut(index) else {
            return false;
        };
        let before = entry.job.bytes();
        if !entry.job.retry(now.monotonic, now.wall) {
            return false;
        }
        entry.etag = None;
        self.count_bytes(index, before);
        self.count_unfinished(index);
        self.look_at_spare(index);
        self.mark_changed(index);
        true
    }

    /// No news of a job can be trusted to arrive.
    pub(crate) fn doubt(&mut self, index: u32) {
        if let Some(entry) = self.get_mut(index)
            && entry.job.doubt()
        {
            self.mark_changed(index);
        }
    }

    /// Whether an event about a job, which changed this of it, is for the listeners of its name. Servers report an end by
    /// several events; each of them reaches its listeners once.
    pub(crate) fn is_news(&mut self, index: u32, event: &str, applied: Applied) -> bool {
        let Some(entry) = self.get_mut(index) else {
            return false;
        };
        if matches!(applied, Applied::Late | Applied::AfterEnd) {
            return false;
        }
        if !entry.job.status.is_terminal() {
            return true;
        }
        // Those that report the same end differ in length.
        let bit = 1u32.wrapping_shl(event.len() as u32);
        let before = entry.end_told;
        entry.end_told |= bit;
        before & bit == 0
    }

    /// A job's followers or its status changed.
    pub(crate) fn count_unfinished(&mut self, index: u32) {
        if let Some(entry) = self.list.get_mut(index as usize) {
            let is_unfinished = entry.followers > 0 && entry.open_ended();
            let was = std::mem::replace(&mut entry.is_unfinished, is_unfinished);
            self.unfinished = self.unfinished + u32::from(is_unfinished) - u32::from(was);
        }
    }

    // ---- what is handed over ----

    /// Puts a job on the list of those that changed.
    #[inline]
    pub(crate) fn mark_changed(&mut self, index: u32) {
        if let Some(entry) = self.list.get_mut(index as usize)
            && !entry.dirty
            && entry.is_known
        {
            entry.dirty = true;
            self.changed.push(index);
        }
    }

    /// A job that is about to be handed over, if it changed and somebody looks at it. `watch_all`: somebody looks at every
    /// one.
    pub(crate) fn take_changed(&mut self, index: u32, watch_all: bool) -> Option<&Job> {
        let entry = self.get_mut(index)?;
        let seen = entry.followers > 0 || watch_all;
        entry.end_untold = false;
        let is_changed = std::mem::take(&mut entry.dirty) && seen && entry.is_known;
        is_changed.then_some(&entry.job)
    }

    /// Nothing of what changed is handed over.
    pub(crate) fn forget_changes(&mut self) {
        self.changed = Vec::new();
        self.ended = Vec::new();
    }

    // ---- room ----

    /// Whether one job more needs another one to be forgotten.
    pub(crate) fn is_full(&self) -> bool {
        self.len() >= MAX_JOBS
    }

    /// Whether ids and texts have more bytes than they may have.
    pub(crate) fn is_too_large(&self) -> bool {
        self.bytes > MAX_BYTES
    }

    /// Adds a job that is not there yet; `None` where there is no room.
    pub(crate) fn add(&mut self, id: &str) -> Option<u32> {
        if self.is_full() {
            return None;
        }
        let place = self.free.pop().unwrap_or_else(|| {
            self.list.push(Entry::new(None));
            self.list.len() as u32 - 1
        });
        self.give(place, Some(id));
        self.index.insert(id, place);
        self.look_at_spare(place);
        Some(place)
    }

    /// Forgets a job.
    pub(crate) fn remove(&mut self, place: u32) {
        self.spare.remove(place);
        if let Some(entry) = self.list.get(place as usize) {
            self.index.remove(&entry.job.id, place);
        }
        self.give(place, None);
        self.forgotten += 1;
        self.free.push(place);
    }

    /// Gives a place to a job of this id; `None`: to none.
    fn give(&mut self, place: u32, id: Option<&str>) {
        if let Some(entry) = self.list.get_mut(place as usize) {
            self.bytes = self.bytes.saturating_sub(entry.job.bytes());
            // It may stand in the list of changed jobs already.
            let dirty = entry.dirty;
            *entry = Entry::new(id);
            entry.dirty = dirty;
            self.bytes += entry.job.bytes();
        }
    }

    /// Lets go of a job's texts.
    pub(crate) fn drop_texts(&mut self, place: u32) {
        if let Some(entry) = self.get_mut(place) {
            let before = entry.job.bytes();
            entry.job.drop_texts();
            self.count_bytes(place, before);
        }
    }

    /// The texts of a job changed, which had so many bytes before.
    fn count_bytes(&mut self, place: u32, before: usize) {
        if let Some(entry) = self.list.get_mut(place as usize) {
            self.bytes = (self.bytes + entry.job.bytes()).saturating_sub(before);
            self.cut_texts += u64::from(entry.job.take_shortened());
        }
    }

    /// Puts a job among those that may be forgotten, behind all that changed before it, or takes it out.
    pub(crate) fn look_at_spare(&mut self, index: u32) {
        let Some(entry) = self.list.get(index as usize) else {
            return;
        };
        if !entry.is_known || entry.wanted() || !entry.refreshers.is_empty() {
            self.spare.remove(index);
        } else {
            self.spare.put(index, entry.job.status.is_terminal());
        }
    }

    /// The job that is missed least, but for one. Where every job is looked at, one whose end has not been handed over is
    /// not forgotten.
    pub(crate) fn least_missed(&self, but: Option<u32>, watch_all: bool) -> Option<u32> {
        // It may stand before others that could be.
        let is_told = |index: &u32| {
            let entry = self.get(*index);
            !watch_all || entry.is_some_and(|entry| !entry.end_untold)
        };
        let ended = self.spare.ended().filter(is_told);
        let found = [ended, self.spare.open()];
        found
            .into_iter()
            .flatten()
            .find(|found| Some(*found) != but)
    }
}
