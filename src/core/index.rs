//! Finds a job by its id: an open-addressing table of places in the list of jobs. The ids stay where the jobs are, so
//! there is one copy of each, and no general map's code.

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
    (state ^ (state >> 32)) as usize
}

/// Places by id.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// A power of two of them, or none.
    slots: Vec<u32>,
    /// Slots that are not empty.
    used: usize,
}

impl Index {
    fn walk(&self, key: &str) -> impl Iterator<Item = usize> {
        let mask = self.slots.len().wrapping_sub(1);
        let start = hash(key);
        (0..self.slots.len()).map(move |step| start.wrapping_add(step) & mask)
    }

    /// The place whose key `is` the one looked for.
    pub(crate) fn get(&self, key: &str, is: impl Fn(u32) -> bool) -> Option<u32> {
        for slot in self.walk(key) {
            match self.slots.get(slot) {
                Some(&EMPTY) | None => return None,
                Some(&GONE) => {}
                Some(&place) if is(place) => return Some(place),
                Some(_) => {}
            }
        }
        None
    }

    /// Adds a key that is not there yet. `key_of` names the keys of the places that are.
    pub(crate) fn insert<'a>(
        &mut self,
        key: &str,
        place: u32,
        key_of: impl Fn(u32) -> Option<&'a str>,
    ) {
        if (self.used + 1) * 4 > self.slots.len() * 3 {
            let live: Vec<u32> = self
                .slots
                .iter()
                .copied()
                .filter(|place| *place < GONE)
                .collect();
            let size = (live.len() * 2).next_power_of_two().max(16);
            self.slots = vec![EMPTY; size];
            self.used = 0;
            for place in live {
                if let Some(key) = key_of(place) {
                    self.put(key, place);
                }
            }
        }
        self.put(key, place);
    }

    fn put(&mut self, key: &str, place: u32) {
        let free = self
            .walk(key)
            .find(|slot| self.slots.get(*slot) == Some(&EMPTY));
        if let Some(slot) = free.and_then(|slot| self.slots.get_mut(slot)) {
            *slot = place;
            self.used += 1;
        }
    }

    pub(crate) fn remove(&mut self, key: &str, place: u32) {
        let found = self
            .walk(key)
            .find(|slot| self.slots.get(*slot) == Some(&place));
        if let Some(slot) = found.and_then(|slot| self.slots.get_mut(slot)) {
            *slot = GONE;
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::Index;
    use proptest::prelude::{any, prop_assert_eq, proptest};
    use std::collections::HashMap;

    proptest! {
        #[test]
        fn behaves_like_a_map(steps in proptest::collection::vec((any::<bool>(), 0u32..60), 0..400)) {
            let keys: Vec<String> = (0..60).map(|n| format!("job-{n}")).collect();
            let (mut index, mut model) = (Index::default(), HashMap::new());
            for (add, n) in steps {
                let key = &keys[n as usize];
                let found = index.get(key, |place| keys[place as usize] == *key);
                prop_assert_eq!(found, model.get(key).copied());
                match (add, found) {
                    (true, None) => {
                        index.insert(key, n, |place| keys.get(place as usize).map(String::as_str));
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
