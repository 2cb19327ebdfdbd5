//! "What must always hold" (DESIGN.md), watched from outside: only what goes into the engine and comes out of it, and
//! the server's truth. The first broken line is kept.

use crate::page::{Found, JobRecord, Page, Record, Shown};
use crate::plan::{Attempts, Plan};
use crate::server::{Said, Truth};
use jobwire::core::{Ask, Command, Gen, HttpOutcome, Input, Output, Problem};
use std::collections::{BTreeMap, BTreeSet};

/// Reads the engine may have under way.
const READS_AT_ONCE: usize = 4;
/// The longest wait for a frame, ms.
const FRAME: u64 = 100;
/// A jump of the wall clock that counts as sleep, ms.
const SLEPT: u64 = 5000;
/// How long after a `retry()` an end found by a read is taken for the old attempt's, and some, ms.
const RETRY_GRACE: u64 = 6000;
/// How long a token must serve to count as good, at least, ms.
const PROVEN: u64 = 1000;

struct Socket {
    key: usize,
    auth: Option<u32>,
    opened_at: Option<u64>,
}

/// What is known of a pool key: a job, or (the last) all of them.
#[derive(Clone, Default)]
struct Key {
    failures: u32,
    /// No attempt before this time.
    earliest: Option<u64>,
    /// Since when nobody listens.
    idle_since: Option<u64>,
}

#[derive(Clone, Default)]
struct Job {
    /// A repeated snapshot is due: somebody new looks.
    looked_at: bool,
    /// It may have begun anew, which the page learns with its next frame.
    restarted: bool,
    end_events: usize,
    ended_attempts: BTreeSet<u32>,
    last_end: &'static str,
    /// `retry()` was called though the server may never hear of it.
    guessed: usize,
    /// Numbers of the messages handed in, in order, and how many of them the listeners are past.
    arrived: Vec<u64>,
    heard: usize,
    last_heard: (u32, u64),
    refreshing: usize,
    /// A read sent after the socket opened has succeeded, and nothing happened since that calls for another.
    healed: bool,
    wait_until: Option<u64>,
    /// Until when an ended state read over HTTP may be the old attempt's, which calls for another read.
    doubtful_until: u64,
}

struct Read {
    job: usize,
    sent: u64,
    auth: Option<u32>,
    refreshes: bool,
}

pub struct Check {
    pub broken: Option<String>,
    pub ends_seen: u64,
    sockets: BTreeMap<u64, Socket>,
    keys: Vec<Key>,
    jobs: Vec<Job>,
    reads: BTreeMap<u32, Read>,
    /// The probe under way; 0: none.
    probe: u32,
    refused: BTreeSet<u32>,
    refreshes: BTreeMap<u32, usize>,
    /// When sockets were opened, reads sent and tokens asked for lately; each leaves a reminder behind.
    recent: Vec<u64>,
    dirty: bool,
    last_seq: u64,
    epoch: Option<u64>,
    /// When a listener last left: events that wait for a frame are its own to ignore.
    left_at: u64,
}

/// The request whose token is used; the core says 0 for none.
pub fn token_of(auth: u32) -> Option<u32> {
    (auth > 0).then_some(auth)
}

fn is_refusal(code: u16) -> bool {
    code == 1008 || (4400..=4499).contains(&code) && ![4404, 4408, 4429].contains(&code)
}

impl Check {
    pub fn new(jobs: usize) -> Self {
        Self {
            broken: None,
            ends_seen: 0,
            sockets: BTreeMap::new(),
            keys: vec![
                Key {
                    idle_since: Some(0),
                    ..Key::default()
                };
                jobs + 1
            ],
            jobs: vec![Job::default(); jobs + 1],
            reads: BTreeMap::new(),
            probe: 0,
            refused: BTreeSet::new(),
            refreshes: BTreeMap::new(),
            recent: Vec::new(),
            dirty: false,
            last_seq: 0,
            epoch: None,
            left_at: 0,
        }
    }

    pub fn ensure(&mut self, holds: bool, why: impl FnOnce() -> String) {
        if !holds && self.broken.is_none() {
            self.broken = Some(why());
        }
    }

    pub fn live_sockets(&self) -> usize {
        self.sockets.len()
    }

    /// The pool key of a socket's URL.
    fn key_of(plan: &Plan, truth: &Truth, url: &str) -> Option<usize> {
        if !plan.per_job() {
            return url.ends_with("/api/v1/stream").then_some(plan.jobs);
        }
        let id = url.split_once("/api/v1/jobs/")?.1.strip_suffix("/stream")?;
        truth.jobs.iter().position(|job| job.encoded == id)
    }

    pub fn read_target(truth: &Truth, url: &str) -> Option<usize> {
        let id = url.split_once("/api/v1/jobs/")?.1;
        truth.jobs.iter().position(|job| job.encoded == id)
    }

    fn shared_or(&self, plan: &Plan, job: usize) -> usize {
        if plan.per_job() { job } else { plan.jobs }
    }

    fn forgive(&mut self, key: usize) {
        self.keys[key].failures = 0;
        self.keys[key].earliest = None;
    }

    fn forgive_all(&mut self) {
        for key in 0..self.keys.len() {
            self.forgive(key);
            self.jobs[key].healed = false;
            self.jobs[key].wait_until = None;
        }
    }

    /// Before the engine sees an input.
    pub fn before(&mut self, plan: &Plan, truth: &Truth, mono: u64, input: &Input) {
        match input {
            Input::Command(command) => self.command(plan, truth, mono, command),
            Input::Opened { r#gen } => {
                if let Some(socket) = self.sockets.get_mut(&r#gen.id()) {
                    socket.opened_at = Some(mono);
                    self.unheal();
                }
            }
            Input::Closed { r#gen, code, .. } => {
                if let Some(socket) = self.sockets.remove(&r#gen.id()) {
                    self.failed(plan, mono, &socket, *code);
                }
            }
            Input::Http { req, .. } if *req == self.probe => self.probe = 0,
            Input::Http { req, outcome } => self.answered(plan, mono, *req, outcome),
            Input::Clock { wall } => {
                // A machine that slept wakes its connections.
                let epoch = wall.saturating_sub(mono);
                if self
                    .epoch
                    .replace(epoch)
                    .is_some_and(|known| epoch > known + SLEPT)
                {
                    self.forgive_all();
                }
            }
            Input::Take => self.dirty = false,
            _ => {}
        }
    }

    fn unheal(&mut self) {
        for job in &mut self.jobs {
            job.healed = false;
            job.wait_until = None;
        }
    }

    fn command(&mut self, plan: &Plan, truth: &Truth, mono: u64, command: &Command) {
        let shared = plan.jobs;
        let known = truth.jobs.iter().position(|job| job.id == command.text);
        match (command.what, known) {
            (Ask::Follow | Ask::Retry | Ask::Unfollow, Some(job)) => {
                self.jobs[job].healed = false;
                self.jobs[job].wait_until = None;
                if command.what == Ask::Retry {
                    self.jobs[job].restarted = true;
                    self.jobs[job].doubtful_until = mono + RETRY_GRACE;
                }
                if command.what == Ask::Follow {
                    self.jobs[job].looked_at = true;
                }
            }
            (Ask::Refresh, Some(job)) => {
                self.jobs[job].refreshing += 1;
                self.refreshes.insert(command.n as u32, job);
            }
            (Ask::Connect | Ask::Disconnect | Ask::Suspend | Ask::Wake, _) => {
                // Whoever connects wants to be connected, if only for the linger time.
                self.keys[shared].idle_since = None;
                self.forgive_all();
            }
            (Ask::WatchAll, _) => {
                for job in &mut self.jobs {
                    job.looked_at = true;
                }
            }
            (Ask::Listen, _) => self.left_at = mono,
            _ => {}
        }
    }

    /// "No attempt sooner than the back-off allows": the n-th failure in a row is followed by a pause of at least the
    /// part of `min(base · 2^(n−1), max)` that is not left to chance; the count starts anew only after `minUptime`.
    fn failed(&mut self, plan: &Plan, mono: u64, socket: &Socket, code: u16) {
        self.unheal();
        let config = &plan.config;
        let uptime = socket.opened_at.map(|at| mono.saturating_sub(at));
        let backoff = &config.backoff;
        let min_uptime = backoff.min_uptime;
        if let Some(auth) = socket.auth {
            if uptime.is_some_and(|uptime| uptime >= min_uptime.max(PROVEN)) {
                self.refused.retain(|refused| *refused >= auth);
            }
            if is_refusal(code) {
                self.refused.insert(auth);
            }
        }
        let key = &mut self.keys[socket.key];
        if uptime.is_some_and(|uptime| uptime >= min_uptime) {
            key.failures = 0;
        }
        key.failures += 1;
        key.earliest = None;
        if is_refusal(code) {
            return;
        }
        let polls = config.polls();
        key.earliest = Some(match config.reconnects {
            false => u64::MAX,
            true if !polls && backoff.exhausted(key.failures) => u64::MAX,
            true => {
                let ceiling = backoff.ceiling(key.failures - 1);
                let sure = ceiling - ceiling * u64::from(backoff.jitter) / 1000;
                let told = if [1013, 4429].contains(&code) {
                    backoff.max_delay / 2
                } else {
                    0
                };
                mono + sure.max(told)
            }
        });
    }

    fn answered(&mut self, plan: &Plan, mono: u64, req: u32, outcome: &HttpOutcome) {
        let Some(read) = self.reads.remove(&req) else {
            return;
        };
        let Some(interval) = plan.interval() else {
            return;
        };
        let HttpOutcome {
            status,
            retry_after,
            etag,
            ..
        } = outcome;
        match *status {
            0 => {}
            // Only a sound answer has a tag.
            200 if etag.is_none() => {}
            200 | 304 => {
                self.jobs[read.job].wait_until = None;
                if let Some(auth) = read.auth {
                    self.refused.retain(|refused| *refused >= auth);
                }
                self.jobs[read.job].restarted |= read.refreshes;
                let key = self.shared_or(plan, read.job);
                let open_since = self.sockets.values().filter(|socket| socket.key == key);
                let open_since = open_since.filter_map(|socket| socket.opened_at).next();
                let settled = mono > self.jobs[read.job].doubtful_until;
                self.jobs[read.job].healed =
                    settled && open_since.is_some_and(|since| since < read.sent);
            }
            401 | 403 => {
                if let Some(auth) = read.auth {
                    self.refused.insert(auth);
                }
            }
            429 | 503 => {
                if let Some(wait) = retry_after {
                    self.jobs[read.job].wait_until = Some(mono + (*wait).max(interval));
                }
            }
            _ => {}
        }
    }

    /// One thing the engine asks for.
    pub fn output(&mut self, plan: &Plan, page: &Page, truth: &Truth, mono: u64, output: &Output) {
        self.no_token_in(output);
        self.nothing_after_close(page, output);
        match output {
            Output::Open { r#gen, url, auth } => {
                self.opens(plan, truth, mono, *r#gen, url, token_of(*auth))
            }
            Output::Close { r#gen, reason, .. } => {
                let socket = self.sockets.remove(&r#gen.id());
                self.ensure(socket.is_some(), || {
                    format!("a socket is closed twice: {output:?}")
                });
                let Some(socket) = socket else { return };
                match &**reason {
                    "no heartbeat" | "handshake timed out" => {
                        self.failed(plan, mono, &socket, 1006)
                    }
                    "silent on waking" => self.unheal(),
                    _ => self.forgive(socket.key),
                }
            }
            Output::Send { r#gen, .. } => {
                let open = self
                    .sockets
                    .get(&r#gen.id())
                    .is_some_and(|s| s.opened_at.is_some());
                self.ensure(open, || {
                    format!("sent on a socket that is not open: {output:?}")
                });
            }
            Output::Fetch { url, .. } => {
                let job = Self::read_target(truth, url);
                self.ensure(job.is_some(), || format!("a read of something else: {url}"));
                if let Some(job) = job {
                    self.reads(plan, page, mono, output, job);
                }
            }
            Output::SendToken { .. }
            | Output::SendBinary { .. }
            | Output::Poll { .. }
            | Output::Keep { .. }
            | Output::Hand { .. }
            | Output::Forget { .. } => self.ensure(false, || {
                format!("only a Socket.IO client asks for this: {output:?}")
            }),
            Output::Probe { req, .. } => {
                let another = std::mem::replace(&mut self.probe, *req) > 0;
                self.ensure(!another, || "two probes at once".into());
                self.ensure(plan.interval().is_none(), || {
                    "a probe where reads tell as much".into()
                });
                self.recent.push(mono);
            }
            Output::Abort { req } if *req == self.probe => self.probe = 0,
            Output::Abort { req } => {
                let known = self.reads.remove(req).is_some();
                self.ensure(known, || "a read that is not under way is aborted".into());
            }
            Output::NeedToken { .. } => self.recent.push(mono),
            Output::Dirty => {
                let again = std::mem::replace(&mut self.dirty, true);
                self.ensure(!again, || "dirty was said twice before a take".into());
            }
            Output::Batch(_) => {}
        }
    }

    /// "A token never appears in a log entry, an error, an inspection or a recording."
    fn no_token_in(&mut self, output: &Output) {
        let text = match output {
            Output::Open { url, .. } | Output::Fetch { url, .. } | Output::Probe { url, .. } => {
                url.as_str()
            }
            Output::Close { reason, .. } => &**reason,
            Output::Send { text, .. } | Output::Batch(text) => text.as_str(),
            _ => return,
        };
        self.ensure(!text.contains("secret-"), || {
            format!("a token came out: {output:?}")
        });
    }

    /// "Nothing is delivered after `close()`": only refusals of what still asks for an answer.
    fn nothing_after_close(&mut self, page: &Page, output: &Output) {
        if page.closed {
            let refusal = matches!(output, Output::Batch(text) if text.starts_with("[5,"));
            self.ensure(refusal, || format!("delivered after close: {output:?}"));
        }
    }

    /// "At most one live socket per pool key, never more than `maxSockets`", and the back-off.
    fn opens(
        &mut self,
        plan: &Plan,
        truth: &Truth,
        mono: u64,
        r#gen: Gen,
        url: &str,
        auth: Option<u32>,
    ) {
        let Some(key) = Self::key_of(plan, truth, url) else {
            return self.ensure(false, || format!("a socket to somewhere else: {url}"));
        };
        let another = self.sockets.values().any(|socket| socket.key == key);
        self.ensure(!another, || format!("a second socket to {url}"));
        self.sockets.insert(
            r#gen.id(),
            Socket {
                key,
                auth,
                opened_at: None,
            },
        );
        let (live, most) = (self.sockets.len(), plan.config.max_sockets);
        self.ensure(live <= most, || {
            format!("{live} sockets, {most} are allowed")
        });
        let Key {
            failures, earliest, ..
        } = self.keys[key];
        self.ensure(earliest.is_none_or(|at| at <= mono), || {
            format!("opened {url} after {failures} failures, {earliest:?} was the earliest time")
        });
        self.recent.push(mono);
    }

    /// Reads: a few at once, none of an ended job, none while a socket is open and nothing was missed, none with a
    /// token that was refused, none sooner than the server asked for.
    fn reads(&mut self, plan: &Plan, page: &Page, mono: u64, output: &Output, job: usize) {
        let Output::Fetch { req, auth, .. } = output else {
            return;
        };
        let (req, auth) = (*req, token_of(*auth));
        let state = &self.jobs[job];
        let (refreshing, healed, wait) = (state.refreshing > 0, state.healed, state.wait_until);
        let key = self.shared_or(plan, job);
        let open = self
            .sockets
            .values()
            .any(|socket| socket.key == key && socket.opened_at.is_some());
        let over = page.followers[job] > 0 && page.shown[job].as_ref().is_some_and(Shown::is_over);
        self.reads.insert(
            req,
            Read {
                job,
                sent: mono,
                auth,
                refreshes: refreshing,
            },
        );
        let under_way = self.reads.len();
        self.ensure(under_way <= READS_AT_ONCE, || {
            format!("{under_way} reads at once")
        });
        let reused = auth.is_some_and(|auth| self.refused.contains(&auth));
        self.ensure(!reused, || "read with a token that was refused".into());
        let over = over && !self.dirty && !self.jobs[job].restarted;
        if !refreshing {
            self.ensure(!over, || format!("job {job} is read though it has ended"));
            self.ensure(!(open && healed), || {
                format!("job {job} is read though its socket is open")
            });
            self.ensure(wait.is_none_or(|until| until <= mono), || {
                format!("job {job} is read before {wait:?}, which the server asked for")
            });
        }
        self.recent.push(mono);
    }

    /// Messages that are about to be handed in.
    pub fn arrives(&mut self, plan: &Plan, page: &Page, said: Said) {
        let index = said.job.unwrap_or(plan.jobs);
        let job = &mut self.jobs[index];
        job.arrived.push(said.number);
        // The shared socket tells of new attempts also while nobody looks: what the page saw last is no measure then.
        let shown = page.shown.get(index).and_then(Option::as_ref);
        // The end of an attempt that `retry()` only guessed gives way to the real one, which has the same number.
        let least = u32::from(job.guessed == 0);
        job.restarted |= plan.attempts != Attempts::Nowhere
            && shown.is_some_and(|shown| said.attempt >= shown.attempt + least);
    }

    /// What the page was told; `now` is the server's time.
    pub fn records(
        &mut self,
        plan: &Plan,
        page: &mut Page,
        truth: &Truth,
        now: u64,
        mono: u64,
        records: &[Record<'_>],
    ) {
        for record in records {
            match record {
                Record::Job(record) => self.job(plan, page, truth, now, record),
                Record::Event(name, payload, meta) => {
                    let last = std::mem::replace(&mut self.last_seq, meta.seq);
                    self.ensure(meta.seq >= last, || {
                        format!("event {} after {last}", meta.seq)
                    });
                    let heard = page.hears(name) || mono <= self.left_at + FRAME;
                    self.ensure(heard, || format!("nobody listens to {name}"));
                    if let (Some(number), None) = (payload.n, &meta.invalid) {
                        self.events_in_wire_order(truth, number);
                    }
                    let end = ["completed", "error", "cancelled"]
                        .into_iter()
                        .find(|end| end == name);
                    let job = meta
                        .job_id
                        .as_ref()
                        .and_then(|id| truth.jobs.iter().position(|job| job.id == *id));
                    if let (Some(end), Some(job), None) = (end, job, &meta.invalid) {
                        self.end_event(truth, job, end, payload.n);
                    }
                }
                Record::Status(status) => {
                    page.state = status.state.to_string();
                    let auth = [Problem::TokenRefused, Problem::TokenMissing]
                        .iter()
                        .any(|problem| *problem as u8 == status.problem);
                    if status.state == "failed" && auth {
                        self.two_tokens_were_refused(plan);
                    }
                }
                Record::Log => {}
                Record::Reply(rid) => self.reply(page, *rid),
            }
        }
    }

    /// Every `rid` is answered exactly once.
    fn reply(&mut self, page: &mut Page, rid: u32) {
        let Some(count) = page.answers.get_mut(rid as usize) else {
            return self.ensure(false, || format!("an answer nobody asked for: {rid}"));
        };
        *count += 1;
        let once = *count == 1;
        self.ensure(once, || format!("rid {rid} is answered twice"));
        if let Some(job) = self.refreshes.remove(&rid) {
            self.jobs[job].refreshing -= 1;
        }
    }

    /// The client gives up only after a token and the one that was asked for in its place were refused.
    fn two_tokens_were_refused(&mut self, plan: &Plan) {
        if plan.config.token {
            let refused = self.refused.clone();
            self.ensure(refused.len() >= 2, || {
                format!("failed for want of a token, but only {refused:?} were refused")
            });
        }
    }

    /// "Progress never decreases within an attempt. A terminal state is reported exactly once, never before the server
    /// reached it, and never left."
    fn job(
        &mut self,
        plan: &Plan,
        page: &mut Page,
        truth: &Truth,
        now: u64,
        record: &JobRecord<'_>,
    ) {
        let Some(job) = truth.jobs.iter().position(|job| job.id == record.id) else {
            return self.ensure(record.id.starts_with("ghost") && page.watch_all, || {
                format!("a record of a job that nobody looks at: {}", record.id)
            });
        };
        let wanted = page.followers[job] > 0 || page.watch_all;
        self.ensure(wanted, || {
            format!("a record of job {job}, which nobody looks at")
        });
        let shown = Shown {
            status: record.status.to_string(),
            progress: record.progress,
            stage: record.stage.as_ref().map(ToString::to_string),
            attempt: record.attempt,
            stale: record.stale,
        };
        self.jobs[job].restarted = false;
        let again = std::mem::take(&mut self.jobs[job].looked_at);
        let before = page.shown[job].replace(shown.clone());
        let ended_now = match before {
            Some(before) => {
                let back = before.attempt > shown.attempt;
                self.ensure(!back, || {
                    format!("job {job} went back to an earlier attempt: {before:?} → {shown:?}")
                });
                if before.attempt == shown.attempt {
                    let backwards = before.progress > shown.progress;
                    self.ensure(!backwards, || {
                        format!("job {job} ran backwards: {before:?} → {shown:?}")
                    });
                    if before.is_over() {
                        let left = before.status != shown.status;
                        self.ensure(!left, || {
                            format!("job {job} left its end: {before:?} → {shown:?}")
                        });
                        self.ensure(again, || format!("job {job} ended twice: {shown:?}"));
                    }
                }
                shown.is_over() && !(before.is_over() && before.attempt == shown.attempt)
            }
            None => shown.is_over(),
        };
        if ended_now {
            self.ends_seen += 1;
            let counted = plan.attempts == Attempts::Everywhere && self.jobs[job].guessed == 0;
            let reached = truth.jobs[job].ends.iter().any(|(at, attempt, how)| {
                *at <= now && *how == shown.status && (!counted || *attempt == shown.attempt)
            });
            self.ensure(reached, || {
                format!(
                    "job {job} is said to have ended: {shown:?}; {:?}",
                    truth.jobs[job].ends
                )
            });
        }
    }

    pub fn any_retry(&self) -> bool {
        self.jobs.iter().any(|job| job.doubtful_until > 0)
    }

    pub fn guessed(&mut self, job: usize) {
        self.jobs[job].guessed += 1;
    }

    /// "Ordering": what listeners hear of a job is a part of what was handed in, in the same order; progress never
    /// runs backwards there either.
    fn events_in_wire_order(&mut self, truth: &Truth, number: u64) {
        let said = truth.said[number as usize];
        let index = said.job.unwrap_or(self.jobs.len() - 1);
        let job = &mut self.jobs[index];
        let found = job.arrived[job.heard..]
            .iter()
            .position(|arrived| *arrived == number);
        if let Some(steps) = found {
            job.heard += steps + 1;
        }
        let step = (said.attempt, said.progress);
        let forward = job.last_heard <= step || said.job.is_none();
        let last = std::mem::replace(&mut job.last_heard, step);
        self.ensure(found.is_some(), || {
            format!("event {number} of job {index} is out of order")
        });
        self.ensure(forward, || {
            format!("event {number}: {last:?} → {step:?} of job {index}")
        });
    }

    fn end_event(&mut self, truth: &Truth, index: usize, end: &'static str, number: Option<u64>) {
        let job = &mut self.jobs[index];
        job.end_events += 1;
        job.last_end = end;
        let first = number.is_none_or(|number| {
            job.ended_attempts
                .insert(truth.said[number as usize].attempt)
        }) || job.guessed > 0;
        let (told, reached) = (job.end_events, truth.jobs[index].ends.len() + job.guessed);
        self.ensure(first, || {
            format!("listeners were told twice that job {index} ended: {end}")
        });
        self.ensure(told <= reached, || {
            format!("{told} ends of job {index} were told, there were {reached}")
        });
    }

    /// After every input: nobody's socket outlives the linger time.
    pub fn after(&mut self, plan: &Plan, page: &Page, mono: u64) {
        for index in 0..=plan.jobs {
            let used = match index.checked_sub(plan.jobs) {
                None => page.followers[index] > 0,
                Some(_) => {
                    let unanswered = page.answers.contains(&0);
                    page.followers.iter().any(|count| *count > 0)
                        || page.watch_all
                        || page.hears_anything()
                        || unanswered
                }
            };
            let key = &mut self.keys[index];
            key.idle_since = if used {
                None
            } else {
                key.idle_since.or(Some(mono))
            };
            if let Some(since) = key.idle_since
                && mono > since + plan.config.linger
                && self.sockets.values().any(|socket| socket.key == index)
            {
                self.ensure(false, || {
                    format!("socket {index} lives though nobody has listened since {since}")
                });
            }
        }
    }

    /// "Queues, history and tables stay within their bounds."
    pub fn bounds(&mut self, plan: &Plan, mono: u64, found: &Found) {
        let config = &plan.config;
        let horizon = (config.heartbeat_interval + config.heartbeat_timeout).max(30_000);
        self.recent.retain(|at| at + horizon >= mono);
        // Every socket, read and token request leaves one reminder until its time has passed; a socket may be probed.
        let reminders = 16 + 4 * plan.jobs + 3 * self.recent.len();
        let within = [
            ("outgoing", found.outgoing, config.queue_items),
            ("outgoing bytes", found.outgoing_bytes, config.queue_bytes),
            ("reading", found.reading, READS_AT_ONCE),
            ("reads in line", found.reads_in_line, plan.jobs),
            ("jobs in line", found.jobs_in_line, plan.jobs),
            ("reminders", found.reminders, reminders),
            ("connections", found.connections, config.max_sockets),
            ("history", found.history, config.history),
            ("jobs", found.jobs, plan.jobs + 2),
        ];
        for (what, is, most) in within {
            self.ensure(is <= most, || {
                format!("{what}: {is}, at most {most} are allowed")
            });
        }
    }

    /// "After the faults end, every followed job shows the server's truth."
    pub fn truth(&mut self, plan: &Plan, page: &Page, truth: &Truth, still: u64, all: bool) {
        for index in 0..plan.jobs {
            if page.followers[index] == 0 {
                continue;
            }
            let job = &truth.jobs[index];
            let over = truth.is_over(index);
            // Without reads a server that keeps no history tells a job's state with its next message; the end is told
            // again on a socket of the job's own.
            let told_again = plan.per_job() || job.ends.last().is_some_and(|(at, ..)| *at > still);
            if !(plan.config.polls() || all && over && told_again) {
                continue;
            }
            let Some(shown) = &page.shown[index] else {
                self.ensure(false, || format!("job {index} was never shown"));
                continue;
            };
            // After an end nothing is asked any more: an attempt somebody else began is found by `refresh()`.
            let ended_so = |end: &(u64, u32, &str)| {
                end.1 == shown.attempt || self.jobs[index].guessed > 0 && end.2 == shown.status
            };
            let passed = shown.attempt < job.attempt || self.jobs[index].guessed > 0;
            if shown.is_over() && passed && job.ends.iter().any(ended_so) {
                continue;
            }
            let progress = shown.progress.map(|progress| progress as u64);
            let same = shown.status == job.status
                && match job.status {
                    "running" => {
                        progress == Some(job.progress)
                            && shown.stage.as_deref() == Some(truth.stage(index))
                    }
                    "completed" => progress == Some(100),
                    _ => true,
                }
                && (plan.attempts == Attempts::Nowhere
                    || self.jobs[index].guessed > 0
                    || shown.attempt == job.attempt);
            self.ensure(same, || {
                format!(
                    "job {index} shows {shown:?}, the truth is {job:?}, the client is {}",
                    page.state
                )
            });
            self.ensure(over || !shown.stale, || {
                format!("job {index} is stale: {shown:?}")
            });
        }
    }

    /// Whoever listened all the time heard of the end of every job shown as ended.
    pub fn ends_were_told(&mut self, page: &Page) {
        for (index, shown) in page.shown.iter().enumerate() {
            if let Some(shown) = shown
                && shown.is_over()
                && page.followers[index] > 0
            {
                let expected = if shown.status == "failed" {
                    "error"
                } else {
                    shown.status.as_str()
                };
                let told = self.jobs[index].last_end;
                self.ensure(told == expected, || {
                    format!("job {index} {expected}, listeners were told {told:?}")
                });
            }
        }
    }

    /// At the very end: no socket and no read is left, every request was answered.
    pub fn nothing_left(&mut self, page: &Page) {
        let (sockets, reads) = (self.sockets.len(), self.reads.len());
        self.ensure(sockets == 0 && reads == 0, || {
            format!("{sockets} sockets and {reads} reads are left")
        });
        let unanswered: Vec<_> = (0..page.answers.len())
            .filter(|rid| page.answers[*rid] != 1)
            .collect();
        self.ensure(unanswered.is_empty(), || {
            format!("not answered: {unanswered:?}")
        });
    }
}
