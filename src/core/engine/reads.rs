//! Reading jobs over HTTP: once after every connect (nothing is kept for those who come late), at intervals while
//! there is no socket, a few at a time, first come first served.

use crate::core::connection::auth::Verdict;
use crate::core::connection::link::State;
use crate::core::context::Context;
use crate::core::engine::Engine;
use crate::core::engine::inspect::Count;
use crate::core::io::error::{Log, Problem};
use crate::core::io::input::{HttpOutcome, HttpRefusal};
use crate::core::io::output::{Output, TokenReason};
use crate::core::jobs::entry::NO_GAP;
use crate::core::jobs::limits::LONGEST_NAME;
use crate::core::jobs::status::{Applied, Source};
use crate::core::json::push_u64;
use crate::core::protocol::broadcast;
use crate::core::protocol::message::{Invalid, Message};
use crate::core::protocol::stream;
use crate::core::reads::{Flight, Read};
use crate::core::text::words::{excerpt, joined};
use crate::core::time::Time;
use crate::core::time::backoff::Backoff;

/// The longest `Retry-After` that is honoured, ms.
const LONGEST_WAIT: u64 = 300_000;

/// The server said nothing about when to come back.
const NO_WAIT: u64 = u64::MAX;

impl Engine {
    /// Whether a job is to be read again and again, or once more.
    fn needs_reads(&self, index: u32) -> bool {
        let Some(entry) = self.jobs.get(index) else {
            return false;
        };
        self.is_active()
            && self.config.polls()
            && entry.open_ended()
            && (entry.gap != NO_GAP || self.open_link_of(index).is_none())
    }

    /// A socket did not open, and a browser does not say why: where no reads tell whether the server is there, it is
    /// asked.
    pub(super) fn probe_server(&mut self, place: u32) {
        if self.config.polls() || self.reads.is_probing() {
            return;
        }
        let url = self.address("http", &self.config.path, place);
        let mut context = Context {
            now: self.now,
            timers: &mut self.timers,
            outputs: &mut self.outputs,
        };
        self.reads.send_probe(url, &mut context);
    }

    /// Whether that was the probe under way, which ends.
    fn end_probe(&mut self, req: u32) -> bool {
        self.config.is_stream() && self.reads.end_probe(req)
    }

    /// What a probe found, or would find, is not about what follows.
    pub(super) fn abort_probe(&mut self) {
        if !self.config.is_stream() {
            return;
        }
        self.reads.abort_probe(&mut self.outputs);
        if !self.config.polls() {
            self.reads.reachable = None;
        }
    }

    fn reached(&mut self, reachable: bool) {
        if self.reads.reached(reachable) {
            self.status_dirty = true;
        }
    }

    /// Puts a job in the line for a read.
    pub(super) fn queue_read(&mut self, index: u32) {
        if let Some(entry) = self.jobs.get_mut(index)
            && !entry.read_queued
            && entry.reading == 0
        {
            entry.read_queued = true;
            self.reads.line.push(index);
        }
    }

    /// A socket opened: what it could not have carried is read once, by a read sent from now on.
    pub(super) fn read_after_open(&mut self, index: u32) {
        let Some(entry) = self.jobs.get_mut(index) else {
            return;
        };
        if !entry.open_ended() {
            return;
        }
        if !self.config.polls() {
            return self.close_gap(index, false);
        }
        // What happened before a job was followed was not missed: it is read, and nothing is said of it.
        entry.miss(0);
        let req = entry.reading;
        self.abort(req);
        self.queue_read(index);
    }

    /// A message was refused unread, and may have been about this job: the job is read once, by a read sent from now on.
    pub(super) fn message_lost(&mut self, index: u32) {
        let (now, wall) = (self.now, self.wall());
        let at = now.after(self.rng.up_to(self.config.interval));
        let Some(entry) = self.jobs.get_mut(index) else {
            return;
        };
        if !entry.open_ended() {
            return;
        }
        entry.miss(wall.max(1));
        entry.lost_at = now;
        if !self.config.polls() {
            return self.close_gap(index, false);
        }
        // A read that is under way is followed by another one: see `read_succeeded`.
        if entry.is_idle() {
            self.plan_read(index, at);
        }
    }

    /// A socket was lost: reads begin within one interval, spread by chance.
    /// `lost`: since when (epoch ms) news may have been missed, when the socket had been open.
    pub(super) fn socket_lost(&mut self, index: u32, lost: Option<u64>) {
        let at = self.now.after(self.rng.up_to(self.config.interval));
        let Some(entry) = self.jobs.get_mut(index) else {
            return;
        };
        if !entry.wanted() {
            return;
        }
        // A read that is planned already keeps its time: it may be what the server asked for.
        let idle = entry.is_idle();
        if let Some(from) = lost {
            entry.miss(from);
            self.jobs.doubt(index);
        }
        if idle && self.needs_reads(index) {
            self.plan_read(index, at);
        }
    }

    /// Sends as many reads as may be under way.
    pub(super) fn pump_reads(&mut self) {
        if !self.config.polls() {
            return;
        }
        while self.reads.has_room() {
            let Some(index) = self.reads.line.first() else {
                return;
            };
            let due = self.needs_reads(index)
                || self
                    .jobs
                    .get(index)
                    .is_some_and(|entry| !entry.refreshers.is_empty());
            if due && self.config.token && !self.auth.usable() {
                self.ask_token(TokenReason::Connect);
                return;
            }
            self.reads.line.pop();
            let Some(entry) = self.jobs.get_mut(index) else {
                continue;
            };
            entry.read_queued = false;
            if !due {
                continue;
            }
            let read = Read {
                job: index,
                etag: entry.etag.clone(),
                url: self.address("http", &self.config.polling_url, index),
                auth: self.auth.current(),
            };
            self.count(Count::Reads);
            let mut context = Context {
                now: self.now,
                timers: &mut self.timers,
                outputs: &mut self.outputs,
            };
            let req = self.reads.send(read, &mut context);
            if let Some(entry) = self.jobs.get_mut(index) {
                entry.reading = req;
            }
        }
    }

    fn land(&mut self, req: u32) -> Option<Flight> {
        let flight = self.reads.land(req)?;
        if let Some(entry) = self.jobs.get_mut(flight.job) {
            entry.reading = 0;
        }
        Some(flight)
    }

    fn abort(&mut self, req: u32) {
        if self.land(req).is_some() {
            self.outputs.push(Output::Abort { req });
        }
    }

    /// Takes a job out of the line and stops its read.
    pub(super) fn drop_reads_of(&mut self, index: u32) {
        let Some(entry) = self.jobs.get_mut(index) else {
            return;
        };
        entry.read_failures = 0;
        entry.read_queued = false;
        self.reads.line.remove(index);
        let req = entry.reading;
        self.abort(req);
        self.answer_refreshers(index, Some((Problem::ReadGivenUp, "")));
    }

    pub(super) fn abort_reads(&mut self) {
        self.abort_probe();
        for index in self.jobs.indexes() {
            self.drop_reads_of(index);
        }
    }

    pub(super) fn read_overdue(&mut self, req: u32) {
        if let Some(flight) = self.land(req) {
            self.read_failed(flight.job, Problem::ReadTimeout, "", NO_WAIT);
        } else if !self.end_probe(req) {
            return;
        }
        self.outputs.push(Output::Abort { req });
        self.reached(false);
    }

    pub(super) fn read_done(&mut self, req: u32, outcome: HttpOutcome) {
        if self.end_probe(req) {
            return self.reached(outcome.status > 0);
        }
        let Some(flight) = self.land(req) else {
            self.count(Count::Stale);
            return;
        };
        let (index, status) = (flight.job, outcome.status);
        self.reached(status > 0);
        if let Some(refusal) = outcome.refused {
            return self.answer_refused(index, refusal);
        }
        let problem = match status {
            200..=299 => return self.read_snapshot(&flight, outcome.etag, &outcome.body),
            304 => {
                self.auth.proven(flight.auth);
                return self.read_succeeded(&flight);
            }
            401 | 403 => return self.read_refused(&flight),
            0 => Problem::ReadUnreachable,
            404 | 410 => Problem::ReadNotFound,
            429 => Problem::ReadRateLimited,
            1..429 => Problem::ReadRejected,
            _ => Problem::ReadFailed,
        };
        if problem == Problem::ReadNotFound && self.is_covered(index) {
            // The socket serves the job and the server has nothing more to say: nothing was missed.
            self.close_gap(index, false);
        }
        let mut detail = String::new();
        push_u64(&mut detail, u64::from(status));
        self.read_failed(
            index,
            problem,
            &detail,
            outcome.retry_after.unwrap_or(NO_WAIT),
        );
    }

    /// The answer to a read was not taken in.
    fn answer_refused(&mut self, index: u32, refusal: HttpRefusal) {
        let mut problem = Problem::Redirected;
        if refusal == HttpRefusal::TooLarge {
            problem = Problem::AnswerTooLarge;
            let invalid = Invalid {
                event: None,
                code: "too-large",
                reason: "the answer to a read is above the limit",
                raw: "",
            };
            self.invalid(&invalid, Some(index), Source::Polling);
        }
        self.read_failed(index, problem, "", NO_WAIT);
    }

    /// Whether an open socket serves a job.
    pub(super) fn is_covered(&self, index: u32) -> bool {
        self.open_link_of(index).is_some()
    }

    fn read_snapshot(&mut self, flight: &Flight, mut etag: Option<String>, body: &str) {
        let broadcast = self.config.is_broadcast();
        let maps = if broadcast {
            self.config.maps.take()
        } else {
            None
        };
        let mut take = |found: Result<&Message<'_>, &Invalid<'_>>| match found {
            Ok(message) => self.snapshot(flight, etag.take(), message),
            Err(invalid) => self.snapshot_invalid(flight.job, invalid),
        };
        if broadcast {
            let maps = maps.unwrap_or_default();
            broadcast::decode_snapshot(body, &maps, &mut take);
            self.config.maps = Some(maps);
        } else {
            stream::decode_snapshot(body, &mut take);
        }
    }

    fn snapshot_invalid(&mut self, index: u32, invalid: &Invalid<'_>) {
        self.invalid(invalid, Some(index), Source::Polling);
        self.read_failed(index, Problem::ReadInvalid, invalid.reason, NO_WAIT);
    }

    fn snapshot(&mut self, flight: &Flight, etag: Option<String>, message: &Message<'_>) {
        let index = flight.job;
        if let (Some(id), Some(entry)) = (message.job, self.jobs.get(index))
            && *id != entry.job.id
        {
            let invalid = Invalid {
                event: Some(message.name),
                code: "wrong-job",
                reason: &joined(&["about another job: ", &excerpt(id, 64)]),
                raw: message.raw,
            };
            return self.snapshot_invalid(index, &invalid);
        }
        let (wall, seq) = (self.wall(), self.seq + 1);
        self.seq = seq;
        self.audit.received(message.name, wall);
        self.history
            .push(seq, wall, message.name, message.raw, None);
        self.auth.proven(flight.auth);
        let applied = self.apply(index, message.news, flight.asked);
        if applied == Applied::Ended {
            self.tell_end(index, seq);
        }
        self.answer_refreshers(index, None);
        let Some(entry) = self.jobs.get_mut(index) else {
            return;
        };
        // What was not believed must not be confirmed later: it is asked for again in full.
        let late = applied == Applied::Late;
        entry.etag = etag.filter(|etag| !late && etag.len() <= LONGEST_NAME);
        if late && entry.job.awaits_attempt() {
            // Taken for the old attempt's end, until the server names the new one or time tells.
            self.plan_next_read(index, NO_WAIT);
            return;
        }
        self.read_succeeded(flight);
    }

    /// Answers the `refresh()` calls that wait, with the job or a refusal.
    fn answer_refreshers(&mut self, index: u32, refusal: Option<(Problem, &str)>) {
        let Some(entry) = self.jobs.get_mut(index) else {
            return;
        };
        if entry.refreshers.is_empty() {
            return;
        }
        for rid in std::mem::take(&mut entry.refreshers) {
            match refusal {
                Some((problem, detail)) => self.outbox.refuse(rid, problem, detail),
                None => self.outbox.answer(rid, |out| {
                    out.push('[');
                    entry.job.write(out);
                    out.push(']');
                }),
            }
        }
        self.jobs.look_at_spare(index);
    }

    /// A read confirmed what is known.
    fn read_succeeded(&mut self, flight: &Flight) {
        let index = flight.job;
        self.answer_refreshers(index, None);
        let Some(entry) = self.jobs.get_mut(index) else {
            return;
        };
        entry.read_failures = 0;
        let lost_at = entry.lost_at;
        if entry.job.confirm() {
            self.jobs.mark_changed(index);
        }
        let opened = self
            .open_link_of(index)
            .map(|link| link.opened_at.max(lost_at));
        match opened {
            // What happened between a read and the opening of the socket, or was refused, neither of them tells.
            Some(opened) if opened > flight.asked => self.read_after_open(index),
            Some(_) => self.close_gap(index, true),
            None => {}
        }
        self.plan_next_read(index, NO_WAIT);
    }

    fn close_gap(&mut self, index: u32, healed: bool) {
        let Some(entry) = self.jobs.get_mut(index) else {
            return;
        };
        let from = std::mem::replace(&mut entry.gap, NO_GAP);
        if from > 0 && from < NO_GAP {
            self.tell_gap(index, from, healed);
        }
    }

    fn plan_next_read(&mut self, index: u32, wait: u64) {
        let interval = self.config.interval;
        let failures = self.jobs.get(index).map_or(0, |entry| entry.read_failures);
        let stretch = Backoff {
            base_delay: interval,
            max_delay: interval.max(self.config.backoff.max_delay),
            ..self.config.backoff
        };
        let stretched = stretch.ceiling(failures.saturating_sub(1));
        let delay = if wait == NO_WAIT {
            stretched
        } else {
            wait.min(LONGEST_WAIT).max(interval)
        };
        let mut at = Time::NEVER;
        if self.needs_reads(index) {
            at = self.now.after(delay);
            // A failed `refresh()` does not overrule what the server asked for before.
            if failures > 0
                && let Some(entry) = self.jobs.get(index)
                && entry.read_at < Time::NEVER
            {
                at = at.max(entry.read_at);
            }
        }
        self.plan_read(index, at);
    }

    /// A read failed: its callers are told, the next one is planned, further away with every failure.
    fn read_failed(&mut self, index: u32, problem: Problem, detail: &str, wait: u64) {
        self.count(Count::FailedReads);
        let wall = self.wall();
        let Some(entry) = self.jobs.get_mut(index) else {
            return;
        };
        entry.read_failures = entry.read_failures.saturating_add(1);
        let first = entry.read_failures == 1;
        if first {
            let id = Some(entry.job.id.as_str());
            self.outbox
                .log(self.now, wall, Log::ReadFailed, Some(problem), detail, id);
        }
        self.answer_refreshers(index, Some((problem, detail)));
        if !self.is_covered(index) {
            self.jobs.doubt(index);
        }
        self.plan_next_read(index, wait);
    }

    /// The server refused the token of a read.
    fn read_refused(&mut self, flight: &Flight) {
        let problem = self.auth_problem();
        let covered = self.pool.iter().any(|link| link.state == State::Open);
        match self.token_refused(flight.auth) {
            Verdict::Again | Verdict::Wait => self.queue_read(flight.job),
            Verdict::Final if covered => {
                // The sockets are let in, so it is only the reads that lack something: `polling.headers`.
                self.close_gap(flight.job, false);
                // What was missed stays missed until the next news: the job says so.
                self.jobs.doubt(flight.job);
                self.read_failed(flight.job, problem, "", NO_WAIT);
            }
            Verdict::Final => self.fail(problem),
        }
    }

    /// No token came: the reads that waited for it failed.
    pub(super) fn fail_blocked_reads(&mut self) {
        while let Some(index) = self.reads.line.pop() {
            if let Some(entry) = self.jobs.get_mut(index) {
                entry.read_queued = false;
            }
            self.read_failed(index, Problem::ReadWithoutToken, "", NO_WAIT);
        }
    }

    pub(super) fn refresh(&mut self, rid: u32, id: &str) {
        if !self.config.polls() {
            return self.outbox.refuse(rid, Problem::PollingOff, "");
        }
        let Some(index) = self.entry_of(id) else {
            return self.outbox.refuse(rid, Problem::TooManyJobs, "");
        };
        if let Some(entry) = self.jobs.get_mut(index) {
            entry.refreshers.push(rid);
            // What is asked for now must not be answered by what was read before.
            let req = entry.reading;
            self.abort(req);
        }
        self.jobs.look_at_spare(index);
        self.queue_read(index);
    }
}
