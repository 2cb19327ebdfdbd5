//! What is to happen when, in virtual time; what falls on the same moment happens in the order in which it was planned.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

pub struct Agenda<E> {
    times: BinaryHeap<Reverse<(u64, u64)>>,
    events: BTreeMap<u64, E>,
    count: u64,
}

impl<E> Agenda<E> {
    pub fn new() -> Self {
        Self {
            times: BinaryHeap::new(),
            events: BTreeMap::new(),
            count: 0,
        }
    }

    pub fn add(&mut self, at: u64, event: E) {
        self.count += 1;
        self.events.insert(self.count, event);
        self.times.push(Reverse((at, self.count)));
    }

    pub fn next(&mut self) -> Option<(u64, E)> {
        while let Some(Reverse((at, number))) = self.times.pop() {
            if let Some(event) = self.events.remove(&number) {
                return Some((at, event));
            }
        }
        None
    }
}
