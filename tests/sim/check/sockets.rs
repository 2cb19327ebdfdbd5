//! Sockets: one for each pool key, not more than are allowed, with pauses between attempts, none that nobody needs.

use super::{Check, Key, Socket};
use crate::page::Page;
use crate::plan::Plan;
use crate::server::Truth;
use jobwire::core::Gen;

/// How long a token must serve to count as good, at least, ms.
const PROVEN: u64 = 1000;

fn is_refusal(code: u16) -> bool {
    code == 1008 || (4400..=4499).contains(&code) && ![4404, 4408, 4429].contains(&code)
}

impl Check {
    /// The pool key of a socket's URL.
    fn key_of(plan: &Plan, truth: &Truth, url: &str) -> Option<usize> {
        if !plan.per_job() {
            return url.ends_with("/api/v1/stream").then_some(plan.jobs);
        }
        let id = url.split_once("/api/v1/jobs/")?.1.strip_suffix("/stream")?;
        truth.jobs.iter().position(|job| job.encoded == id)
    }

    pub(super) fn shared_or(&self, plan: &Plan, job: usize) -> usize {
        if plan.per_job() { job } else { plan.jobs }
    }

    pub(super) fn is_open(&self, key: usize) -> bool {
        let mut sockets = self.sockets.values();
        sockets.any(|socket| socket.key == key && socket.opened_at.is_some())
    }

    pub(super) fn forgive(&mut self, key: usize) {
        self.keys[key].failures = 0;
        self.keys[key].earliest = None;
    }

    pub(super) fn forgive_all(&mut self) {
        for key in 0..self.keys.len() {
            self.forgive(key);
            self.jobs[key].healed = false;
            self.jobs[key].wait_until = None;
        }
    }

    /// "No attempt sooner than the back-off allows": the n-th failure in a row is followed by a pause of at least the
    /// part of `min(base · 2^(n−1), max)` that is not left to chance; the count starts anew only after `minUptime`.
    pub(super) fn failed(&mut self, plan: &Plan, mono: u64, socket: &Socket, code: u16) {
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
            key.in_a_row = 0;
        }
        key.failures += 1;
        key.in_a_row += 1;
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

    /// "At most one live socket per pool key, never more than `maxSockets`", and the back-off.
    pub(super) fn opens(
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
                begun: mono,
                opened_at: None,
                heard: mono,
                subscribes: false,
                pongs: 0,
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

    /// The count of failures that the page is told starts anew when a connection lasts. A token that cannot be had
    /// counts as well, so nothing is said of worlds where that happens.
    pub(super) fn attempt_told(&mut self, plan: &Plan, attempt: u32) {
        let most = self.keys.iter().map(|key| key.in_a_row).max();
        let known = !plan.config.token || plan.faults.is_empty();
        self.ensure(!known || most.is_some_and(|most| attempt <= most), || {
            format!("told of {attempt} failures in a row, there were {most:?}")
        });
    }

    /// A job's socket is kept for a while in case somebody comes back, unless the job has ended or the place is needed.
    pub(super) fn has_lingered(&mut self, plan: &Plan, truth: &Truth, mono: u64, key: usize) {
        let goes_on = truth.jobs.get(key).is_some_and(|job| job.ends.is_empty());
        let room = plan.config.max_sockets > 2 * plan.jobs;
        let until = self.keys[key].lingers_until;
        self.ensure(!(goes_on && room) || until <= mono, || {
            format!("socket {key} is closed before {until}, until which it lingers")
        });
    }

    /// Nobody's socket outlives the linger time.
    pub(super) fn sockets_settled(&mut self, plan: &Plan, page: &Page, mono: u64) {
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
}
