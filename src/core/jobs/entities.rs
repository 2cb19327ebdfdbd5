//! Tracks and playlists as the server's messages leave them (`broadcast`): each has a state, and the members that were
//! told of it, the newest of each. Bounded: those that changed longest ago are forgotten first.

use crate::core::collections::index::Index;
use crate::core::jobs::status::Source;
use crate::core::json::{Scanner, Value, push_numbers, push_text};
use crate::core::text::words::join;

/// Entities kept at most.
const MOST: usize = 50_000;
/// Bytes kept at most of all: their ids, states and members, and what the page is still to be told of forgotten ones.
const MOST_BYTES: usize = 32 << 20;
/// Bytes of members kept at most of one.
const MOST_EACH: usize = 1 << 20;
/// Members kept of one.
const MOST_MEMBERS: usize = 256;

/// What there are. The first letter stands for it in a key.
const KINDS: [&str; 2] = ["track", "playlist"];

/// The kind of a key: its place in [`KINDS`].
fn kind_of(key: &str) -> usize {
    usize::from(key.starts_with('p'))
}

/// What a message says of one.
pub(crate) struct Told<'a> {
    /// The first letter of its kind, and its id.
    pub(crate) key: &'a str,
    pub(crate) status: Option<&'a str>,
    /// The state before, if the message names it.
    pub(crate) previous: Option<&'a str>,
    /// The event and its payload.
    pub(crate) name: &'a str,
    pub(crate) payload: &'a str,
}

#[derive(Debug, Default)]
struct Entity {
    /// Empty: forgotten, and its place is free.
    key: String,
    status: Option<String>,
    previous: Option<String>,
    /// Epoch ms.
    updated_at: u64,
    /// Members, as a JSON object.
    data: String,
    /// It stands in the list of changed ones.
    dirty: bool,
    /// The page knows of it.
    known: bool,
    /// The number of its last change.
    change: u64,
}

/// The table.
#[derive(Debug, Default)]
pub(crate) struct Entities {
    list: Vec<Entity>,
    index: Index,
    free: Vec<u32>,
    bytes: usize,
    changes: u64,
    /// Numbers of changes and where they were, oldest first from `oldest` on; those that are not the last of their
    /// entity are passed over.
    order: Vec<(u64, u32)>,
    oldest: usize,
    /// Which kinds the page looks at.
    watched: [bool; 2],
    /// What it has not been told.
    dirty: Vec<u32>,
    /// Records of those that it does not know to be forgotten, joined by commas.
    forgotten: String,
    /// How many were forgotten, and how many messages had members that were not kept: for a bound, so far.
    dropped: (u64, u64),
}

fn is_watched(watched: &[bool; 2], key: &str) -> bool {
    watched.get(kind_of(key)) == Some(&true)
}

/// The members of some objects.
struct Merged {
    json: String,
    /// Some are missing: there are too many.
    left_out: bool,
}

/// The members of some objects, newest first: of those with the same name the first one. Members of `updates` have come
/// before it, and the name of the event, where it is one, says nothing of the entity. `None`: they have too many bytes.
fn merged(objects: &[&str], event: &str) -> Option<Merged> {
    let mut out = String::new();
    let mut known: Vec<&str> = Vec::new();
    let mut left_out = false;
    for json in objects {
        let mut scanner = Scanner::new(json);
        let mut first = true;
        while let Some((name, value, text)) = scanner.pair(&mut first) {
            let is_other = match value {
                Value::Object(_) => name == "updates",
                Value::String(text) => text.raw == event,
                _ => false,
            };
            if is_other || known.contains(&name) {
                continue;
            }
            if known.len() >= MOST_MEMBERS {
                left_out = true;
                break;
            }
            if out.len() + name.len() + text.len() > MOST_EACH {
                return None;
            }
            out.push_str(if known.is_empty() { "{\"" } else { ",\"" });
            out.push_str(name);
            out.push_str("\":");
            out.push_str(text);
            known.push(name);
        }
    }
    out.push_str(if known.is_empty() { "{}" } else { "}" });
    out.shrink_to_fit();
    Some(Merged {
        json: out,
        left_out,
    })
}

/// The object in the member `updates`, if there is one.
fn updates(json: &str) -> &str {
    let mut scanner = Scanner::new(json);
    let mut first = true;
    while let Some((name, value, text)) = scanner.pair(&mut first) {
        if let ("updates", Value::Object(_)) = (name, value) {
            return text;
        }
    }
    ""
}

impl Entity {
    /// Bytes of all that is text.
    fn bytes(&self) -> usize {
        let states = [&self.status, &self.previous].into_iter().flatten();
        self.key.len() + self.data.len() + states.map(String::len).sum::<usize>()
    }

    /// Appends the record of docs/core-messages.md.
    fn write(&self, out: &mut String) {
        out.push_str(if out.is_empty() { "[11" } else { ",[11" });
        push_text(out, KINDS.get(kind_of(&self.key)).copied());
        push_text(out, self.key.get(1..));
        push_text(out, self.status.as_deref());
        push_text(out, self.previous.as_deref());
        push_numbers(
            out,
            &[self.updated_at as f64, f64::from(Source::Socket as u8)],
        );
        out.push(',');
        out.push_str(if self.data.is_empty() {
            "null"
        } else {
            &self.data
        });
        out.push(']');
    }
}

impl Entities {
    /// The place of an entity, made when it is new.
    fn place(&mut self, key: &str) -> u32 {
        let list = &self.list;
        let key_of = |place: u32| list.get(place as usize).map(|entity| entity.key.as_str());
        if let Some(place) = self.index.get(key, key_of) {
            return place;
        }
        if self.list.len() - self.free.len() >= MOST {
            self.forget_oldest();
        }
        let place = self.free.pop().unwrap_or(self.list.len() as u32);
        if place as usize == self.list.len() {
            self.list.push(Entity::default());
        }
        if let Some(entity) = self.list.get_mut(place as usize) {
            key.clone_into(&mut entity.key);
            self.bytes += entity.bytes();
        }
        self.index.insert(key, place);
        place
    }

    fn forget_oldest(&mut self) {
        while let Some((change, place)) = self.order.get(self.oldest).copied() {
            self.oldest += 1;
            let Some(entity) = self.list.get_mut(place as usize) else {
                return;
            };
            if entity.change != change {
                continue;
            }
            self.index.remove(&entity.key, place);
            self.bytes -= entity.bytes();
            let gone = Entity {
                key: std::mem::take(&mut entity.key),
                known: entity.known,
                ..Entity::default()
            };
            *entity = Entity {
                // Its place stands in the list of changed ones already.
                dirty: entity.dirty,
                ..Entity::default()
            };
            self.free.push(place);
            self.dropped.0 += 1;
            if gone.known && is_watched(&self.watched, &gone.key) {
                gone.write(&mut self.forgotten);
            }
            return;
        }
    }

    /// Takes in what a message says.
    pub(crate) fn take_in(&mut self, told: &Told<'_>, wall: u64) {
        let place = self.place(told.key);
        let Some(entity) = self.list.get_mut(place as usize) else {
            return;
        };
        let before = entity.bytes();
        let objects = [updates(told.payload), told.payload, &entity.data];
        let mut changed = entity.change == 0;
        let merged = merged(&objects, told.name);
        let left_out = merged.as_ref().is_none_or(|merged| merged.left_out);
        self.dropped.1 += u64::from(left_out);
        if let Some(Merged { json, .. }) = merged
            && json != entity.data
        {
            entity.data = json;
            changed = true;
        }
        if told.status.is_some() {
            let status = told.status.map(str::to_owned);
            let before = if status == entity.status {
                &entity.previous
            } else {
                &entity.status
            };
            let previous = told.previous.or(before.as_deref()).map(str::to_owned);
            changed |= status != entity.status || previous != entity.previous;
            entity.status = status;
            entity.previous = previous;
        }
        self.bytes = self.bytes - before + entity.bytes();
        if !changed {
            return;
        }
        entity.updated_at = wall;
        self.changes += 1;
        entity.change = self.changes;
        if is_watched(&self.watched, told.key) && !std::mem::replace(&mut entity.dirty, true) {
            self.dirty.push(place);
        }
        self.order.push((self.changes, place));
        if self.order.len() > 4 * MOST {
            let list = &self.list;
            self.order.retain(|(change, place)| {
                list.get(*place as usize)
                    .is_some_and(|entity| entity.change == *change)
            });
            self.oldest = 0;
        }
        while self.bytes + self.forgotten.len() > MOST_BYTES && self.oldest < self.order.len() {
            self.forget_oldest();
        }
    }

    /// How many entities were forgotten, and how many messages had members that were not kept.
    pub(crate) fn dropped(&self) -> (u64, u64) {
        self.dropped
    }

    /// The page looks at a kind, of which it is then told all that is known, or does so no more.
    pub(crate) fn watch(&mut self, kind: &str, on: bool) {
        let place = KINDS.iter().position(|known| *known == kind);
        let Some(watched) = place.and_then(|place| self.watched.get_mut(place)) else {
            return;
        };
        *watched = on;
        for (number, entity) in self.list.iter_mut().enumerate() {
            if Some(kind_of(&entity.key)) == place && !std::mem::replace(&mut entity.dirty, true) {
                self.dirty.push(number as u32);
            }
        }
    }

    /// Whether the page looks at any.
    pub(crate) fn is_watched(&self) -> bool {
        self.watched.contains(&true)
    }

    /// Whether there is something that it has not been told.
    pub(crate) fn is_dirty(&self) -> bool {
        !self.dirty.is_empty() || !self.forgotten.is_empty()
    }

    /// Appends the records of what changed since the last time, until there are so many bytes; whether that was all.
    pub(crate) fn hand_over(&mut self, out: &mut String, most: usize) -> bool {
        join(out, &std::mem::take(&mut self.forgotten));
        let mut dirty = std::mem::take(&mut self.dirty);
        let mut done = 0;
        for place in &dirty {
            if out.len() >= most {
                break;
            }
            done += 1;
            if let Some(entity) = self.list.get_mut(*place as usize)
                && std::mem::take(&mut entity.dirty)
                && !entity.key.is_empty()
                && is_watched(&self.watched, &entity.key)
            {
                entity.known = true;
                entity.write(out);
            }
        }
        dirty.drain(..done);
        self.dirty = dirty;
        self.dirty.is_empty()
    }
}
