//! What the bounds of the core cost. Whatever is cut, forgotten or dropped for a bound is counted where that happens;
//! here the counts are gathered, for `inspect()` and for the page's logger, once a second at most for each bound.
//!
//! docs/bad-input.md lists the bounds.

use super::super::error::Log;
use super::super::json::push_u64;
use super::super::message::joined;
use super::super::time::Time;
use super::Engine;

/// How far apart two log entries about the same bound are, ms.
const APART: u64 = 1000;

/// The counters, by their names in `inspect()`. The first is among the queues there, the others end the counters.
const NAMES: [&str; 1] = ["overflowed"];

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
pub(super) struct Bounds([Said; NAMES.len()]);

impl Engine {
    /// How many were cut, forgotten or dropped so far, in the order of [`NAMES`].
    pub(super) fn dropped(&self) -> [u64; NAMES.len()] {
        [self.outbox.overflowed]
    }

    /// Tells the page's logger what was dropped since it was told last; says when to look again.
    pub(super) fn say_bounds(&mut self) -> Time {
        let (now, wall) = (self.now, self.wall());
        let mut next = Time::NEVER;
        let dropped = self.dropped();
        for ((said, count), name) in self.bounds.0.iter_mut().zip(dropped).zip(NAMES) {
            if count <= said.count {
                continue;
            }
            if said.next > now {
                next = next.min(said.next);
                continue;
            }
            let mut detail = joined(&[name, ": "]);
            push_u64(&mut detail, count - said.count);
            *said = Said {
                count,
                next: now.after(APART),
            };
            self.outbox.say_log(wall, Log::Bounded, None, &detail, None);
        }
        next
    }
}
