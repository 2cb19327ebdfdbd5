//! What the page is told: events in their order, ends once, an answer to every request.

use super::Check;
use crate::page::{Page, Record};
use crate::plan::{Attempts, Plan};
use crate::server::{Said, Truth};
use jobwire::core::Problem;

/// The longest wait for a frame, ms.
const FRAME: u64 = 100;

impl Check {
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
                    self.own_event(name, job);
                    if let (Some(end), Some(job), None) = (end, job, &meta.invalid) {
                        self.end_event(truth, job, end, payload.n);
                    }
                }
                Record::Status(status) => {
                    page.state = status.state.to_string();
                    self.attempt_told(plan, status.attempt);
                    let auth = [Problem::TokenRefused, Problem::TokenMissing]
                        .iter()
                        .any(|problem| *problem as u8 == status.problem);
                    if status.state == "failed" && auth {
                        self.shared_let_go(plan);
                        self.two_tokens_were_refused(plan);
                    }
                }
                Record::Log => {}
                Record::Reply(rid, said) => {
                    self.message_answered(*rid, said);
                    self.reply(page, *rid);
                }
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
}
