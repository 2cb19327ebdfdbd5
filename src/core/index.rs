//! Finds a job by its id: an open-addressing table of places in the list of jobs. The ids stay where the jobs are, so
//! there is one copy of each, and no general map's code. With `broadcast` it serves for more than jobs.

use super::config::BROADCAST;

/// Slots, once there is a job: more than there are jobs at most, so that one is always empty. Where there may be more
/// than jobs, the least of them.
const SIZE: usize = if BROADCAST { 1024 } else { 16_384 };
const EMPTY: u32 = u32::MAX;
/// A place whose job was removed: a search goes on past it.
const GONE: u32 = u32::MAX - 1;

/// A hash for short keys: fast, small, the same on every run. A server that wants to make its own jobs collide may do
/// so; the table is bounded.
fn hash(key: &str) -> usize {
    let mut state: u64 = 0;
    for chunk in key.as_bytes().chunks(8) {
        let mut word = [0u8; 8];
        for (slot, byte) in word.iter_mut().zip(chunk) {
            *slot = *byte;
        }
        state =
            (state.rotate_left(5) ^ u64::from_le_bytes(word)).wrapping_mul(0x517C_C1B7_2722_0A95);
    }
    // The last bytes of a word reach its highest bits alone, and numbers that count up differ just there.
    ((state ^ (state >> 32)).wrapping_mul(0x517C_C1B7_2722_0A95) >> 32) as usize
}

/// Places by id.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// [`SIZE`] of them or more, a power of two, or none yet.
    slots: Vec<u32>,
    /// Slots that are not empty.
    used: usize,
}

impl Index {
    /// How many slots there are, once there are any.
    #[inline(always)]
    fn size(&self) -> usize {
        if BROADCAST {
            self.slots.len().max(1)
        } else {
            SIZE
        }
    }

    /// The first slot on a key's way whose place `is` the one looked for, or that is empty.
    fn find(&self, key: &str, is: &dyn Fn(u32) -> bool) -> usize {
        let size = self.size();
        let mut slot = hash(key) % size;
        while let Some(&place) = self.slots.get(slot) {
            if place == EMPTY || is(place) {
                break;
            }
            slot = (slot + 1) % size;
        }
        slot
    }

    /// The place of a key. `key_of` names the keys of the places that there are.
    pub(crate) fn get<'a>(
        &self,
        key: &str,
        key_of: impl Fn(u32) -> Option<&'a str>,
    ) -> Option<u32> {
        let slot = self.find(key, &|place| key_of(place) == Some(key));
        self.slots
            .get(slot)
            .copied()
            .filter(|place| *place != EMPTY)
    }

    /// Adds a key that is not there yet.
    pub(crate) fn insert<'a>(
        &mut self,
        key: &str,
        place: u32,
        key_of: &dyn Fn(u32) -> Option<&'a str>,
    ) {
        if (self.used + 1) * 4 > self.slots.len() * 3 {
            // Too many slots are those of jobs that went, or there are too few.
            let mut size = SIZE;
            if BROADCAST {
                let live = self.slots.iter().filter(|place| **place < GONE).count();
                size = size.max((live * 2 + 1).next_power_of_two());
            }
            let old = std::mem::replace(&mut self.slots, vec![EMPTY; size]);
            self.used = 0;
            for place in old {
                if let Some(key) = key_of(place) {
                    self.put(key, place);
                }
            }
        }
        self.put(key, place);
    }

    fn put(&mut self, key: &str, place: u32) {
        let free = self.find(key, &|_| false);
        if let Some(slot) = self.slots.get_mut(free) {
            *slot = place;
            self.used += 1;
        }
    }

    pub(crate) fn remove(&mut self, key: &str, place: u32) {
        let found = self.find(key, &|other| other == place);
        if let Some(slot) = self.slots.get_mut(found) {
            *slot = GONE;
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::Index;
    use proptest::prelude::{any, prop_assert_eq, proptest};
    use std::collections::HashMap;

    #[test]
    fn slots_of_those_that_went_are_used_again() {
        let keys: Vec<String> = (0..50_000u32).map(|n| format!("job-{n}")).collect();
        let key_of = |place: u32| keys.get(place as usize).map(String::as_str);
        let mut index = Index::default();
        for (n, key) in (0u32..).zip(&keys) {
            index.insert(key, n, &key_of);
            if let Some(gone) = n.checked_sub(10_000) {
                index.remove(&keys[gone as usize], gone);
            }
        }
        for n in [0, 30_000, 39_999, 40_000, 49_999] {
            let key = &keys[n as usize];
            let found = index.get(key, key_of);
            assert_eq!(found, (n >= 40_000).then_some(n), "{key}");
        }
    }

    #[test]
    fn numbers_that_count_up_are_found_within_a_few_slots() {
        for (before, first) in [
            ("job-", 1000),
            ("", 10_000_000),
            ("track_enriched\0t", 10_000_000),
            ("t", 1),
        ] {
            let keys: Vec<String> = (first..first + 10_000u32)
                .map(|n| format!("{before}{n}"))
                .collect();
            let mut index = Index::default();
            for (n, key) in (0u32..).zip(&keys) {
                index.insert(key, n, &|place| {
                    keys.get(place as usize).map(String::as_str)
                });
            }
            let looked_at = std::cell::Cell::new(0);
            for key in &keys {
                index.get(key, |place| {
                    looked_at.set(looked_at.get() + 1);
                    keys.get(place as usize).map(String::as_str)
                });
            }
            let average = looked_at.get() / keys.len();
            assert!(average < 8, "{before}{first}…: {average} on average");
        }
    }

    proptest! {
        #[test]
        fn behaves_like_a_map(steps in proptest::collection::vec((any::<bool>(), 0u32..60), 0..400)) {
            let keys: Vec<String> = (0..60).map(|n| format!("job-{n}")).collect();
            let (mut index, mut model) = (Index::default(), HashMap::new());
            for (add, n) in steps {
                let key = &keys[n as usize];
                let found = index.get(key, |place| keys.get(place as usize).map(String::as_str));
                prop_assert_eq!(found, model.get(key).copied());
                match (add, found) {
                    (true, None) => {
                        index.insert(key, n, &|place| keys.get(place as usize).map(String::as_str));
                        model.insert(key.clone(), n);
                    }
                    (false, Some(_)) => {
                        index.remove(key, n);
                        model.remove(key);
                    }
                    _ => {}
                }
            }
        }
    }
}
