//! Finds a job by its id, or something else by a text of its own: an open-addressing table of places in the list of
//! jobs. The ids stay where the jobs are, so there is one copy of each, and no general map's code.

/// The least number of slots, once there is a job.
const SIZE: usize = 1024;
const EMPTY: u32 = u32::MAX;
/// A place whose job was removed: a search goes on past it.
const GONE: u32 = u32::MAX - 1;

/// A hash for short keys: fast, small, the same on every run. A server that wants to make its own jobs collide may do
/// so; the table is bounded.
fn hash(key: &str) -> u32 {
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
    ((state ^ (state >> 32)).wrapping_mul(0x517C_C1B7_2722_0A95) >> 32) as u32
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    /// Of the key.
    hash: u32,
    place: u32,
}

/// Places by id.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// [`SIZE`] of them or more, a power of two, or none yet.
    slots: Vec<Slot>,
    /// Slots that are not empty, and those of them that have a place.
    used: usize,
    live: usize,
}

impl Index {
    /// The first slot on a key's way whose place `is` the one looked for, or that is empty.
    fn find(&self, hash: u32, is: &dyn Fn(u32) -> bool) -> usize {
        // There is a power of two of them, or none.
        let last = self.slots.len().wrapping_sub(1);
        let mut at = hash as usize & last;
        while let Some(slot) = self.slots.get(at) {
            if slot.place == EMPTY || slot.hash == hash && is(slot.place) {
                break;
            }
            at = (at + 1) & last;
        }
        at
    }

    /// The place of a key. `key_of` names the keys of the places that there are.
    pub(crate) fn get<'a>(
        &self,
        key: &str,
        key_of: impl Fn(u32) -> Option<&'a str>,
    ) -> Option<u32> {
        let at = self.find(hash(key), &|place| key_of(place) == Some(key));
        let place = self.slots.get(at)?.place;
        (place != EMPTY).then_some(place)
    }

    /// Adds a key that is not there yet.
    pub(crate) fn insert(&mut self, key: &str, place: u32) {
        if (self.used + 1) * 4 > self.slots.len() * 3 {
            // Too many slots are those of places that went, or there are too few.
            let size = SIZE.max((self.live * 2).next_power_of_two());
            let empty = Slot {
                hash: 0,
                place: EMPTY,
            };
            let old = std::mem::replace(&mut self.slots, vec![empty; size]);
            self.used = 0;
            for slot in old {
                if slot.place < GONE {
                    self.put(slot);
                }
            }
        }
        self.live += 1;
        self.put(Slot {
            hash: hash(key),
            place,
        });
    }

    fn put(&mut self, slot: Slot) {
        let free = self.find(slot.hash, &|_| false);
        if let Some(free) = self.slots.get_mut(free) {
            *free = slot;
            self.used += 1;
        }
    }

    pub(crate) fn remove(&mut self, key: &str, place: u32) {
        let found = self.find(hash(key), &|other| other == place);
        if let Some(slot) = self.slots.get_mut(found)
            && slot.place == place
        {
            slot.place = GONE;
            self.live -= 1;
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
            index.insert(key, n);
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
                index.insert(key, n);
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
                        index.insert(key, n);
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
