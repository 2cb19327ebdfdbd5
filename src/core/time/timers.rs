//! One queue for every deadline. An entry is only a reminder to look: whoever it names says whether its deadline has
//! really come, so moving a deadline back costs nothing.

use crate::core::time::Time;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Whom a reminder is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A link's next step: connect again, give up waiting, declare silence.
    Link(u32),
    /// A job's next read or the end of its linger time.
    Job(u32),
    /// An HTTP request that takes too long.
    Fetch(u32),
    /// A token that was asked for and does not come.
    Token(u32),
    /// A message that waits too long, or a request that is not acknowledged in time.
    Message(u32),
    /// What is looked at whenever things settle: the next token of the rate limit, the shared link's linger time, a socket
    /// that takes too long to close.
    Settling,
}

/// One reminder.
#[derive(Debug)]
struct Reminder {
    at: Time,
    /// How many were set before it.
    number: u64,
    owner: Owner,
}

/// The greatest is the next one: the earliest, and of two for the same time the older.
impl Ord for Reminder {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

impl PartialOrd for Reminder {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Reminder {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Reminder {}

/// All reminders, as a heap: setting one and taking the next one cost O(log n).
#[derive(Debug, Default)]
pub(crate) struct Timers {
    reminders: BinaryHeap<Reminder>,
    /// How many were set so far.
    count: u64,
}

impl Timers {
    pub(crate) fn remind(&mut self, at: Time, owner: Owner) {
        self.count += 1;
        self.reminders.push(Reminder {
            at,
            number: self.count,
            owner,
        });
    }

    /// The next reminder that is due at `now`.
    pub(crate) fn due(&mut self, now: Time) -> Option<Owner> {
        if self.next() > now {
            return None;
        }
        self.reminders.pop().map(|reminder| reminder.owner)
    }

    /// When the next one is due.
    pub(crate) fn next(&self) -> Time {
        self.reminders
            .peek()
            .map_or(Time::NEVER, |reminder| reminder.at)
    }

    pub(crate) fn len(&self) -> usize {
        self.reminders.len()
    }

    pub(crate) fn clear(&mut self) {
        self.reminders.clear();
    }
}

/// A deadline that may move, and the earliest reminder set for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    at: Time,
    reminder: Time,
}

impl Default for Deadline {
    fn default() -> Self {
        Self {
            at: Time::NEVER,
            reminder: Time::NEVER,
        }
    }
}

impl Deadline {
    pub(crate) fn get(&self) -> Time {
        self.at
    }

    /// Sets it, or clears it with [`Time::NEVER`]; a reminder is added only when none comes early enough.
    pub(crate) fn set(&mut self, at: Time, owner: Owner, timers: &mut Timers) {
        self.at = at;
        if at < self.reminder {
            self.reminder = at;
            timers.remind(at, owner);
        }
    }

    /// To be called when a reminder fires: true when the deadline has come, else it is reminded of again.
    pub(crate) fn reached(&mut self, now: Time, owner: Owner, timers: &mut Timers) -> bool {
        if self.reminder <= now {
            self.reminder = Time::NEVER;
        }
        let come = self.at <= now;
        let later = if come { Time::NEVER } else { self.at };
        self.set(later, owner, timers);
        come
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn reminders_for_the_same_time_come_in_the_order_in_which_they_were_set() {
        let mut timers = Timers::default();
        for place in 0..100 {
            timers.remind(Time(u64::from(place % 3)), Owner::Job(place));
        }
        let mut fired = Vec::new();
        while let Some(Owner::Job(place)) = timers.due(Time(3)) {
            fired.push(place);
        }
        let mut expected: Vec<u32> = (0..100).collect();
        expected.sort_by_key(|place| place % 3);
        assert_eq!(fired, expected);
    }

    #[test]
    fn a_deadline_moved_back_fires_once_and_late() {
        let mut timers = Timers::default();
        let mut deadline = Deadline::default();
        deadline.set(Time(10), Owner::Link(1), &mut timers);
        deadline.set(Time(30), Owner::Link(1), &mut timers);
        assert_eq!(timers.due(Time(9)), None);
        assert_eq!(timers.due(Time(10)), Some(Owner::Link(1)));
        assert!(!deadline.reached(Time(10), Owner::Link(1), &mut timers));
        assert_eq!(timers.next(), Time(30));
        assert_eq!(timers.due(Time(31)), Some(Owner::Link(1)));
        assert!(deadline.reached(Time(31), Owner::Link(1), &mut timers));
        assert_eq!(timers.next(), Time::NEVER);
    }

    #[test]
    fn a_deadline_moved_forward_fires_early() {
        let mut timers = Timers::default();
        let mut deadline = Deadline::default();
        deadline.set(Time(30), Owner::Settling, &mut timers);
        deadline.set(Time(5), Owner::Settling, &mut timers);
        assert_eq!(timers.due(Time(5)), Some(Owner::Settling));
        assert!(deadline.reached(Time(5), Owner::Settling, &mut timers));
        // The later reminder is stale and changes nothing.
        assert_eq!(timers.due(Time(30)), Some(Owner::Settling));
        assert!(!deadline.reached(Time(30), Owner::Settling, &mut timers));
    }
}
