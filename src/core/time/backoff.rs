//! Exponential back-off with a cap that stays jittered, so that a thousand clients do not come back in step.

use crate::core::time::rng::Rng;
use serde::{Deserialize, Serialize};

/// Doublings of a delay at most: delays are below 2³¹ ms, so that none overflows.
const MOST_DOUBLINGS: u32 = 31;

/// How long to wait before the n-th attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Backoff {
    /// Attempts before giving up (polling instead, or `failed`); a thousand million are without end.
    pub attempts: u32,
    /// Delay before the first retry, ms.
    pub base_delay: u64,
    /// The longest delay, ms.
    pub max_delay: u64,
    /// Thousandths of the delay that are left to chance: 1000 is full jitter, 0 none.
    pub jitter: u32,
    /// A connection that lasted at least this long (ms) starts the count anew.
    pub min_uptime: u64,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            attempts: 5,
            base_delay: 1000,
            max_delay: 10_000,
            jitter: 1000,
            min_uptime: 5000,
        }
    }
}

impl Backoff {
    /// The longest delay after `failures` failures in a row, ms: `min(base · 2^failures, max)`.
    #[must_use]
    pub fn ceiling(&self, failures: u32) -> u64 {
        (self.base_delay << failures.min(MOST_DOUBLINGS)).min(self.max_delay)
    }

    /// The delay after `failures` failures in a row, ms.
    pub fn delay(&self, failures: u32, rng: &mut Rng) -> u64 {
        let ceiling = self.ceiling(failures);
        let chance = ceiling * u64::from(self.jitter.min(1000)) / 1000;
        ceiling - chance + rng.up_to(chance)
    }

    /// Whether `failures` failures in a row are more than the configured attempts.
    #[must_use]
    pub fn exhausted(&self, failures: u32) -> bool {
        failures > self.attempts
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::{Backoff, Rng};
    use proptest::prelude::{any, prop_assert, proptest};

    #[test]
    fn doubles_up_to_the_cap() {
        let backoff = Backoff {
            jitter: 0,
            ..Backoff::default()
        };
        let mut rng = Rng::new(1);
        let delays: Vec<u64> = (0..6).map(|n| backoff.delay(n, &mut rng)).collect();
        assert_eq!(delays, [1000, 2000, 4000, 8000, 10_000, 10_000]);
        assert_eq!(backoff.delay(u32::MAX, &mut rng), 10_000);
    }

    #[test]
    fn the_cap_keeps_its_jitter() {
        let backoff = Backoff::default();
        let mut rng = Rng::new(3);
        let delays: Vec<u64> = (0..1000).map(|_| backoff.delay(40, &mut rng)).collect();
        let mean = delays.iter().sum::<u64>() / 1000;
        assert!((4500..5500).contains(&mean), "{mean}");
    }

    proptest! {
        #[test]
        fn stays_between_its_bounds(failures in any::<u32>(), jitter in 0u32..=1000, base in 0u64..1_000_000, max in 0u64..1_000_000, seed in any::<u64>()) {
            let backoff = Backoff { base_delay: base, max_delay: max, jitter, ..Backoff::default() };
            let delay = backoff.delay(failures, &mut Rng::new(seed));
            prop_assert!(delay <= backoff.ceiling(failures));
            prop_assert!(delay >= backoff.ceiling(failures) * u64::from(1000 - jitter) / 1000);
        }
    }
}
