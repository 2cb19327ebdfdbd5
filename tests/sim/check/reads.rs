//! Reads over HTTP: a few at once, and none without need.

use super::{Check, Read};
use crate::page::{Page, Shown};
use crate::plan::Plan;
use crate::server::Truth;
use crate::simulator::token_of;
use jobwire::core::{HttpOutcome, Output};

/// Reads the engine may have under way.
pub(super) const READS_AT_ONCE: usize = 4;

impl Check {
    pub fn read_target(truth: &Truth, url: &str) -> Option<usize> {
        let id = url.split_once("/api/v1/jobs/")?.1;
        truth.jobs.iter().position(|job| job.encoded == id)
    }

    pub(super) fn answered(&mut self, plan: &Plan, mono: u64, req: u32, outcome: &HttpOutcome) {
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
        let covered = self.is_open(self.shared_or(plan, read.job));
        let sound = *status == 304 || *status == 200 && etag.is_some();
        match *status {
            _ if sound => self.jobs[read.job].confirmed = true,
            // Asked again with another token.
            401 | 403 => {}
            _ => self.jobs[read.job].confirmed &= covered,
        }
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
                let settled = mono > self.jobs[read.job].doubtful_until
                    && self.jobs[read.job].missed_at <= read.sent;
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

    /// Reads: a few at once, none of an ended job, none while a socket is open and nothing was missed, none with a
    /// token that was refused, none sooner than the server asked for.
    pub(super) fn reads(
        &mut self,
        plan: &Plan,
        page: &Page,
        mono: u64,
        output: &Output,
        job: usize,
    ) {
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
}
