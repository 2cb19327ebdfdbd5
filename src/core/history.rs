//! The last events, bounded by count and by bytes; the oldest go first and their buffers are used again.

/// Bytes of payload kept at most.
const MAX_BYTES: usize = 4 << 20;

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

/// A bounded list of events: a ring whose oldest place is written next.
#[derive(Debug)]
pub(crate) struct History {
    entries: Vec<Entry>,
    most: usize,
    /// Where the oldest is, once the ring is full.
    next: usize,
    bytes: usize,
}

impl History {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            entries: Vec::new(),
            most,
            next: 0,
            bytes: 0,
        }
    }

    pub(crate) fn push(
        &mut self,
        seq: u64,
        at: u64,
        event: &str,
        payload: &str,
        invalid: Option<&str>,
    ) {
        if self.most == 0 || payload.len() > MAX_BYTES {
            return;
        }
        if self.entries.len() < self.most {
            self.entries.push(Entry::default());
        }
        let place = self.next;
        self.next = (place + 1) % self.most;
        let mut spare = place;
        while self.bytes + payload.len() > MAX_BYTES {
            // The oldest that still has its payload.
            spare = (spare + 1) % self.entries.len();
            if let Some(entry) = self.entries.get_mut(spare) {
                self.bytes -= entry.payload.len();
                *entry = Entry::default();
            }
            if spare == place {
                break;
            }
        }
        let Some(entry) = self.entries.get_mut(place) else {
            return;
        };
        self.bytes = self.bytes - entry.payload.len() + payload.len();
        // A buffer that once held something large is not kept for something small.
        if entry.payload.capacity() > 4096 && payload.len() < 1024 {
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
        let large = "x".repeat(1 << 20);
        for seq in 1..=10 {
            history.push(seq, 0, "e", &large, None);
        }
        assert_eq!(kept(&history).len(), 4);
        history.push(11, 0, "e", &"x".repeat(MAX_BYTES + 1), None);
        assert_eq!(kept(&history).len(), 4);
        History::new(0).push(1, 0, "e", "{}", None);
    }
}
