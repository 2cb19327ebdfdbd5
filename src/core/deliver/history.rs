//! The last events, bounded by count and by bytes; the oldest go first and their buffers are used again.

/// Bytes of names, payloads and of what is wrong with them, kept at most.
const MAX_BYTES: usize = 6 << 20;

/// A buffer that is kept for whatever comes next, bytes.
const SMALL: usize = 4096;

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Counts up from 1 over everything received.
    pub seq: u64,
    /// Epoch ms of its arrival.
    pub at: u64,
    /// Its name on the wire.
    pub event: String,
    /// The message as it came.
    pub payload: String,
    /// What was wrong with it, when it was kept in spite of that.
    pub invalid: Option<String>,
}

impl Entry {
    fn bytes(&self) -> usize {
        self.event.len() + self.payload.len() + self.invalid.as_ref().map_or(0, String::len)
    }
}

/// A bounded list of events: a ring whose oldest place is written next.
#[derive(Debug)]
pub(crate) struct History {
    entries: Vec<Entry>,
    most: usize,
    /// Where the oldest is, once the ring is full.
    next: usize,
    bytes: usize,
    /// Events that were not kept, or not as long as the count allows, since they have too many bytes.
    unkept: u64,
}

impl History {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            entries: Vec::new(),
            most,
            next: 0,
            bytes: 0,
            unkept: 0,
        }
    }

    /// How many events were not kept for their bytes.
    pub(crate) fn unkept(&self) -> u64 {
        self.unkept
    }

    pub(crate) fn push(
        &mut self,
        seq: u64,
        at: u64,
        event: &str,
        payload: &str,
        invalid: Option<&str>,
    ) {
        let bytes = event.len() + payload.len() + invalid.map_or(0, str::len);
        if self.most == 0 {
            return;
        }
        if bytes > MAX_BYTES {
            self.unkept += 1;
            return;
        }
        if self.entries.len() < self.most {
            self.entries.push(Entry::default());
        }
        let place = self.next;
        self.next = (place + 1) % self.most;
        self.let_go(place, false);
        let mut spare = place;
        while self.bytes + bytes > MAX_BYTES {
            // The oldest that is still there.
            spare = (spare + 1) % self.entries.len();
            if spare == place {
                break;
            }
            self.let_go(spare, true);
        }
        let Some(entry) = self.entries.get_mut(place) else {
            return;
        };
        self.bytes += bytes;
        // A buffer that once held something large is not kept for something small.
        if entry.payload.capacity() > SMALL && entry.payload.capacity() / 2 > payload.len() {
            entry.payload = String::new();
        }
        entry.seq = seq;
        entry.at = at;
        entry.event.clear();
        entry.event.push_str(event);
        entry.payload.clear();
        entry.payload.push_str(payload);
        entry.invalid = invalid.map(str::to_owned);
    }

    /// An entry goes; with its buffers and before its time, when it goes for the bytes of others.
    fn let_go(&mut self, place: usize, for_bytes: bool) {
        let Some(entry) = self.entries.get_mut(place) else {
            return;
        };
        self.bytes -= entry.bytes();
        if for_bytes {
            self.unkept += u64::from(entry.seq > 0);
            *entry = Entry::default();
        } else {
            entry.event.clear();
            entry.payload.clear();
            entry.invalid = None;
        }
    }

    /// Those that are kept, oldest first.
    pub(crate) fn each(&self, mut look: impl FnMut(&Entry)) {
        let (newer, older) = self
            .entries
            .split_at_checked(self.next)
            .unwrap_or((&self.entries, &[]));
        for entry in older.iter().chain(newer) {
            if entry.seq > 0 {
                look(entry);
            }
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    fn kept(history: &History) -> Vec<u64> {
        let mut seqs = Vec::new();
        history.each(|entry| seqs.push(entry.seq));
        seqs
    }

    #[test]
    fn keeps_the_last_ones() {
        let mut history = History::new(3);
        for seq in 1..=5 {
            history.push(seq, 0, "e", "{}", None);
        }
        assert_eq!(kept(&history), [3, 4, 5]);
    }

    #[test]
    fn bytes_are_bounded_too() {
        let mut history = History::new(1000);
        let large = "x".repeat((1 << 20) - 1);
        for seq in 1..=10 {
            history.push(seq, 0, "e", &large, None);
        }
        assert_eq!(kept(&history).len(), 6);
        history.push(11, 0, "e", &"x".repeat(MAX_BYTES + 1), None);
        assert_eq!(kept(&history).len(), 6);
        assert_eq!(history.unkept(), 5);
        History::new(0).push(1, 0, "e", "{}", None);
    }
}
