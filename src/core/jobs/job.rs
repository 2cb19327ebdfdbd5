//! One job as its watchers see it, and the rules by which news changes it: progress never runs backwards within an
//! attempt, a terminal state is final within an attempt, late and repeated news is recognised and changes nothing.

use crate::core::jobs::counts::Counts;
use crate::core::jobs::fields::{Field, Fields};
use crate::core::jobs::limits;
use crate::core::jobs::status::{Applied, Source, Status};
use crate::core::json::{push_numbers, push_string, push_text};
use crate::core::protocol::BROADCAST;
use crate::core::protocol::BroadcastPart;
use crate::core::time::Time;

/// How long after a local `retry()` an ended state read over HTTP is still taken for the old attempt's, ms.
const RETRY_GRACE: u64 = 5000;

/// Shortest stretch over which a rate is measured, ms.
const RATE_WINDOW: u64 = 200;

/// An allocation that is kept for whatever text comes next, bytes.
const SMALL: usize = 256;

/// The texts of a job, in the order in which JavaScript gets them; the last two say why it failed.
const TEXTS: [Field; 5] = [
    Field::Stage,
    Field::Message,
    Field::ResultUrl,
    Field::Reason,
    Field::FailedStage,
];

/// A job. Numbers that are not known are NaN.
#[derive(Clone, Debug)]
pub struct Job {
    /// As the server names it.
    pub id: String,
    /// Where it stands.
    pub status: Status,
    /// 0–100.
    pub progress: f64,
    /// Which try, from 1.
    pub attempt: f64,
    /// Epoch ms of the last change.
    pub updated_at: u64,
    /// Where the last news came from.
    pub source: Source,
    /// Whether the news may be old: no socket is open and the last read did not succeed.
    pub stale: bool,
    texts: [Option<String>; TEXTS.len()],
    retryable: bool,
    duration_seconds: f64,
    /// The number the server gives its tries, when it gives one.
    wire_attempt: f64,
    /// Until when an ended state may be the old attempt's; never when the server confirmed the attempt.
    retried_until: Time,
    last_news: Time,
    /// Since when, and from which progress on, the rate is measured.
    rate_since: Time,
    rate_from: f64,
    /// Progress per millisecond.
    rate: f64,
    counts: BroadcastPart<Counts>,
    /// Texts that were cut or left out, since they are too long, and have not been counted yet.
    shortened: u32,
}

impl Job {
    /// A job of which nothing is known yet.
    #[must_use]
    pub fn new(id: String) -> Self {
        Self {
            id,
            status: Status::Unknown,
            progress: f64::NAN,
            attempt: 1.0,
            updated_at: 0,
            source: Source::Socket,
            stale: true,
            texts: Default::default(),
            retryable: false,
            duration_seconds: f64::NAN,
            wire_attempt: f64::NAN,
            retried_until: Time::NEVER,
            last_news: Time(0),
            rate_since: Time(0),
            rate_from: f64::NAN,
            rate: 0.0,
            counts: Default::default(),
            shortened: 0,
        }
    }

    /// Bytes of its id and its texts.
    pub(crate) fn bytes(&self) -> usize {
        let texts = self.texts.iter().flatten().map(String::capacity);
        self.id.capacity() + texts.sum::<usize>()
    }

    /// Lets its texts go: there is no room for them.
    pub(crate) fn drop_texts(&mut self) {
        let texts = std::mem::take(&mut self.texts);
        self.shortened += texts.iter().flatten().count() as u32;
    }

    /// How many of its texts were cut or left out since this was asked last.
    pub(crate) fn take_shortened(&mut self) -> u32 {
        std::mem::take(&mut self.shortened)
    }

    fn begin_attempt(&mut self, attempt: f64) {
        self.attempt = attempt;
        self.status = Status::Queued;
        self.progress = f64::NAN;
        self.texts = Default::default();
        self.duration_seconds = f64::NAN;
        self.rate_from = f64::NAN;
        self.rate = 0.0;
        if BROADCAST {
            self.counts = Default::default();
        }
    }

    /// The page asked the server for a new attempt: what follows is about that one.
    /// False when the job has not failed.
    pub fn retry(&mut self, now: Time, wall: u64) -> bool {
        if !matches!(self.status, Status::Failed | Status::Cancelled) {
            return false;
        }
        self.begin_attempt(self.attempt + 1.0);
        // What still comes of the attempt before is older than this.
        self.wire_attempt += 1.0;
        self.retried_until = now.after(RETRY_GRACE);
        self.updated_at = wall;
        true
    }

    /// Whether the attempt `wire` (of the server's counting) is an earlier try; a later one begins it.
    fn of_earlier_attempt(&mut self, wire: f64, now: Time) -> bool {
        if wire.is_nan() {
            return false;
        }
        let mut known = self.wire_attempt;
        if known.is_nan() {
            known = self.attempt;
            // The first number after an end or a local retry() is measured by our own count.
            if !self.awaits_attempt() && !self.status.is_terminal() {
                if wire > known {
                    self.attempt = wire;
                }
                known = wire;
            }
        }
        // The server never heard of a local retry(), or told of the new attempt before the page did: its count holds.
        let unheard = now >= self.retried_until;
        if wire < known && !(unheard && wire + 1.0 == known) {
            return true;
        }
        self.wire_attempt = wire;
        self.retried_until = Time::NEVER;
        if wire > known {
            let next = self.attempt + 1.0;
            self.begin_attempt(if next < wire { wire } else { next });
        }
        false
    }

    /// Whether a local `retry()` has not been confirmed by the server yet.
    #[must_use]
    pub fn awaits_attempt(&self) -> bool {
        self.retried_until < Time::NEVER
    }

    /// Takes a piece of news in. `asked` is when an HTTP read was sent, whose answer may be older than what a socket
    /// said meanwhile; never for what a socket says.
    pub(crate) fn apply(
        &mut self,
        news: &Fields<'_>,
        asked: Time,
        now: Time,
        wall: u64,
    ) -> Applied {
        let status = news.status;
        let polled = asked < Time::NEVER;
        let before = self.attempt;
        if self.of_earlier_attempt(news.number(Field::Attempt), now) {
            return Applied::Late;
        }
        let begun = self.attempt != before;
        // An end without a number belongs to the attempt before a local `retry()`: an HTTP read found it too soon.
        if status.is_terminal() && polled && self.awaits_attempt() && now < self.retried_until {
            return Applied::Late;
        }
        if self.status.is_terminal() {
            return if status == self.status {
                Applied::Same
            } else {
                Applied::AfterEnd
            };
        }
        if !status.is_terminal() && self.is_late(status, news.number(Field::Progress), asked) {
            return Applied::Late;
        }
        if BROADCAST && !status.is_terminal() && self.counted_before(news, asked) {
            return Applied::Late;
        }
        self.last_news = now;
        self.source = if polled {
            Source::Polling
        } else {
            Source::Socket
        };
        let freshened = std::mem::take(&mut self.stale);
        let changed = self.merge(news, now) | freshened | begun;
        let ended = status.is_terminal();
        if changed {
            self.updated_at = wall;
        }
        if !changed && !ended {
            return Applied::Same;
        }
        self.retried_until = Time::NEVER;
        if ended {
            Applied::Ended
        } else {
            Applied::Changed
        }
    }

    /// The end was told before, and is told again by another event: what that counts. True when it is news.
    pub(crate) fn count_at_end(&mut self, news: &Fields<'_>) -> bool {
        self.count(news, &mut 0.0)
    }

    fn is_late(&self, status: Status, progress: f64, asked: Time) -> bool {
        status < self.status
            || progress < self.progress
            || progress == self.progress && asked < self.last_news
    }

    /// The same by what is counted; a percentage may stand still while that goes on.
    fn counted_before(&self, news: &Fields<'_>, asked: Time) -> bool {
        let counts = Counts::of(news);
        counts.is_before(&self.counts) || counts.repeats(&self.counts) && asked < self.last_news
    }

    /// Takes in what is counted; the percentage that follows from it is told as the job's own would be.
    fn count(&mut self, news: &Fields<'_>, progress: &mut f64) -> bool {
        let counts = Counts::of(news);
        // An end has the last word, though one that says less than was known is believed to be an end, and no more.
        let is_late = if news.status.is_terminal() {
            counts.is_less(&self.counts)
        } else {
            counts.is_before(&self.counts)
        };
        if is_late || !self.counts.merge(&counts) {
            return false;
        }
        if progress.is_nan() {
            // A total that grew makes no bar run backwards.
            *progress = self.counts.percentage().max(self.progress);
        }
        true
    }

    fn merge(&mut self, news: &Fields<'_>, now: Time) -> bool {
        let status = news.status;
        let mut changed = self.status != status;
        self.status = status;
        let mut told = news.number(Field::Progress);
        if BROADCAST {
            changed |= self.count(news, &mut told);
        }
        let progress = match status {
            Status::Completed => 100.0,
            // A failure keeps the bar where it was, whatever number comes with it.
            Status::Failed | Status::Cancelled => f64::NAN,
            _ => told,
        };
        if !progress.is_nan() {
            changed |= self.progress != progress;
            self.progress = progress;
            self.measure(progress, now);
        }
        self.shortened += news.left_out;
        for (slot, field) in self.texts.iter_mut().zip(TEXTS) {
            let Some(text) = news.text(field) else {
                continue;
            };
            let (text, was_cut) = limits::cut(text.get());
            self.shortened += u32::from(was_cut);
            // An address without its end leads somewhere else.
            if was_cut && field == Field::ResultUrl || slot.as_deref() == Some(&*text) {
                continue;
            }
            let slot = slot.get_or_insert_default();
            // Keeps the allocation, unless most of it would be idle.
            if slot.capacity() > SMALL && slot.capacity() / 2 > text.len() {
                *slot = String::new();
            }
            slot.clear();
            slot.push_str(&text);
            changed = true;
        }
        let seconds = news.number(Field::Duration);
        if !seconds.is_nan() {
            changed |= self.duration_seconds != seconds;
            self.duration_seconds = seconds;
        }
        self.retryable = news.flag(Field::Retryable);
        changed
    }

    /// Keeps a smoothed rate, from which the time left is estimated.
    fn measure(&mut self, progress: f64, now: Time) {
        if !self.rate_from.is_nan() {
            let elapsed = now.since(self.rate_since);
            if elapsed < RATE_WINDOW || progress <= self.rate_from {
                return;
            }
            let elapsed = elapsed as f64;
            let rate = (progress - self.rate_from) / elapsed;
            // A long stretch says more than a short one.
            let weight = (elapsed / 4000.0).clamp(0.15, 0.9);
            self.rate = if self.rate == 0.0 {
                rate
            } else {
                self.rate + (rate - self.rate) * weight
            };
        }
        self.rate_since = now;
        self.rate_from = progress;
    }

    /// Estimated milliseconds to the end; NaN while no rate is known.
    #[must_use]
    pub fn eta_ms(&self) -> f64 {
        if self.status != Status::Running || self.rate <= 0.0 {
            return f64::NAN;
        }
        ((100.0 - self.progress) / self.rate).min(1e12).trunc()
    }

    /// A read confirmed the state. True when the job had been stale.
    pub fn confirm(&mut self) -> bool {
        std::mem::take(&mut self.stale)
    }

    /// No news can be trusted to arrive. True when the job had been fresh; an ended job stays as it is.
    pub fn doubt(&mut self) -> bool {
        !self.status.is_terminal() && !std::mem::replace(&mut self.stale, true)
    }

    /// Appends the snapshot that JavaScript sees, as the elements of the job record of docs/core-messages.md.
    pub fn write(&self, out: &mut String) {
        push_string(out, &self.id);
        push_numbers(
            out,
            &[
                f64::from(self.status as u8),
                self.progress,
                self.attempt,
                self.updated_at as f64,
                f64::from(self.source as u8),
                f64::from(u8::from(self.stale)),
                self.eta_ms(),
                self.duration_seconds,
            ],
        );
        let counted = BROADCAST && self.counts.any();
        for (text, field) in self.texts.iter().zip(TEXTS) {
            if field == Field::Reason && text.is_none() && !counted {
                break;
            }
            push_text(out, text.as_deref());
            if field == Field::Reason {
                push_numbers(out, &[f64::from(u8::from(self.retryable))]);
            }
        }
        if counted {
            self.counts.write(out);
        }
    }

    /// The name of the event that announces the end: that of system B with Socket.IO, else those of D and E.
    #[must_use]
    pub fn end_event(&self, socketio: bool) -> &'static str {
        match (self.status, socketio) {
            (Status::Failed, false) => "error",
            (Status::Cancelled, false) => "cancelled",
            (_, false) => "completed",
            (Status::Failed, true) => "job_failed",
            (Status::Cancelled, true) => "job_cancelled",
            (_, true) => "job_completed",
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
