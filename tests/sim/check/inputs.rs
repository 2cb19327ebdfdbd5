//! What the engine is about to be told, and what follows from it.

use super::Check;
use crate::page::Page;
use crate::plan::Plan;
use crate::server::Truth;
use jobwire::core::{Ask, Command, Gen, Input};

/// A jump of the wall clock that counts as sleep, ms.
const SLEPT: u64 = 5000;
/// How long after a `retry()` an end found by a read is taken for the old attempt's, and some, ms.
const RETRY_GRACE: u64 = 6000;

impl Check {
    /// Before the engine sees an input.
    pub fn before(&mut self, plan: &Plan, page: &Page, truth: &Truth, mono: u64, input: &Input) {
        match input {
            Input::Command(command) => self.command(plan, page, truth, mono, command),
            Input::Opened { r#gen } => self.opened(plan, *r#gen, mono),
            Input::Frames { text, gens } => self.frames(text, gens, mono),
            Input::NotUtf8 { r#gen } => self.heard(*r#gen, mono),
            Input::Oversize { r#gen, .. } => {
                self.heard(*r#gen, mono);
                self.refused_unread(plan, *r#gen, mono);
            }
            Input::Closed { r#gen, code, .. } => {
                if let Some(socket) = self.sockets.remove(&r#gen.id()) {
                    self.failed(plan, mono, &socket, *code);
                    if socket.opened_at.is_some() {
                        self.socket_gone(plan, page, socket.key, true);
                    }
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
            Input::Take { late: false } => self.dirty = false,
            _ => {}
        }
    }

    /// A frame was not read, and may have been about any job of its socket: they are read once more.
    fn refused_unread(&mut self, plan: &Plan, r#gen: Gen, mono: u64) {
        let Some(key) = self.sockets.get(&r#gen.id()).map(|socket| socket.key) else {
            return;
        };
        for job in 0..self.jobs.len() {
            if self.shared_or(plan, job) == key {
                self.jobs[job].healed = false;
                self.jobs[job].missed_at = mono;
            }
        }
    }

    fn command(&mut self, plan: &Plan, page: &Page, truth: &Truth, mono: u64, command: &Command) {
        let shared = plan.jobs;
        let known = truth.jobs.iter().position(|job| job.id == command.text);
        match (command.what, known) {
            (Ask::Follow | Ask::Retry | Ask::Unfollow, Some(job)) => {
                self.jobs[job].healed = false;
                self.jobs[job].wait_until = None;
                if command.what == Ask::Retry {
                    self.jobs[job].restarted = true;
                    self.jobs[job].doubtful_until = mono + RETRY_GRACE;
                    // The page knows of the new attempt by itself.
                    self.jobs[job].confirmed = true;
                }
                if command.what == Ask::Follow {
                    self.jobs[job].looked_at = true;
                }
                self.keys[job].lingers_until = if command.what == Ask::Unfollow {
                    mono + plan.config.linger
                } else {
                    0
                };
                // Whoever comes later has missed nothing.
                self.jobs[job].owes_gap &= page.followers[job] > 0;
            }
            (Ask::Refresh, Some(job)) => {
                self.jobs[job].refreshing += 1;
                self.refreshes.insert(command.n as u32, job);
            }
            (Ask::Send | Ask::SendVolatile, _) => self.issues(plan, page, truth, mono, command),
            (Ask::Connect | Ask::Disconnect | Ask::Suspend | Ask::Wake, _) => {
                if matches!(command.what, Ask::Disconnect | Ask::Suspend) {
                    self.shared_let_go(plan);
                }
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

    pub(super) fn unheal(&mut self) {
        for job in &mut self.jobs {
            job.healed = false;
            job.wait_until = None;
        }
    }
}
