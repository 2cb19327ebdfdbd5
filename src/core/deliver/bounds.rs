//! What the bounds of the core cost. Whatever is cut, forgotten or dropped for a bound is counted where that happens;
//! here the counts are gathered, for `inspect()` and for the page's logger, once a second at most for each bound.
//!
//! docs/bad-input.md lists the bounds.

use crate::core::deliver::outbox::Outbox;
use crate::core::io::error::Log;
use crate::core::json::push_u64;
use crate::core::text::words::joined;
use crate::core::time::{Now, Time};

/// How far apart two log entries about the same bound are, ms.
const APART: u64 = 1000;

/// The counters, by their names in `inspect()`: the last ones there, but for the last one here, which is among the
/// queues.
const NAMES: [&str; 8] = [
    "forgottenJobs",
    "cutTexts",
    "forgottenEntities",
    "leftOutMembers",
    "unkeptEvents",
    "unnamedEvents",
    "droppedReplies",
    "overflowed",
];

/// How many were cut, forgotten or dropped so far, in the order of [`NAMES`].
pub(crate) type Dropped = [u64; NAMES.len()];

/// What was said of one bound.
#[derive(Clone, Copy, Debug, Default)]
struct Said {
    /// How many the page's logger knows of.
    count: u64,
    /// When it may be told of more.
    next: Time,
}

/// What was said of each bound, in the order of [`NAMES`].
#[derive(Debug, Default)]
pub(crate) struct Bounds([Said; NAMES.len()]);

impl Bounds {
    /// Writes log entries about what was dropped since the last ones; says when to look again. `dropped`: how many so far,
    /// in the order of [`NAMES`].
    pub(crate) fn report(&mut self, dropped: Dropped, now: Now, outbox: &mut Outbox) -> Time {
        let mut next = Time::NEVER;
        for ((said, count), name) in self.0.iter_mut().zip(dropped).zip(NAMES) {
            if count <= said.count {
                continue;
            }
            if said.next > now.monotonic {
                next = next.min(said.next);
                continue;
            }
            let mut detail = joined(&[name, ": "]);
            push_u64(&mut detail, count - said.count);
            *said = Said {
                count,
                next: now.monotonic.after(APART),
            };
            outbox.say_log(now.wall, Log::Bounded, None, &detail, None);
        }
        next
    }
}
