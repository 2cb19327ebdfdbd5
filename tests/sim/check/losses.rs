//! What is said of lost connections: that jobs may be stale, that news may be missing, that the connection is back.

use super::Check;
use crate::page::Page;
use crate::plan::Plan;

/// How long after a socket opened the reads that make up for its absence may take, ms.
const HEALING: u64 = 8000;

impl Check {
    /// A socket is gone that was open. `lost`: the client did not let it go.
    pub(super) fn socket_gone(&mut self, plan: &Plan, page: &Page, key: usize, lost: bool) {
        self.keys[key].lost = lost;
        for index in 0..plan.jobs {
            if self.shared_or(plan, index) != key {
                continue;
            }
            let over = page.shown[index]
                .as_ref()
                .is_some_and(|shown| shown.is_over());
            let job = &mut self.jobs[index];
            job.confirmed = false;
            job.owes_gap |= lost && page.followers[index] > 0 && !over;
        }
    }

    /// A socket has opened: whoever listens is told when it is not the first.
    pub(super) fn socket_back(&mut self, key: usize) {
        self.reconnects += u64::from(std::mem::take(&mut self.keys[key].lost));
    }

    /// Nobody wants the shared socket any more, so it is not missed.
    pub(super) fn shared_let_go(&mut self, plan: &Plan) {
        self.keys[plan.jobs].lost = false;
    }

    /// The client tells of its connections.
    pub(super) fn own_event(&mut self, name: &str, job: Option<usize>) {
        match (name, job) {
            ("reconnected", _) => {
                self.reconnects_told += 1;
                let (told, most) = (self.reconnects_told, self.reconnects);
                self.ensure(told <= most, || {
                    format!("told {told} times that the connection is back, it was {most} times")
                });
            }
            ("gap", Some(job)) => self.jobs[job].owes_gap = false,
            _ => {}
        }
    }

    /// After every input: what the page shows as fresh comes by a socket, or was read since that was lost.
    pub(super) fn losses_settled(&mut self, plan: &Plan, page: &Page) {
        if self.dirty || page.closed {
            return;
        }
        for index in 0..plan.jobs {
            let Some(shown) = &page.shown[index] else {
                continue;
            };
            let fresh = !shown.stale && !shown.is_over() && page.followers[index] > 0;
            let covered = self.jobs[index].confirmed || self.is_open(self.shared_or(plan, index));
            self.ensure(!fresh || covered, || {
                format!("job {index} is not stale, though no news of it can come: {shown:?}")
            });
        }
    }

    /// When all has been well for a while, to whoever has listened all the time.
    pub fn losses_were_told(&mut self, plan: &Plan, page: &Page, mono: u64) {
        let (told, most) = (self.reconnects_told, self.reconnects);
        self.ensure(plan.per_job() || told == most, || {
            format!("told {told} times that the connection is back, it was {most} times")
        });
        for index in 0..plan.jobs {
            let key = self.shared_or(plan, index);
            let healed = self.sockets.values().any(|socket| {
                socket.key == key && socket.opened_at.is_some_and(|at| at + HEALING < mono)
            });
            let owes = self.jobs[index].owes_gap && page.followers[index] > 0 && healed;
            self.ensure(!owes, || {
                format!("the gap in the news of job {index} is not told")
            });
        }
    }
}
