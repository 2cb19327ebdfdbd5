//! One job as its watchers see it, and the rules by which news changes it: progress never runs backwards within an
//! attempt, a terminal state is final within an attempt, late and repeated news is recognised and changes nothing.

use super::json::{Str, push_numbers, push_string, push_text};
use super::message::Update;
use super::time::Time;
use serde::{Deserialize, Serialize};

/// Where a job stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Nothing was heard of it yet.
    #[default]
    Unknown,
    /// Accepted, not begun.
    Queued,
    /// Under way.
    Running,
    /// Ended well.
    Completed,
    /// Ended badly.
    Failed,
    /// Ended on request.
    Cancelled,
}

impl Status {
    /// The state that a word of the five systems means, in any case.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        const WORDS: [(Status, &str); 5] = [
            (Status::Queued, "queued pending created waiting scheduled"),
            (
                Status::Running,
                "running processing started active in_progress progress",
            ),
            (
                Status::Completed,
                "completed complete succeeded success finished processed done",
            ),
            (Status::Failed, "failed failure error errored"),
            (Status::Cancelled, "cancelled canceled aborted"),
        ];
        let means = |words: &str| {
            words
                .as_bytes()
                .split(|byte| *byte == b' ')
                .any(|known| known.eq_ignore_ascii_case(word.as_bytes()))
        };
        WORDS
            .iter()
            .find(|(_, words)| means(words))
            .map(|(status, _)| *status)
    }

    /// Whether nothing more is to come within the attempt.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    /// The word JavaScript sees.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Why a job failed, as a slice of the message that said so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Failure<'a> {
    /// For people.
    pub message: Str<'a>,
    /// Whether the server would take it again.
    pub retryable: bool,
    /// In which stage.
    pub stage: Option<Str<'a>>,
}

/// Where the last news came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// A WebSocket.
    #[default]
    Socket,
    /// An HTTP read.
    Polling,
}

impl Source {
    /// The word JavaScript sees.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Socket => "socket",
            Self::Polling => "polling",
        }
    }
}

/// What became of a piece of news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// The job changed.
    Changed,
    /// The job changed and has ended: to be told at once.
    Ended,
    /// It said what was known.
    Same,
    /// It was older than what was known.
    Late,
    /// The job had ended already.
    AfterEnd,
}

/// How long after a local `retry()` an ended state read over HTTP is still taken for the old attempt's, ms.
const RETRY_GRACE: u64 = 5000;

/// Shortest stretch over which a rate is measured, ms.
const RATE_WINDOW: u64 = 200;

#[derive(Clone, Debug, PartialEq)]
struct Failed {
    message: String,
    retryable: bool,
    stage: Option<String>,
}

/// A job.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// As the server names it.
    pub id: String,
    /// Where it stands.
    pub status: Status,
    /// 0–100; `None` while unknown.
    pub progress: Option<f64>,
    /// Which try, from 1.
    pub attempt: u32,
    /// Epoch ms of the last change.
    pub updated_at: u64,
    /// Where the last news came from.
    pub source: Source,
    /// Whether the news may be old: no socket is open and the last read did not succeed.
    pub stale: bool,
    stage: Option<String>,
    message: Option<String>,
    result_url: Option<String>,
    duration_seconds: Option<f64>,
    error: Option<Failed>,
    /// The number the server gives its tries, when it gives one.
    wire_attempt: Option<u32>,
    /// Until when an ended state may be the old attempt's.
    retried_until: Option<Time>,
    last_news: Option<Time>,
    rate_from: Option<(Time, f64)>,
    /// Progress per millisecond.
    rate: f64,
}

/// Keeps the allocation of `slot` when it can. True when the text differs.
fn replace(slot: &mut Option<String>, text: Option<Str<'_>>) -> bool {
    let Some(text) = text else { return false };
    let text = text.get();
    match slot {
        Some(old) if *old == *text => false,
        Some(old) => {
            old.clear();
            old.push_str(&text);
            true
        }
        None => {
            *slot = Some(text.into_owned());
            true
        }
    }
}

impl Job {
    /// A job of which nothing is known yet.
    #[must_use]
    pub fn new(id: String) -> Self {
        Self {
            id,
            status: Status::Unknown,
            progress: None,
            attempt: 1,
            updated_at: 0,
            source: Source::Socket,
            stale: true,
            stage: None,
            message: None,
            result_url: None,
            duration_seconds: None,
            error: None,
            wire_attempt: None,
            retried_until: None,
            last_news: None,
            rate_from: None,
            rate: 0.0,
        }
    }

    fn begin_attempt(&mut self, attempt: u32) {
        self.attempt = attempt;
        self.status = Status::Queued;
        self.progress = None;
        self.stage = None;
        self.message = None;
        self.result_url = None;
        self.duration_seconds = None;
        self.error = None;
        self.rate_from = None;
        self.rate = 0.0;
    }

    /// The page asked the server for a new attempt: what follows is about that one.
    /// False when the job has not failed.
    pub fn retry(&mut self, now: Time, wall: u64) -> bool {
        if !matches!(self.status, Status::Failed | Status::Cancelled) {
            return false;
        }
        self.begin_attempt(self.attempt.saturating_add(1));
        // What still comes of the attempt before is older than this.
        self.wire_attempt = self.wire_attempt.map(|wire| wire.saturating_add(1));
        self.retried_until = Some(now.after(RETRY_GRACE));
        self.updated_at = wall;
        true
    }

    /// Whether `attempt` (of the server's counting) belongs to an earlier try; a later one begins it.
    fn of_earlier_attempt(&mut self, attempt: Option<u32>, now: Time) -> bool {
        let Some(wire) = attempt else { return false };
        let awaited = self.retried_until.is_some();
        let known = match self.wire_attempt {
            Some(known) => known,
            // The first number after an end or a local retry() is measured by our own count.
            None if awaited || self.status.is_terminal() => self.attempt,
            None => {
                self.attempt = self.attempt.max(wire);
                wire
            }
        };
        // The server never heard of a local retry(), or told of the new attempt before the page did: its count holds.
        let unheard = self.retried_until.is_some_and(|until| now >= until);
        if wire < known && !(unheard && wire.saturating_add(1) == known) {
            return true;
        }
        self.wire_attempt = Some(wire);
        self.retried_until = None;
        if wire > known {
            self.begin_attempt(self.attempt.saturating_add(1).max(wire));
        }
        false
    }

    /// Whether a local `retry()` has not been confirmed by the server yet.
    #[must_use]
    pub fn awaits_attempt(&self) -> bool {
        self.retried_until.is_some()
    }

    /// Takes a piece of news in. `asked` is when an HTTP read was sent: its answer may be older than what a socket
    /// said meanwhile.
    pub fn apply(
        &mut self,
        update: &Update<'_>,
        source: Source,
        asked: Option<Time>,
        now: Time,
        wall: u64,
    ) -> Applied {
        let status = update.status.unwrap_or(Status::Running);
        let before = self.attempt;
        if self.of_earlier_attempt(update.attempt, now) {
            return Applied::Late;
        }
        let begun = self.attempt != before;
        if status.is_terminal() && self.is_old_end(source, now) {
            return Applied::Late;
        }
        if self.status.is_terminal() {
            return if status == self.status {
                Applied::Same
            } else {
                Applied::AfterEnd
            };
        }
        if !status.is_terminal() && self.is_late(status, update.progress, asked) {
            return Applied::Late;
        }
        self.last_news = Some(now);
        self.source = source;
        let freshened = std::mem::take(&mut self.stale);
        let changed = self.merge(status, update, now) || freshened || begun;
        if changed {
            self.updated_at = wall;
        }
        match (changed, status.is_terminal()) {
            (_, true) => {
                self.retried_until = None;
                Applied::Ended
            }
            (true, false) => {
                self.retried_until = None;
                Applied::Changed
            }
            (false, false) => Applied::Same,
        }
    }

    /// Whether an end without a number belongs to the attempt before a local `retry()`: an HTTP read found it too soon.
    fn is_old_end(&self, source: Source, now: Time) -> bool {
        source == Source::Polling && self.retried_until.is_some_and(|until| now < until)
    }

    fn is_late(&self, status: Status, progress: Option<f64>, asked: Option<Time>) -> bool {
        if status < self.status {
            return true;
        }
        let Some(known) = self.progress else {
            return false;
        };
        let read_before_news =
            matches!((asked, self.last_news), (Some(asked), Some(news)) if asked < news);
        progress.is_some_and(|progress| progress < known || progress == known && read_before_news)
    }

    fn merge(&mut self, status: Status, update: &Update<'_>, now: Time) -> bool {
        let mut changed = self.status != status;
        self.status = status;
        // A failure keeps the bar where it was, whatever number comes with it.
        let progress = if matches!(status, Status::Failed | Status::Cancelled) {
            None
        } else {
            update.progress
        };
        if let Some(progress) = if status == Status::Completed {
            Some(100.0)
        } else {
            progress
        } {
            changed |= self.progress != Some(progress);
            self.progress = Some(progress);
            self.measure(progress, now);
        }
        changed |= replace(&mut self.stage, update.stage);
        changed |= replace(&mut self.message, update.message);
        changed |= replace(&mut self.result_url, update.result_url);
        if update.duration_seconds.is_some() {
            changed |= self.duration_seconds != update.duration_seconds;
            self.duration_seconds = update.duration_seconds;
        }
        if let Some(failure) = &update.error {
            changed = true;
            self.error = Some(Failed {
                message: failure.message.get().into_owned(),
                retryable: failure.retryable,
                stage: failure.stage.map(|stage| stage.get().into_owned()),
            });
        }
        changed
    }

    /// Keeps a smoothed rate, from which the time left is estimated.
    fn measure(&mut self, progress: f64, now: Time) {
        let Some((since, from)) = self.rate_from else {
            self.rate_from = Some((now, progress));
            return;
        };
        let elapsed = now.since(since);
        if elapsed < RATE_WINDOW || progress <= from {
            return;
        }
        let rate = (progress - from) / elapsed as f64;
        // A long stretch says more than a short one.
        let weight = (elapsed as f64 / 4000.0).clamp(0.15, 0.9);
        self.rate = if self.rate == 0.0 {
            rate
        } else {
            self.rate + (rate - self.rate) * weight
        };
        self.rate_from = Some((now, progress));
    }

    /// Estimated milliseconds to the end, when a rate is known.
    #[must_use]
    pub fn eta_ms(&self) -> Option<u64> {
        let left = 100.0 - self.progress?;
        let known = self.status == Status::Running && self.rate > 0.0;
        known.then(|| (left / self.rate).min(1e12) as u64)
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
        let numbers = [
            f64::from(self.status as u8),
            self.progress.unwrap_or(f64::NAN),
            f64::from(self.attempt),
            self.updated_at as f64,
            f64::from(self.source as u8),
            f64::from(u8::from(self.stale)),
            self.eta_ms().map_or(f64::NAN, |eta| eta as f64),
            self.duration_seconds.unwrap_or(f64::NAN),
        ];
        push_numbers(out, &numbers);
        for text in [&self.stage, &self.message, &self.result_url] {
            push_text(out, text.as_deref());
        }
        if let Some(error) = &self.error {
            push_text(out, Some(&error.message));
            push_numbers(out, &[f64::from(u8::from(error.retryable))]);
            push_text(out, error.stage.as_deref());
        }
    }

    /// The name of the event that announces the end.
    #[must_use]
    pub fn end_event(&self) -> &'static str {
        match self.status {
            Status::Failed => "error",
            Status::Cancelled => "cancelled",
            _ => "completed",
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn progress(value: f64) -> Update<'static> {
        Update {
            status: Some(Status::Running),
            progress: Some(value),
            ..Update::default()
        }
    }

    fn state(status: Status) -> Update<'static> {
        Update {
            status: Some(status),
            ..Update::default()
        }
    }

    fn push(job: &mut Job, update: &Update<'_>, at: u64) -> Applied {
        job.apply(update, Source::Socket, None, Time(at), at)
    }

    #[test]
    fn progress_never_runs_backwards_within_an_attempt() {
        let mut job = Job::new("j".into());
        assert_eq!(push(&mut job, &progress(40.0), 1), Applied::Changed);
        assert_eq!(push(&mut job, &progress(30.0), 2), Applied::Late);
        assert_eq!(push(&mut job, &progress(40.0), 3), Applied::Same);
        assert_eq!(push(&mut job, &state(Status::Queued), 4), Applied::Late);
        assert_eq!((job.progress, job.updated_at), (Some(40.0), 1));
    }

    #[test]
    fn an_end_is_final_and_a_failure_holds_the_bar() {
        let mut job = Job::new("j".into());
        push(&mut job, &progress(60.0), 1);
        assert_eq!(
            push(
                &mut job,
                &Update {
                    progress: Some(0.0),
                    ..state(Status::Failed)
                },
                2
            ),
            Applied::Ended
        );
        assert_eq!(job.progress, Some(60.0));
        assert_eq!(push(&mut job, &state(Status::Failed), 3), Applied::Same);
        assert_eq!(
            push(&mut job, &state(Status::Completed), 4),
            Applied::AfterEnd
        );
        assert_eq!(push(&mut job, &progress(99.0), 5), Applied::AfterEnd);
        assert_eq!((job.status, job.progress), (Status::Failed, Some(60.0)));
    }

    #[test]
    fn a_higher_attempt_begins_anew_and_a_lower_one_is_late() {
        let mut job = Job::new("j".into());
        push(
            &mut job,
            &Update {
                attempt: Some(1),
                ..progress(80.0)
            },
            1,
        );
        push(
            &mut job,
            &Update {
                attempt: Some(1),
                ..state(Status::Failed)
            },
            2,
        );
        assert_eq!(
            push(
                &mut job,
                &Update {
                    attempt: Some(2),
                    ..progress(5.0)
                },
                3
            ),
            Applied::Changed
        );
        assert_eq!(
            (job.attempt, job.progress, job.status),
            (2, Some(5.0), Status::Running)
        );
        assert_eq!(
            push(
                &mut job,
                &Update {
                    attempt: Some(1),
                    ..state(Status::Failed)
                },
                4
            ),
            Applied::Late
        );
    }

    #[test]
    fn a_local_retry_is_the_attempt_the_server_counts_next() {
        let mut job = Job::new("j".into());
        push(
            &mut job,
            &Update {
                attempt: Some(1),
                ..state(Status::Failed)
            },
            1,
        );
        assert!(job.retry(Time(2), 2));
        assert_eq!((job.attempt, job.status), (2, Status::Queued));
        let old_end = Update {
            attempt: Some(1),
            ..state(Status::Failed)
        };
        assert_eq!(
            job.apply(&old_end, Source::Polling, Some(Time(2)), Time(3), 3),
            Applied::Late
        );
        assert_eq!(
            push(
                &mut job,
                &Update {
                    attempt: Some(2),
                    ..progress(1.0)
                },
                4
            ),
            Applied::Changed
        );
        assert_eq!(job.attempt, 2);
        assert!(!job.retry(Time(5), 5));
    }

    #[test]
    fn a_read_sent_before_the_last_news_cannot_take_it_back() {
        let mut job = Job::new("j".into());
        push(&mut job, &progress(50.0), 10);
        let read = Update {
            progress: Some(50.0),
            ..state(Status::Running)
        };
        assert_eq!(
            job.apply(&read, Source::Polling, Some(Time(5)), Time(12), 12),
            Applied::Late
        );
        assert_eq!(
            job.apply(&read, Source::Polling, Some(Time(11)), Time(12), 12),
            Applied::Same
        );
    }

    #[test]
    fn time_left_follows_the_rate() {
        let mut job = Job::new("j".into());
        for step in 0..=10u32 {
            push(
                &mut job,
                &progress(f64::from(step) * 5.0),
                u64::from(step) * 1000,
            );
        }
        assert_eq!(job.eta_ms(), Some(10_000));
        push(&mut job, &state(Status::Completed), 11_000);
        assert_eq!(job.eta_ms(), None);
    }

    #[test]
    fn a_snapshot_is_a_list_with_null_for_what_is_unknown() {
        let mut job = Job::new("a\"b".into());
        push(&mut job, &progress(12.5), 7);
        let mut out = String::new();
        job.write(&mut out);
        assert_eq!(out, r#""a\"b",2,12.5,1,7,0,0,null,null,null,null,null"#);
    }

    fn any_update() -> impl Strategy<Value = Update<'static>> {
        let status = prop_oneof![
            Just(Status::Queued),
            Just(Status::Running),
            Just(Status::Completed),
            Just(Status::Failed),
            Just(Status::Cancelled)
        ];
        (
            status,
            proptest::option::of(0.0..100.0f64),
            proptest::option::of(0u32..4),
        )
            .prop_map(|(status, progress, attempt)| Update {
                status: Some(status),
                progress,
                attempt,
                ..Update::default()
            })
    }

    proptest! {
        #[test]
        fn whatever_comes_the_rules_hold(updates in proptest::collection::vec((any_update(), any::<bool>()), 1..60)) {
            let mut job = Job::new("j".into());
            let mut ended = std::collections::HashMap::<u32, Status>::new();
            for (at, (update, polled)) in updates.iter().enumerate() {
                let before = job.clone();
                let source = if *polled { Source::Polling } else { Source::Socket };
                let applied = job.apply(update, source, None, Time(at as u64), at as u64);
                prop_assert!(job.attempt >= before.attempt);
                if job.attempt == before.attempt {
                    prop_assert!(job.progress >= before.progress);
                    prop_assert!(job.status >= before.status);
                }
                if applied == Applied::Ended {
                    prop_assert!(ended.insert(job.attempt, job.status).is_none());
                }
                if let Some(end) = ended.get(&job.attempt) {
                    prop_assert_eq!(*end, job.status);
                }
            }
        }
    }
}
