//! Outgoing messages that wait for a connection or for the rate limit: bounded by count, bytes and age, in order, a
//! newer one taking the place of an older one with the same supersede key.

use super::config::RateLimit;
use super::time::Time;

/// A message that waits.
#[derive(Debug, Default)]
pub(crate) struct Item {
    /// The job whose socket, or the namespace, it is for; `None`: the shared socket.
    pub(crate) job: Option<String>,
    pub(crate) text: String,
    pub(crate) expires: Time,
    pub(crate) supersede: Option<String>,
    /// Numbers and sizes of the binary messages that go with it.
    pub(crate) attachments: Vec<(u32, u64)>,
    /// The request it is, or the reply; 0: neither.
    pub(crate) rid: u32,
    /// It acknowledges an event, and is of no use to another session. The bounds are not about it: a server awaits it.
    pub(crate) replies: bool,
}

impl Item {
    /// What counts for the bound.
    fn bytes(&self) -> usize {
        if self.replies {
            return 0;
        }
        let mut bytes = self.text.len();
        for (_, size) in &self.attachments {
            bytes = bytes.saturating_add(*size as usize);
        }
        bytes
    }
}

/// The messages that wait.
#[derive(Debug)]
pub(crate) struct Queue {
    items: Vec<Item>,
    /// How many of them are acknowledgements.
    replies: usize,
    bytes: usize,
    most_items: usize,
    most_bytes: usize,
}

/// There is no room.
#[derive(Debug, PartialEq)]
pub(crate) struct Full;

impl Queue {
    pub(crate) fn new(most_items: usize, most_bytes: usize) -> Self {
        Self {
            items: Vec::new(),
            replies: 0,
            bytes: 0,
            most_items,
            most_bytes,
        }
    }

    /// Whether something waits for a job's socket, or a namespace.
    pub(crate) fn holds(&self, job: Option<&str>) -> bool {
        self.items.iter().any(|item| item.job.as_deref() == job)
    }

    /// How many wait that are no acknowledgements.
    pub(crate) fn len(&self) -> usize {
        self.items.len() - self.replies
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes a message in; gives back the one whose place it took.
    pub(crate) fn push(&mut self, item: Item) -> Result<Option<Item>, Full> {
        let older = self.items.iter_mut().find(|older| {
            item.supersede.is_some() && older.supersede == item.supersede && older.job == item.job
        });
        let before = older.as_ref().map_or(0, |older| older.bytes());
        let bytes = (self.bytes - before).saturating_add(item.bytes());
        if !item.replies && bytes > self.most_bytes {
            return Err(Full);
        }
        if let Some(older) = older {
            self.bytes = bytes;
            return Ok(Some(std::mem::replace(older, item)));
        }
        if !item.replies && self.len() >= self.most_items {
            return Err(Full);
        }
        self.bytes = bytes;
        self.replies += usize::from(item.replies);
        self.items.push(item);
        Ok(None)
    }

    pub(crate) fn get(&self, at: usize) -> Option<&Item> {
        self.items.get(at)
    }

    /// Where the message of a request waits.
    pub(crate) fn place_of(&self, rid: u32) -> Option<usize> {
        self.items.iter().position(|item| item.rid == rid)
    }

    /// Takes out the message at a place.
    pub(crate) fn remove(&mut self, at: usize) -> Option<Item> {
        self.items.get(at)?;
        let item = self.items.remove(at);
        self.bytes -= item.bytes();
        self.replies -= usize::from(item.replies);
        Some(item)
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

    fn item(text: &str, supersede: Option<&str>) -> Item {
        Item {
            text: text.into(),
            expires: Time(9),
            supersede: supersede.map(Into::into),
            ..Item::default()
        }
    }

    fn texts(queue: &mut Queue) -> Vec<String> {
        std::iter::from_fn(|| queue.remove(0))
            .map(|item| item.text)
            .collect()
    }

    #[test]
    fn keeps_order_and_supersedes_in_place() {
        let mut queue = Queue::new(10, 100);
        assert!(queue.push(item("a", Some("k"))).unwrap().is_none());
        assert!(queue.push(item("b", None)).unwrap().is_none());
        let replaced = queue.push(item("c", Some("k"))).unwrap().unwrap();
        assert_eq!(replaced.text, "a");
        assert_eq!(texts(&mut queue), ["c", "b"]);
        assert_eq!(queue.bytes(), 0);
    }

    #[test]
    fn refuses_beyond_its_bounds() {
        let mut queue = Queue::new(2, 5);
        assert!(queue.push(item("abcd", None)).is_ok());
        assert_eq!(queue.push(item("ab", None)).unwrap_err(), Full);
        assert!(queue.push(item("a", None)).is_ok());
        assert_eq!(queue.push(item("", None)).unwrap_err(), Full);
        assert_eq!((queue.len(), queue.bytes()), (2, 5));
        let reply = Item {
            replies: true,
            ..item("reply", None)
        };
        assert!(queue.push(reply).is_ok());
        assert_eq!((queue.len(), queue.bytes()), (2, 5));
        assert_eq!(texts(&mut queue), ["abcd", "a", "reply"]);
        assert!(queue.is_empty());
        assert_eq!((queue.len(), queue.bytes()), (0, 0));
    }

    #[test]
    fn attachments_count() {
        let mut queue = Queue::new(9, 10);
        let mut large = item("a", Some("k"));
        large.attachments = vec![(1, 9)];
        assert!(queue.push(large).is_ok());
        assert_eq!(queue.bytes(), 10);
        assert_eq!(queue.push(item("b", None)).unwrap_err(), Full);
        assert!(queue.push(item("b", Some("k"))).unwrap().is_some());
        assert_eq!(queue.bytes(), 1);
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
