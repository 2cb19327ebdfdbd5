//! What the page is told of jobs.

use super::Check;
use crate::page::{JobRecord, Page, Shown};
use crate::plan::{Attempts, Plan};
use crate::server::Truth;

impl Check {
    /// "Progress never decreases within an attempt. A terminal state is reported exactly once, never before the server
    /// reached it, and never left."
    pub(super) fn job(
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
        self.jobs[job].owes_gap &= !shown.is_over();
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
                    let [was, is] =
                        [&before, &shown].map(|shown| Truth::place_of(shown.stage.as_deref()));
                    self.ensure(!plan.keeps_order() || was <= is, || {
                        format!("job {job} went back to an earlier stage: {before:?} → {shown:?}")
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
}
