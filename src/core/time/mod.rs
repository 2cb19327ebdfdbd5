//! The core's only notion of time: a reading of a monotonic clock that the driver hands in with every input.

pub(crate) mod backoff;
pub(crate) mod bucket;
pub(crate) mod rng;
pub(crate) mod timers;

use serde::{Deserialize, Serialize};

/// Milliseconds of a monotonic clock whose zero is the driver's choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Time(pub u64);

impl Time {
    /// Later than every deadline: what is due then never is.
    pub const NEVER: Self = Self(u64::MAX);

    /// The instant `ms` milliseconds later.
    #[must_use]
    pub fn after(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds since `earlier`; 0 when `earlier` lies in the future.
    #[must_use]
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// One moment by both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Now {
    /// What deadlines and durations are measured by.
    pub(crate) monotonic: Time,
    /// Epoch ms, for people; 0 before the driver has said it.
    pub(crate) wall: u64,
}
