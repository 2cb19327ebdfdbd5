//! The table of jobs: who follows which, which of them has a socket, who waits for one, when one is let go.

use crate::core::engine::inspect::Count;
use crate::core::engine::links::SHARED;
use crate::core::engine::{Engine, Phase};
use crate::core::io::input::Gen;
use crate::core::jobs::fields::Fields;
use crate::core::jobs::job::{Applied, Job, Status};
use crate::core::time::Time;
use crate::core::time::timers::{Deadline, Owner};

/// How long after it is followed a job whose socket is not open yet is read, ms.
const SOON: u64 = 500;

/// Nothing was missed.
pub(super) const NO_GAP: u64 = u64::MAX;

/// A job and what is done for it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) job: Job,
    /// Handles on it.
    pub(super) followers: u32,
    /// Until when it is served though nobody follows it any more.
    linger_until: Time,
    /// When it is to be read.
    pub(super) read_at: Time,
    /// The sooner of the two.
    deadline: Deadline,
    /// It stands in the line for a socket.
    pub(super) in_line: bool,
    /// It stands in the line for a read.
    pub(super) read_queued: bool,
    /// The read under way; 0: none.
    pub(super) reading: u32,
    /// Reads that failed in a row.
    pub(super) read_failures: u32,
    pub(super) etag: Option<String>,
    /// News may have been missed: since when (epoch ms), until a read that was sent later has answered; 0 where none
    /// was missed and a read is wanted all the same, else [`NO_GAP`].
    pub(super) gap: u64,
    /// When a message was refused unread that may have been about it.
    pub(super) lost_at: Time,
    /// `refresh()` calls that wait for a read.
    pub(super) refreshers: Vec<u32>,
    /// It stands in the list of changed jobs.
    pub(super) dirty: bool,
    /// The events by which its end was told, a bit each.
    pub(super) end_told: u32,
    /// It is followed, and more is to be heard of it.
    is_unfinished: bool,
    /// It has ended, and no batch has had it since.
    pub(super) end_untold: bool,
    /// It is a job: not a place that waits for one.
    pub(super) is_known: bool,
}

impl Entry {
    /// A job of this id; `None`: a place that waits for one.
    fn new(id: Option<&str>) -> Self {
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
    pub(super) fn miss(&mut self, from: u64) {
        if self.gap == NO_GAP || self.gap == 0 {
            self.gap = from;
        }
    }

    /// Whether somebody follows it, or did a moment ago.
    pub(super) fn wanted(&self) -> bool {
        self.followers > 0 || self.linger_until < Time::NEVER
    }

    /// Whether no read of it is planned, in line or under way.
    pub(super) fn is_idle(&self) -> bool {
        self.read_at == Time::NEVER && !self.read_queued && self.reading == 0
    }

    /// Whether something is still to be heard of it.
    pub(super) fn open_ended(&self) -> bool {
        self.wanted() && !self.job.status.is_terminal()
    }
}

/// The jobs by place. A place is given to another job when its own is forgotten, never given up.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    list: Vec<Entry>,
    /// Places without a job.
    free: Vec<u32>,
    /// Bytes of ids and texts.
    pub(super) bytes: usize,
    /// Jobs that were forgotten, and texts that were cut or left out: for a bound, so far.
    pub(super) forgotten: u64,
    pub(super) cut_texts: u64,
}

impl Jobs {
    #[inline]
    pub(super) fn get(&self, index: u32) -> Option<&Entry> {
        self.list.get(index as usize)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, index: u32) -> Option<&mut Entry> {
        self.list.get_mut(index as usize)
    }

    /// How many jobs there are.
    pub(super) fn len(&self) -> usize {
        self.list.len() - self.free.len()
    }

    /// Every place, those without a job included.
    pub(super) fn indexes(&self) -> std::ops::Range<u32> {
        0..self.list.len() as u32
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, Entry> {
        self.list.iter()
    }

    /// A place without a job, where there may be so many places.
    pub(super) fn free_place(&mut self, most: usize) -> Option<u32> {
        if let Some(place) = self.free.pop() {
            return Some(place);
        }
        if self.list.len() >= most {
            return None;
        }
        self.list.push(Entry::new(None));
        Some(self.list.len() as u32 - 1)
    }

    /// The texts of a job changed, which had so many bytes before.
    pub(super) fn count_again(&mut self, place: u32, before: usize) {
        if let Some(entry) = self.list.get_mut(place as usize) {
            self.bytes = (self.bytes + entry.job.bytes()).saturating_sub(before);
            self.cut_texts += u64::from(entry.job.take_shortened());
        }
    }

    /// Gives a place to a job of this id; `None`: the job that is there is forgotten.
    pub(super) fn give(&mut self, place: u32, id: Option<&str>) {
        let Some(entry) = self.list.get_mut(place as usize) else {
            return;
        };
        self.bytes = self.bytes.saturating_sub(entry.job.bytes());
        // It may stand in the list of changed jobs already.
        let dirty = entry.dirty;
        *entry = Entry::new(id);
        entry.dirty = dirty;
        self.bytes += entry.job.bytes();
        if id.is_none() {
            self.forgotten += 1;
            self.free.push(place);
        }
    }
}

impl Engine {
    /// Where a known job is.
    #[inline]
    pub(super) fn place_of(&self, id: &str) -> Option<u32> {
        self.index.get(id, |place| {
            self.jobs.get(place).map(|entry| entry.job.id.as_str())
        })
    }

    pub(super) fn follow(&mut self, id: &str) {
        let Some(index) = self.entry_of(id) else {
            return;
        };
        if let Some(entry) = self.jobs.get_mut(index) {
            entry.followers += 1;
            entry.linger_until = Time::NEVER;
        }
        self.count_unfinished(index);
        self.look_at_spare(index);
        self.mark_dirty(index);
        self.activate();
        self.want_again(index);
    }

    pub(super) fn unfollow(&mut self, id: &str) {
        let Some(index) = self.place_of(id) else {
            return;
        };
        let until = self.now.after(self.config.linger);
        if let Some(entry) = self.jobs.get_mut(index) {
            entry.followers = entry.followers.saturating_sub(1);
            if entry.followers == 0 {
                entry.linger_until = until;
            }
        }
        self.count_unfinished(index);
        self.plan(index);
        self.want_shared();
    }

    /// A job's followers or its status changed.
    fn count_unfinished(&mut self, index: u32) {
        if let Some(entry) = self.jobs.get_mut(index) {
            let is_unfinished = entry.followers > 0 && entry.open_ended();
            let was = std::mem::replace(&mut entry.is_unfinished, is_unfinished);
            self.unfinished = self.unfinished + u32::from(is_unfinished) - u32::from(was);
        }
    }

    /// Sets an entry's reminder to whatever comes first.
    fn plan(&mut self, index: u32) {
        if let Some(entry) = self.jobs.get_mut(index) {
            let at = entry.linger_until.min(entry.read_at);
            entry.deadline.set(at, Owner::Job(index), &mut self.timers);
        }
    }

    pub(super) fn plan_read(&mut self, index: u32, at: Time) {
        if let Some(entry) = self.jobs.get_mut(index) {
            entry.read_at = at;
        }
        self.plan(index);
    }

    pub(super) fn job_due(&mut self, index: u32) {
        let now = self.now;
        let Some(entry) = self.jobs.get_mut(index) else {
            return;
        };
        entry
            .deadline
            .reached(now, Owner::Job(index), &mut self.timers);
        if entry.linger_until <= now {
            entry.linger_until = Time::NEVER;
            self.rest(index);
            self.want_shared();
            return;
        }
        if entry.read_at <= now {
            entry.read_at = Time::NEVER;
            self.queue_read(index);
        }
        self.plan(index);
    }

    /// Nothing is done for a job any more: not followed, or ended. A read that a `refresh()` waits for goes on.
    pub(super) fn rest(&mut self, index: u32) {
        if self
            .jobs
            .get(index)
            .is_some_and(|entry| entry.refreshers.is_empty())
        {
            self.drop_reads_of(index);
        }
        self.plan_read(index, Time::NEVER);
        if self.per_job() {
            self.close_link(index, "done");
        }
        self.doubt(index);
        self.look_at_spare(index);
    }

    /// No news of a job can be trusted to arrive.
    pub(super) fn doubt(&mut self, index: u32) {
        if let Some(entry) = self.jobs.get_mut(index)
            && entry.job.doubt()
        {
            self.mark_dirty(index);
        }
    }

    /// The shared socket came or went: what is known of jobs that nobody follows now may be old.
    pub(super) fn doubt_unwatched(&mut self) {
        if self.per_job() {
            return;
        }
        for index in self.jobs.indexes() {
            if self.jobs.get(index).is_some_and(|entry| !entry.wanted()) {
                self.doubt(index);
            }
        }
    }

    /// There is more to be heard of a job: first the shared socket, since a job is read when that is down.
    fn want_again(&mut self, index: u32) {
        self.want_shared();
        self.want(index);
    }

    /// Does for a job what it needs: a place in the line for a socket, and reads while it has none.
    pub(super) fn want(&mut self, index: u32) {
        if !self.is_active() {
            return;
        }
        let (per_job, linked) = (self.per_job(), self.has_link(index));
        let covered = self.is_covered(index);
        let Some(entry) = self.jobs.get_mut(index) else {
            return;
        };
        if !entry.open_ended() {
            return;
        }
        if per_job && !linked {
            if !entry.in_line {
                entry.in_line = true;
                self.waiting.push(index);
            }
            self.unread.push(index);
        }
        if covered && !per_job && entry.job.stale && self.config.polls() {
            // The shared socket was open before this job was followed, or was lost while nobody did. A read that is
            // under way may fail: the gap calls for another then.
            entry.miss(0);
            if entry.read_at == Time::NEVER {
                self.queue_read(index);
            }
        }
        if !per_job && !covered && self.shared_is_down() && self.config.polls() {
            self.queue_read(index);
        }
        self.status_dirty = true;
    }

    /// Whether the shared socket has failed, or may not be opened: what is followed now is read now.
    fn shared_is_down(&self) -> bool {
        let link = self.link(SHARED).filter(|link| link.on);
        link.map_or(self.config.max_sockets == 0, |link| link.failures > 0)
    }

    /// When the client becomes active: everything that is followed.
    pub(super) fn want_everything(&mut self) {
        for index in self.jobs.indexes() {
            self.want(index);
        }
        self.want_shared();
    }

    /// Opens the shared socket when somebody wants anything, lets it linger when nobody does.
    pub(super) fn want_shared(&mut self) {
        if self.per_job() || !self.is_active() {
            return;
        }
        let wanted = self.watch_all
            || !self.connecting.is_empty()
            || self.audit.anybody()
            || self.wants_channels()
            || self.has_messages()
            || self.config.is_broadcast() && self.entities.is_watched()
            || self.unfinished > 0;
        if !wanted {
            if self.has_link(SHARED) && self.shared_linger == Time::NEVER {
                self.shared_linger = self.now.after(self.config.linger);
            }
            return;
        }
        self.shared_linger = Time::NEVER;
        if !self.has_link(SHARED) && self.config.max_sockets > 0 {
            self.begin_link(SHARED);
        }
    }

    /// Gives free sockets to those who have waited longest; the others are read over HTTP meanwhile. Says when to
    /// look again.
    pub(super) fn assign_sockets(&mut self) -> Time {
        let mut room = Time::NEVER;
        let unread = std::mem::take(&mut self.unread);
        if self.config.is_broadcast() || !self.is_active() {
            return room;
        }
        while let Some(index) = self.waiting.first() {
            let wants = self
                .jobs
                .get(index)
                .is_some_and(|entry| entry.open_ended() && !self.has_link(index));
            if wants && self.linked.len() + self.closing.len() >= self.config.max_sockets {
                // A place becomes free when a socket has closed, or by that time.
                let closing = self.closing.len();
                self.has_closed(Gen::NONE);
                if self.closing.len() < closing {
                    continue;
                }
                room = self
                    .closing
                    .first()
                    .map_or(Time::NEVER, |(_, until)| *until);
                if room < Time::NEVER || !self.end_a_lingering_link() {
                    break;
                }
                continue;
            }
            self.waiting.pop();
            if let Some(entry) = self.jobs.get_mut(index) {
                entry.in_line = false;
            }
            if wants {
                self.begin_link(index);
                // A handshake that takes its time must not keep the page from showing what is known.
                let soon = self.now.after(SOON);
                if self.config.polls() && self.jobs.get(index).is_some_and(|entry| entry.is_idle())
                {
                    self.plan_read(index, soon);
                }
            }
        }
        // Whoever still waits is served by reads, beginning now; each read of it plans the next one.
        if self.config.polls() {
            for index in unread {
                if self
                    .jobs
                    .get(index)
                    .is_some_and(|entry| entry.in_line && entry.is_idle())
                {
                    self.queue_read(index);
                }
            }
        }
        room
    }

    /// A socket that is kept only for its linger time makes room for a job that is followed.
    fn end_a_lingering_link(&mut self) -> bool {
        let mut next = self.linked.first();
        while let Some(place) = next {
            if let Some(entry) = self.jobs.get_mut(place)
                && entry.followers == 0
            {
                entry.linger_until = Time::NEVER;
                self.rest(place);
                return true;
            }
            next = self.linked.after(next);
        }
        false
    }

    pub(super) fn retry(&mut self, id: &str) {
        let Some(index) = self.place_of(id) else {
            return;
        };
        let (now, wall) = (self.now, self.wall());
        let Some(entry) = self.jobs.get_mut(index) else {
            return;
        };
        let before = entry.job.bytes();
        if entry.job.retry(now, wall) {
            entry.etag = None;
            self.job_changed(index, before);
            self.count_unfinished(index);
            self.look_at_spare(index);
            self.mark_dirty(index);
            self.want_again(index);
            // News of the new attempt may have come while the job still counted as ended.
            if self.is_covered(index) {
                self.read_after_open(index);
            }
        }
    }

    pub(super) fn watch_all(&mut self, on: bool) {
        self.watch_all = on;
        if on {
            self.activate();
            for index in self.jobs.indexes() {
                let entry = self.jobs.get(index);
                // One that a message was for alone is none that the page knows.
                if entry.is_some_and(|entry| entry.wanted() || entry.job.status != Status::Unknown)
                {
                    self.mark_dirty(index);
                }
            }
        }
        self.want_shared();
    }

    pub(super) fn listen(&mut self, event: &str, delta: i32) {
        self.audit.listen(event, delta);
        if delta > 0 {
            self.activate();
        }
        self.want_shared();
    }

    /// Puts a job on the list of those that changed.
    #[inline]
    pub(super) fn mark_dirty(&mut self, index: u32) {
        if let Some(entry) = self.jobs.get_mut(index)
            && !entry.dirty
            && entry.is_known
        {
            entry.dirty = true;
            self.outbox.dirty.push(index);
        }
    }

    /// Takes a piece of news about a job in.
    #[inline]
    pub(super) fn apply(&mut self, index: u32, news: &Fields<'_>, asked: Time) -> Applied {
        let (now, wall) = (self.now, self.wall());
        let Some(entry) = self.jobs.get_mut(index) else {
            return Applied::Late;
        };
        let was_terminal = entry.job.status.is_terminal();
        let before = entry.job.bytes();
        let applied = entry.job.apply(news, asked, now, wall);
        self.count_unfinished(index);
        match applied {
            Applied::Changed => {
                self.mark_dirty(index);
                self.look_at_spare(index);
                if was_terminal {
                    // A new attempt of a job that had ended.
                    self.want_again(index);
                }
            }
            Applied::Ended => {
                self.mark_dirty(index);
                self.outbox.urgent_jobs.push(index);
                self.ended(index);
            }
            Applied::Same => self.count(Count::Duplicates),
            Applied::Late => self.count(Count::Late),
            Applied::AfterEnd => self.count(Count::AfterEnd),
        }
        self.job_changed(index, before);
        applied
    }

    /// Whether a message about a job, of which this came, is for the listeners of its event. Servers tell an end by
    /// several events, and each has its listeners: it is told once by each.
    pub(super) fn is_news(&mut self, index: u32, event: &str, applied: Applied) -> bool {
        let Some(entry) = self.jobs.get_mut(index) else {
            return false;
        };
        if matches!(applied, Applied::Late | Applied::AfterEnd) {
            return false;
        }
        if !entry.job.status.is_terminal() {
            return true;
        }
        // Those that tell the same end differ in length.
        let bit = 1u32.wrapping_shl(event.len() as u32);
        let before = entry.end_told;
        entry.end_told |= bit;
        before & bit == 0
    }

    /// A job has ended: nothing more is to be heard of it.
    fn ended(&mut self, index: u32) {
        if let Some(entry) = self.jobs.get_mut(index) {
            entry.gap = NO_GAP;
            entry.end_told = 0;
            entry.end_untold = true;
        }
        self.rest(index);
        self.want_shared();
        self.status_dirty = true;
    }

    /// The page goes into the back/forward cache: the server is told, nothing is an error.
    pub(super) fn suspend(&mut self) {
        if self.phase == Phase::Active {
            self.drop_transports("page hidden");
            self.close_left_now();
            self.phase = Phase::Suspended;
            self.status_dirty = true;
        }
    }
}
