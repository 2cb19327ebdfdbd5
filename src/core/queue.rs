//! Outgoing messages that wait for a connection or for the rate limit: bounded by count, bytes and age, in order, a
//! newer one taking the place of an older one with the same supersede key.

use super::config::RateLimit;
use super::time::Time;

/// A message that waits.
#[derive(Debug)]
pub(crate) struct Item {
    /// The job whose socket it is for; `None`: the shared one.
    pub(crate) job: Option<String>,
    pub(crate) text: String,
    pub(crate) expires: Time,
    supersede: Option<String>,
}

/// The messages that wait.
#[derive(Debug)]
pub(crate) struct Queue {
    items: Vec<Item>,
    bytes: usize,
    most_items: usize,
    most_bytes: usize,
}

impl Queue {
    pub(crate) fn new(most_items: usize, most_bytes: usize) -> Self {
        Self {
            items: Vec::new(),
            bytes: 0,
            most_items,
            most_bytes,
        }
    }

    /// Whether something waits for a job's socket.
    pub(crate) fn holds(&self, job: Option<&str>) -> bool {
        self.items.iter().any(|item| item.job.as_deref() == job)
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// False when it is full: nothing was taken.
    pub(crate) fn push(
        &mut self,
        job: Option<String>,
        text: String,
        expires: Time,
        supersede: Option<String>,
    ) -> bool {
        if supersede.is_some()
            && let Some(older) = self
                .items
                .iter_mut()
                .find(|item| item.supersede == supersede && item.job == job)
        {
            if self.bytes - older.text.len() + text.len() > self.most_bytes {
                return false;
            }
            self.bytes = self.bytes - older.text.len() + text.len();
            older.text = text;
            older.expires = expires;
            return true;
        }
        if self.items.len() >= self.most_items || self.bytes + text.len() > self.most_bytes {
            return false;
        }
        self.bytes += text.len();
        self.items.push(Item {
            job,
            text,
            expires,
            supersede,
        });
        true
    }

    pub(crate) fn get(&self, at: usize) -> Option<&Item> {
        self.items.get(at)
    }

    /// Takes out the message at a place that [`Queue::get`] knows: its text.
    pub(crate) fn remove(&mut self, at: usize) -> String {
        let text = self.items.remove(at).text;
        self.bytes -= text.len();
        text
    }
}

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

    fn texts(queue: &mut Queue) -> Vec<String> {
        (0..queue.len()).map(|_| queue.remove(0)).collect()
    }

    #[test]
    fn keeps_order_and_supersedes_in_place() {
        let mut queue = Queue::new(10, 100);
        assert!(queue.push(None, "a".into(), Time(9), Some("k".into())));
        assert!(queue.push(None, "b".into(), Time(9), None));
        assert!(queue.push(None, "c".into(), Time(9), Some("k".into())));
        assert_eq!(texts(&mut queue), ["c", "b"]);
        assert_eq!(queue.bytes(), 0);
    }

    #[test]
    fn refuses_beyond_its_bounds() {
        let mut queue = Queue::new(2, 5);
        assert!(queue.push(None, "abcd".into(), Time(9), None));
        assert!(!queue.push(None, "ab".into(), Time(9), None));
        assert!(queue.push(None, "a".into(), Time(9), None));
        assert!(!queue.push(None, String::new(), Time(9), None));
        assert_eq!((queue.len(), queue.bytes()), (2, 5));
    }

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
