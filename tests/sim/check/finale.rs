//! What must hold when all trouble is over, and at the very end.

use super::Check;
use crate::page::Page;
use crate::plan::{Attempts, Plan};
use crate::server::Truth;

impl Check {
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
                            && (job.stands_still() && !plan.keeps_order()
                                || shown.stage.as_deref() == Some(truth.stage(index)))
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
