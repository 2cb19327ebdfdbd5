//! What is done for jobs: who follows which, which of them has a socket, who waits for one, when one is let go.

use crate::core::engine::inspect::Count;
use crate::core::engine::links::SHARED;
use crate::core::engine::{Engine, Phase};
use crate::core::jobs::fields::Fields;
use crate::core::jobs::status::{Applied, Status};
use crate::core::time::Time;
use crate::core::time::timers::Owner;

/// How long after it is followed a job whose socket is not open yet is read, ms.
const SOON: u64 = 500;

impl Engine {
    pub(super) fn follow(&mut self, id: &str) {
        let Some(index) = self.entry_of(id) else {
            return;
        };
        if let Some(entry) = self.jobs.get_mut(index) {
            entry.followers += 1;
            entry.linger_until = Time::NEVER;
        }
        self.jobs.count_unfinished(index);
        self.jobs.look_at_spare(index);
        self.jobs.mark_changed(index);
        self.activate();
        self.want_again(index);
    }

    pub(super) fn unfollow(&mut self, id: &str) {
        let Some(index) = self.jobs.place_of(id) else {
            return;
        };
        let until = self.now.after(self.config.linger);
        if let Some(entry) = self.jobs.get_mut(index) {
            entry.followers = entry.followers.saturating_sub(1);
            if entry.followers == 0 {
                entry.linger_until = until;
            }
        }
        self.jobs.count_unfinished(index);
        self.plan(index);
        self.want_shared();
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
        self.jobs.doubt(index);
        self.jobs.look_at_spare(index);
    }

    /// The shared socket came or went: what is known of jobs that nobody follows now may be old.
    pub(super) fn doubt_unwatched(&mut self) {
        if self.per_job() {
            return;
        }
        for index in self.jobs.indexes() {
            if self.jobs.get(index).is_some_and(|entry| !entry.wanted()) {
                self.jobs.doubt(index);
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
        let (per_job, linked) = (self.per_job(), self.pool.has(index));
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
                self.pool.waiting.push(index);
            }
            self.pool.unread.push(index);
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
        let link = self.pool.link(SHARED).filter(|link| link.on);
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
            || self.jobs.has_unfinished();
        if !wanted {
            if self.pool.has(SHARED) && self.shared_linger == Time::NEVER {
                self.shared_linger = self.now.after(self.config.linger);
            }
            return;
        }
        self.shared_linger = Time::NEVER;
        if !self.pool.has(SHARED) && self.config.max_sockets > 0 {
            self.begin_link(SHARED);
        }
    }

    /// Gives free sockets to those who have waited longest; the others are read over HTTP meanwhile. Says when to
    /// look again.
    pub(super) fn assign_sockets(&mut self) -> Time {
        let mut room = Time::NEVER;
        let unread = std::mem::take(&mut self.pool.unread);
        if self.config.is_broadcast() || !self.is_active() {
            return room;
        }
        while let Some(index) = self.pool.waiting.first() {
            let wants = self
                .jobs
                .get(index)
                .is_some_and(|entry| entry.open_ended() && !self.pool.has(index));
            if wants && self.pool.is_full(self.config.max_sockets, self.now) {
                // A place becomes free when a socket has closed, or by that time.
                room = self.pool.next_room().unwrap_or(Time::NEVER);
                if room < Time::NEVER || !self.end_a_lingering_link() {
                    break;
                }
                continue;
            }
            self.pool.waiting.pop();
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
        let mut next = self.pool.linked.first();
        while let Some(place) = next {
            if let Some(entry) = self.jobs.get_mut(place)
                && entry.followers == 0
            {
                entry.linger_until = Time::NEVER;
                self.rest(place);
                return true;
            }
            next = self.pool.linked.after(next);
        }
        false
    }

    pub(super) fn retry(&mut self, id: &str) {
        let Some(index) = self.jobs.place_of(id) else {
            return;
        };
        let now = self.time();
        if self.jobs.retry(index, now) {
            self.want_again(index);
            // News of the new attempt may have come while the job still counted as ended.
            if self.is_covered(index) {
                self.read_after_open(index);
            }
            self.make_room(index);
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
                    self.jobs.mark_changed(index);
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

    /// Applies what a message or a read says of a job.
    #[inline]
    pub(super) fn apply(&mut self, index: u32, news: &Fields<'_>, asked: Time) -> Applied {
        let now = self.time();
        let had_ended = self
            .jobs
            .get(index)
            .is_some_and(|entry| entry.job.status.is_terminal());
        let applied = self.jobs.apply(index, news, asked, now);
        match applied {
            // A new attempt of a job that had ended.
            Applied::Changed if had_ended => self.want_again(index),
            Applied::Changed => {}
            Applied::Ended => {
                // Nothing more is to be heard of it.
                self.rest(index);
                self.want_shared();
                self.status_dirty = true;
            }
            Applied::Same => self.count(Count::Duplicates),
            Applied::Late => self.count(Count::Late),
            Applied::AfterEnd => self.count(Count::AfterEnd),
        }
        self.make_room(index);
        applied
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
