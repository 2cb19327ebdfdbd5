//! Outgoing messages that wait for a connection or for the rate limit: bounded by count, bytes and age, in order, a
//! newer one taking the place of an older one with the same supersede key. Requests stay until they are acknowledged.
//!
//! Each stands in the line of where it goes to. Whatever is done to one of them costs the same, however many there are.

use crate::core::collections::index::Index;
use crate::core::collections::line::Line;
use crate::core::json::push_u64;
use crate::core::protocol::Part;
use crate::core::protocol::SOCKETIO;
use crate::core::protocol::socketio::attachment::Attachment;
use crate::core::time::Time;
use crate::core::time::timers::{Deadline, Owner, Timers};

/// What a message is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Kind {
    /// It is sent, and that is all.
    #[default]
    Event,
    /// It is to be acknowledged.
    Request,
    /// A request that the server has, or may have. Nothing of it is left but that it is awaited.
    Sent,
    /// It acknowledges an event, and is of no use to another session.
    Reply,
}

/// A message that waits, or a request that was sent.
#[derive(Debug, Default)]
pub(crate) struct Item {
    /// Where it stands: the number of the line.
    pub(crate) line: u32,
    /// By which it is found: see [`key`].
    pub(crate) key: Option<String>,
    pub(crate) text: String,
    pub(crate) expires: Time,
    /// Numbers and sizes of the binary messages that go with it.
    pub(crate) attachments: Part<Vec<Attachment>>,
    /// By which the page knows the request, or the reply.
    pub(crate) rid: u32,
    pub(crate) kind: Kind,
    /// Counts the messages.
    pub(crate) number: u64,
}

/// The key of a message in a line.
pub(crate) fn key(line: u32, name: &str) -> String {
    let mut key = String::new();
    push_u64(&mut key, line.into());
    key.push(' ');
    key.push_str(name);
    key
}

impl Item {
    /// Whether the bounds are about it: a server awaits a reply, and what was sent takes no room.
    fn is_bounded(&self) -> bool {
        !SOCKETIO || matches!(self.kind, Kind::Event | Kind::Request)
    }

    /// What counts for the bound.
    fn bytes(&self) -> usize {
        if !self.is_bounded() {
            return 0;
        }
        let mut bytes = self.text.len();
        if SOCKETIO {
            for Attachment { size, .. } in self.attachments.iter() {
                bytes = bytes.saturating_add(*size as usize);
            }
        }
        bytes
    }
}

/// A place in the list. It keeps its deadline when it is free, for the reminder that may be under way.
#[derive(Debug, Default)]
struct Slot {
    item: Option<Box<Item>>,
    deadline: Deadline,
}

/// The messages.
#[derive(Debug)]
pub(crate) struct Queue {
    slots: Vec<Slot>,
    /// A ring for each line: what stands there, and twice the number of the line between the end and the beginning. A
    /// message is there as twice its place and one more. What is free stands in a ring of its own.
    rings: Line,
    /// Those with a key.
    keys: Index,
    /// How many there are.
    count: usize,
    /// How many of them no bound is about.
    unbounded: usize,
    /// How many there were so far.
    numbers: u64,
    bytes: usize,
    most_items: usize,
    most_bytes: usize,
}

/// There is no room.
#[derive(Debug, PartialEq)]
pub(crate) struct Full;

impl Queue {
    #[inline(never)]
    pub(crate) fn new(most_items: usize, most_bytes: usize) -> Self {
        Self {
            slots: Vec::new(),
            rings: Line::default(),
            keys: Index::default(),
            count: 0,
            unbounded: 0,
            numbers: 0,
            bytes: 0,
            most_items,
            most_bytes,
        }
    }

    /// How many wait that are no replies.
    pub(crate) fn len(&self) -> usize {
        self.count - if SOCKETIO { self.unbounded } else { 0 }
    }

    /// Whether nothing waits, and no request is to be acknowledged.
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn get(&self, place: u32) -> Option<&Item> {
        self.slots.get(place as usize)?.item.as_deref()
    }

    /// The message that has waited longest in a line.
    pub(crate) fn first(&self, line: u32) -> Option<u32> {
        let first = self.rings.after(Some(2 * line))?;
        (first % 2 > 0).then_some(first / 2)
    }

    /// The message of a key.
    pub(crate) fn keyed(&self, key: &str) -> Option<u32> {
        self.keys.get(key, |place| self.get(place)?.key.as_deref())
    }

    /// Takes a message in; gives back the one whose place it took.
    pub(crate) fn push(
        &mut self,
        mut item: Box<Item>,
        timers: &mut Timers,
    ) -> Result<Option<Box<Item>>, Full> {
        let older = item.key.as_ref().and_then(|key| self.keyed(key));
        let (mut before, mut number) = (0, self.numbers + 1);
        if let Some(older) = older.and_then(|place| self.get(place)) {
            (before, number) = (older.bytes(), older.number);
        }
        let bytes = (self.bytes - before).saturating_add(item.bytes());
        let is_crowded = older.is_none() && self.len() >= self.most_items;
        if item.is_bounded() && (is_crowded || bytes > self.most_bytes) {
            return Err(Full);
        }
        self.bytes = bytes;
        if SOCKETIO {
            self.numbers += 1;
            item.number = number;
        }
        let place = older.unwrap_or_else(|| self.occupy(&item));
        let Some(slot) = self.slots.get_mut(place as usize) else {
            return Err(Full);
        };
        slot.deadline
            .set(item.expires, Owner::Message(place), timers);
        Ok(slot.item.replace(item))
    }

    /// A place for a message, behind the others of its line.
    fn occupy(&mut self, item: &Item) -> u32 {
        self.count += 1;
        if SOCKETIO {
            self.unbounded += usize::from(!item.is_bounded());
        }
        let place = self
            .rings
            .pop()
            .map_or(self.slots.len() as u32, |free| free / 2);
        if place as usize == self.slots.len() {
            self.slots.push(Slot::default());
        }
        self.rings.put_before(2 * place + 1, 2 * item.line);
        if let Some(key) = &item.key {
            self.keys.insert(key, place);
        }
        place
    }

    /// Takes out the message at a place.
    pub(crate) fn take(&mut self, place: u32) -> Option<Box<Item>> {
        let item = self.slots.get_mut(place as usize)?.item.take()?;
        self.count -= 1;
        self.unbounded -= usize::from(!item.is_bounded());
        self.bytes -= item.bytes();
        if let Some(key) = &item.key {
            self.keys.remove(key, place);
        }
        self.rings.push(2 * place + 1);
        Some(item)
    }

    /// Takes out the message at a place, if it is too old.
    pub(crate) fn overdue(
        &mut self,
        place: u32,
        now: Time,
        timers: &mut Timers,
    ) -> Option<Box<Item>> {
        let deadline = &mut self.slots.get_mut(place as usize)?.deadline;
        let is_over = deadline.reached(now, Owner::Message(place), timers);
        is_over.then(|| self.take(place)).flatten()
    }

    /// The places of all that acknowledge something, in one line or in all: looks at every place, where there may be such
    /// a message.
    pub(crate) fn replies(&self, line: Option<u32>) -> Vec<u32> {
        let is_reply = |place: &u32| {
            let item = self.get(*place).filter(|item| item.kind == Kind::Reply);
            item.is_some_and(|item| line.is_none_or(|line| line == item.line))
        };
        let places = if self.unbounded > 0 {
            self.slots.len() as u32
        } else {
            0
        };
        (0..places).filter(is_reply).collect()
    }

    /// All messages.
    pub(crate) fn into_items(self) -> impl Iterator<Item = Box<Item>> {
        self.slots.into_iter().filter_map(|slot| slot.item)
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
