//! Virtual time: what is to happen when, and what the clocks of the page's machine show meanwhile.

use super::agenda::Agenda;
use jobwire::core::Time;

/// The wall clock at the beginning, epoch ms.
const EPOCH: u64 = 1_736_937_000_000;

pub struct Clock<E> {
    /// As time passes for everybody else, ms.
    pub now: u64,
    /// For how long the machine slept, and its monotonic clock stood still, ms.
    slept: u64,
    /// By how much somebody has set the wall clock, ms.
    jump: i64,
    /// The beginning of monotonic time by the wall clock, as the engine was last told.
    told: Option<i64>,
    agenda: Agenda<E>,
}

impl<E> Clock<E> {
    pub fn new() -> Self {
        Self {
            now: 0,
            slept: 0,
            jump: 0,
            told: None,
            agenda: Agenda::new(),
        }
    }

    pub fn at(&mut self, at: u64, event: E) {
        self.agenda.add(at, event);
    }

    pub fn later(&mut self, ms: u64, event: E) {
        self.at(self.now + ms, event);
    }

    /// Goes on to what is to happen next.
    pub fn next(&mut self) -> Option<E> {
        let (at, event) = self.agenda.next()?;
        self.now = self.now.max(at);
        Some(event)
    }

    /// The monotonic clock, ms.
    pub fn mono(&self) -> u64 {
        self.now - self.slept
    }

    /// When the monotonic clock shows a time, unless the machine sleeps before.
    pub fn when(&self, mono: Time) -> u64 {
        mono.0 + self.slept
    }

    /// The wall clock, where it is not what the engine takes it for.
    pub fn untold(&mut self) -> Option<u64> {
        let epoch = EPOCH as i64 + self.slept as i64 + self.jump;
        if self.told.replace(epoch) == Some(epoch) {
            return None;
        }
        Some((epoch + self.mono() as i64) as u64)
    }

    /// The machine has slept since a moment.
    pub fn slept_since(&mut self, since: u64) {
        self.slept += self.now - since;
    }

    /// Somebody sets the wall clock.
    pub fn jump(&mut self, by: i64) {
        self.jump = (self.jump + by).clamp(-7_200_000, 7_200_000);
    }
}
