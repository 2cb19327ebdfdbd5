//! A look inside: what is connected, followed, queued, counted and remembered. Never a token: there is none in here.

use crate::core::deliver::audit::AuditRow;
use crate::core::engine::Engine;
use crate::core::json::{push_numbers, push_text};

/// What is counted by the engine itself, in the order of docs/core-messages.md.
#[derive(Clone, Copy)]
pub(super) enum Count {
    /// Frames taken in.
    Frames,
    /// Bytes of text frames.
    Bytes,
    /// Events read from them.
    Events,
    /// Messages that did not fit.
    Invalid,
    /// News older than what was known.
    Late,
    /// News that said what was known.
    Duplicates,
    /// News about a job that had ended.
    AfterEnd,
    /// Things that came from a socket, read or token request that is no longer current.
    Stale,
    /// Sockets opened.
    Opened,
    /// Connections that came back.
    Reconnected,
    /// Handshakes that took too long.
    HandshakeTimeouts,
    /// Sockets replaced because nothing was heard.
    Silences,
    /// Times the page came back.
    Wakes,
    /// HTTP reads sent.
    Reads,
    /// Those that failed.
    FailedReads,
    /// Outgoing messages dropped for their age.
    Expired,
    /// Jobs refused because the table was full.
    RefusedJobs,
}

/// Figures since the client was made.
#[derive(Debug, Default)]
pub(super) struct Counters([f64; Count::RefusedJobs as usize + 1]);

impl Counters {
    #[inline]
    pub(super) fn add(&mut self, what: Count, more: f64) {
        if let Some(figure) = self.0.get_mut(what as usize) {
            *figure += more;
        }
    }
}

impl Engine {
    /// Each event's figures.
    #[must_use]
    pub fn audit(&self) -> Vec<AuditRow> {
        self.audit.rows()
    }

    /// Everything worth knowing, as the reply record to `rid` (docs/core-messages.md).
    #[must_use]
    pub fn inspect(&self, rid: u32) -> String {
        let mut out = String::from("[4");
        push_numbers(&mut out, &[f64::from(rid)]);
        out.push_str(",[0");
        let sizes = [
            self.status.state as usize,
            self.jobs.len(),
            self.queue.len(),
            self.queue.bytes(),
            self.reads.under_way(),
            self.reads.in_line(),
            self.pool.waiting.len(),
            self.timers.len(),
        ];
        push_numbers(&mut out, &sizes.map(|size| size as f64));
        push_numbers(&mut out, &[self.outbox.overflowed as f64]);
        push_numbers(&mut out, &self.counters.0);
        let [dropped @ .., _overflowed] = self.dropped();
        push_numbers(&mut out, &dropped.map(|count| count as f64));
        out.push_str("],[0");
        for (place, link) in self.pool.iter().enumerate() {
            if !link.on {
                continue;
            }
            let job = self
                .job_of_link(place as u32)
                .and_then(|job| self.jobs.get(job));
            push_text(&mut out, job.map(|entry| entry.job.id.as_str()));
            let silence = self.now.since(link.last_message) as f64;
            push_numbers(
                &mut out,
                &[link.state as u8 as f64, f64::from(link.failures), silence],
            );
        }
        out.push_str("],[0");
        for (index, entry) in self.jobs.indexes().zip(self.jobs.iter()) {
            if !entry.wanted() {
                continue;
            }
            let served_by = match (entry.open_ended(), self.open_link_of(index)) {
                (false, _) => 0.0,
                (true, Some(_)) => 1.0,
                (true, None) => 2.0,
            };
            push_text(&mut out, Some(&entry.job.id));
            push_numbers(&mut out, &[served_by, f64::from(entry.followers)]);
        }
        out.push_str("],[0");
        self.history.each(|entry| {
            push_numbers(&mut out, &[entry.seq as f64, entry.at as f64]);
            push_text(&mut out, Some(&entry.event));
            push_text(&mut out, Some(&entry.payload));
            push_text(&mut out, entry.invalid.as_deref());
        });
        out.push_str("]]");
        out
    }
}
