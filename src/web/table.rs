//! A few things by number. A list is smaller than a map, and as fast for as few as a pool of sockets holds.

use std::cell::RefCell;

pub(super) struct Table<T>(RefCell<Vec<(u64, T)>>);

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<T> Table<T> {
    pub(super) fn insert(&self, id: u64, thing: T) {
        self.0.borrow_mut().push((id, thing));
    }

    pub(super) fn remove(&self, id: u64) -> Option<T> {
        let mut list = self.0.borrow_mut();
        let at = list.iter().position(|(known, _)| *known == id)?;
        Some(list.swap_remove(at).1)
    }

    pub(super) fn each(&self, look: impl Fn(&T)) {
        for (_, thing) in self.0.borrow().iter() {
            look(thing);
        }
    }

    /// What `look` makes of the thing; a copy of a handle of JavaScript's, so that nothing is borrowed while it runs.
    pub(super) fn with<R>(&self, id: u64, look: impl FnOnce(&T) -> R) -> Option<R> {
        self.0
            .borrow()
            .iter()
            .find(|(known, _)| *known == id)
            .map(|(_, thing)| look(thing))
    }
}
