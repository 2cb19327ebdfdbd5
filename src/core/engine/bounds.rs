//! What the bounds of the core cost. Whatever is cut, forgotten or dropped for a bound is counted where that happens;
//! here the counts are gathered, for `inspect()` and for the page's logger, once a second at most for each bound.
//!
//! docs/bad-input.md lists the bounds.

use crate::core::engine::Engine;
use crate::core::io::error::Log;
use crate::core::json::push_u64;
use crate::core::protocol::message::joined;
use crate::core::time::Time;

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
        let (mut entities, mut members) = (0, 0);
        if self.config.is_broadcast() {
            (entities, members) = self.entities.dropped();
        }
        let (mut replies, mut left_out) = (0, 0);
        if self.config.is_socketio() {
            (replies, left_out) = (self.acks.dropped, self.acks.left_out);
        }
        [
            self.jobs.forgotten,
            self.jobs.cut_texts + left_out,
            entities,
            members,
            self.history.unkept(),
            self.audit.unnamed(),
            replies,
            self.outbox.overflowed,
        ]
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
