//! How many of something may happen in a time: messages to the server, log entries.

use crate::core::io::config::RateLimit;
use crate::core::time::Time;

/// A token bucket in virtual time.
#[derive(Debug)]
pub(crate) struct Bucket {
    limit: RateLimit,
    tokens: f64,
    at: Time,
}

impl Bucket {
    /// `None`: there is always one.
    pub(crate) fn new(limit: Option<RateLimit>) -> Self {
        let limit = limit.unwrap_or(RateLimit {
            per_second: 1.0,
            burst: f64::INFINITY,
        });
        Self {
            limit,
            tokens: limit.burst,
            at: Time(0),
        }
    }

    /// Takes one token, if there is one, and says when there is one: `now`, or later.
    pub(crate) fn take(&mut self, now: Time) -> Time {
        let earned = now.since(self.at) as f64 * self.limit.per_second / 1000.0;
        self.tokens = (self.tokens + earned).min(self.limit.burst);
        self.at = now;
        let missing = 1.0 - self.tokens;
        // A hair below one is a rounding error, not a missing token.
        if missing >= 1e-6 {
            let wait = (missing * 1000.0 / self.limit.per_second) as u64;
            return now.after(wait.saturating_add(1));
        }
        self.tokens -= 1.0;
        now
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn the_bucket_lets_a_burst_through_then_paces() {
        let mut bucket = Bucket::new(Some(RateLimit {
            per_second: 10.0,
            burst: 2.0,
        }));
        assert_eq!(bucket.take(Time(0)), Time(0));
        assert_eq!(bucket.take(Time(0)), Time(0));
        let next = bucket.take(Time(0));
        assert!(next > Time(0) && next <= Time(101));
        assert_eq!(bucket.take(next), next);
        assert!(bucket.take(next) > next);
        assert_eq!(Bucket::new(None).take(Time(0)), Time(0));
    }
}
