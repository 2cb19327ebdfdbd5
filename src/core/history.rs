//! The last events, bounded by count and by bytes; the oldest go first and their buffers are used again.

use std::collections::VecDeque;

/// Bytes of payload kept at most.
const MAX_BYTES: usize = 4 << 20;

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
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

/// A bounded list of events.
#[derive(Debug)]
pub(crate) struct History {
    entries: VecDeque<Entry>,
    most: usize,
    bytes: usize,
}

impl History {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            most,
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
        let mut entry = Entry::default();
        while self.entries.len() >= self.most || self.bytes + payload.len() > MAX_BYTES {
            let Some(oldest) = self.entries.pop_front() else {
                break;
            };
            self.bytes -= oldest.payload.len();
            entry = oldest;
        }
        entry.seq = seq;
        entry.at = at;
        entry.event.clear();
        entry.event.push_str(event);
        // A buffer that once held something large is not kept for something small.
        if entry.payload.capacity() > 4096 && payload.len() < 1024 {
            entry.payload = String::new();
        }
        entry.payload.clear();
        entry.payload.push_str(payload);
        entry.invalid = invalid.map(str::to_owned);
        self.bytes += payload.len();
        self.entries.push_back(entry);
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_last_ones() {
        let mut history = History::new(3);
        for seq in 1..=5 {
            history.push(seq, 0, "e", "{}", None);
        }
        assert_eq!(
            history.entries().map(|e| e.seq).collect::<Vec<_>>(),
            [3, 4, 5]
        );
    }

    #[test]
    fn bytes_are_bounded_too() {
        let mut history = History::new(1000);
        let large = "x".repeat(1 << 20);
        for seq in 1..=10 {
            history.push(seq, 0, "e", &large, None);
        }
        assert_eq!(history.entries().count(), 4);
        history.push(11, 0, "e", &"x".repeat(MAX_BYTES + 1), None);
        assert_eq!(history.entries().count(), 4);
        History::new(0).push(1, 0, "e", "{}", None);
    }
}
