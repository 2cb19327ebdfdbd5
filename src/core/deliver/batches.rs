//! What the page takes, in batches: notices, jobs, tracks and playlists, then events. Each ends with the record that takes
//! it beyond [`LONGEST`], or with all events that wait, so that the core never holds all that it knows a second time as
//! text. Each is made when the driver has let the one before it go.

use crate::core::deliver::outbox::{Outbox, Sources, begin};
use crate::core::io::output::Output;
use crate::core::text::words::join;

/// A batch that has come to so many bytes is handed over, and another one begun.
const LONGEST: usize = 1 << 20;

/// What is still to be handed over.
#[derive(Debug, Default)]
pub(super) struct Rest {
    /// Jobs that changed, and how many of them have been looked at.
    jobs: Vec<u32>,
    next: usize,
    /// Whether events that are held go along.
    held: bool,
    /// Whether the page took.
    taken: bool,
}

impl Outbox {
    /// The next frame: everything.
    pub(crate) fn take(&mut self, sources: &mut Sources<'_>) {
        self.said_dirty = false;
        let changed = std::mem::take(&mut sources.jobs.changed);
        self.hand_over(changed, true, true, sources);
    }

    /// Hands over notices, the given jobs as far as anybody looks at them, all events, those that are held with `held`
    /// alone. Jobs come before events, so that a listener finds the job as the event left it.
    pub(super) fn hand_over(
        &mut self,
        jobs: Vec<u32>,
        held: bool,
        taken: bool,
        sources: &mut Sources<'_>,
    ) {
        if let Some(rest) = &mut self.rest {
            rest.jobs.extend(jobs);
            rest.held |= held;
            rest.taken |= taken;
            return;
        }
        self.rest = Some(Rest {
            jobs,
            next: 0,
            held,
            taken,
        });
        self.next_batch(sources);
    }

    /// Makes the next batch of what is handed over; whether anything was left.
    pub(crate) fn next_batch(&mut self, sources: &mut Sources<'_>) -> bool {
        let Some(mut rest) = self.rest.take() else {
            return false;
        };
        let mut out = std::mem::take(&mut self.notices);
        while let Some(index) = rest.jobs.get(rest.next).copied() {
            if out.len() >= LONGEST {
                return self.go_on_later(out, rest, sources);
            }
            rest.next += 1;
            if let Some(job) = sources.jobs.take_changed(index, sources.watch_all) {
                begin(&mut out, '0');
                out.push(',');
                job.write(&mut out);
                out.push(']');
            }
        }
        if self.holds() && rest.held && !sources.entities.hand_over(&mut out, LONGEST) {
            return self.go_on_later(out, rest, sources);
        }
        self.hand_over_events(out, &rest, sources);
        // The list's memory is used again.
        if sources.jobs.changed.capacity() == 0 {
            rest.jobs.clear();
            sources.jobs.changed = rest.jobs;
        }
        true
    }

    fn go_on_later(&mut self, out: String, rest: Rest, sources: &mut Sources<'_>) -> bool {
        sources.outputs.push(Output::Batch(out));
        self.rest = Some(rest);
        true
    }

    /// Events go last, behind what is in the batch already.
    fn hand_over_events(&mut self, mut out: String, rest: &Rest, sources: &mut Sources<'_>) {
        let mut events = std::mem::take(&mut self.events);
        if self.holds() && rest.held {
            self.held
                .hand_over(Some(&mut events), sources.now, rest.taken);
        }
        // What is long is not copied.
        if events.len() > LONGEST && !out.is_empty() {
            sources
                .outputs
                .push(Output::Batch(std::mem::take(&mut out)));
        }
        if out.is_empty() {
            out = events;
        } else {
            join(&mut out, &events);
        }
        if !out.is_empty() {
            sources.outputs.push(Output::Batch(out));
        }
    }
}
