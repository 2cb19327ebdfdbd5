//! A look inside: what is connected, followed, queued, counted and remembered. Never a token: there is none in here.

use super::super::audit::AuditRow;
use super::super::json::{push_numbers, push_text};
use super::Engine;

/// Figures since the client was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counters {
    /// Frames taken in.
    pub frames: u64,
    /// Bytes of text frames.
    pub bytes: u64,
    /// Events read from them.
    pub events: u64,
    /// Messages that did not fit.
    pub invalid: u64,
    /// News older than what was known.
    pub late: u64,
    /// News that said what was known.
    pub duplicates: u64,
    /// News about a job that had ended.
    pub after_end: u64,
    /// Things that came from a socket, read or token request that is no longer current.
    pub stale: u64,
    /// Sockets opened.
    pub opened: u64,
    /// Connections that came back.
    pub reconnected: u64,
    /// Handshakes that took too long.
    pub handshake_timeouts: u64,
    /// Sockets replaced because nothing was heard.
    pub silences: u64,
    /// Times the page came back.
    pub wakes: u64,
    /// HTTP reads sent.
    pub reads: u64,
    /// Those that failed.
    pub failed_reads: u64,
    /// Outgoing messages dropped for their age.
    pub expired: u64,
    /// Jobs refused because the table was full.
    pub refused_jobs: u64,
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
            self.waiting.len(),
            self.timers.len(),
        ];
        push_numbers(&mut out, &sizes.map(|size| size as f64));
        let overflowed = self.outbox.overflowed;
        push_numbers(
            &mut out,
            &self.counters.figures(overflowed).map(|n| n as f64),
        );
        out.push_str("],[0");
        for (place, link) in self.links.iter().enumerate() {
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

impl Counters {
    /// In the order of docs/core-messages.md.
    fn figures(&self, overflowed: u64) -> [u64; 18] {
        [
            overflowed,
            self.frames,
            self.bytes,
            self.events,
            self.invalid,
            self.late,
            self.duplicates,
            self.after_end,
            self.stale,
            self.opened,
            self.reconnected,
            self.handshake_timeouts,
            self.silences,
            self.wakes,
            self.reads,
            self.failed_reads,
            self.expired,
            self.refused_jobs,
        ]
    }
}
