//! Events that wait for the page's next frame (`broadcast`). Of those of one name about one thing listeners are told the
//! last one, at its place in the order, and no more often than the configuration says. What ends a job takes everything
//! before it along at once.

use super::super::audit::Audit;
use super::super::index::Index;
use super::super::message::joined;
use super::super::time::Time;

/// How long what was told between two frames is not told again, ms: a frame.
const FRAME: u64 = 16;

/// Places of replaced events that are put up with.
const SPARE: usize = 2000;

/// One event.
#[derive(Debug)]
struct Event {
    /// Its name, and behind that what it is about.
    key: String,
    name: usize,
    /// Another one of its kind takes its place.
    replaceable: bool,
    /// How far apart two of them are told, ms.
    interval: u64,
    /// Empty: it was told, or another one took its place.
    record: String,
    /// It is not told before.
    at: Time,
}

/// Those that wait, in order.
#[derive(Debug, Default)]
pub(super) struct Held {
    events: Vec<Event>,
    index: Index,
    /// Of their records.
    bytes: usize,
    /// The earliest time at which one may be told.
    next: Option<Time>,
    /// One of them may not wait.
    pub(super) urgent: bool,
    /// How many places are those of events that were replaced.
    replaced: usize,
}

/// What is held of an event beside its record.
#[derive(Clone, Copy, Default)]
pub(super) struct Terms<'a> {
    pub(super) name: &'a str,
    /// What it is about; empty: each event is told.
    pub(super) about: &'a str,
    pub(super) interval: u64,
    pub(super) urgent: bool,
}

impl Terms<'_> {
    fn is_replaceable(&self) -> bool {
        !self.about.is_empty() || self.interval > 0
    }

    fn key(&self) -> String {
        joined(&[self.name, "\0", self.about])
    }
}

impl Held {
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether one that waits gives way to another of these terms.
    pub(super) fn replaces(&self, terms: &Terms<'_>) -> bool {
        let key = terms.key();
        let is = |place: u32| {
            self.events
                .get(place as usize)
                .is_some_and(|event| event.key == key)
        };
        terms.is_replaceable() && self.index.get(&key, is).is_some()
    }

    pub(super) fn push(&mut self, terms: Terms<'_>, record: String) {
        let replaceable = terms.is_replaceable();
        let key = terms.key();
        if self.replaced > SPARE {
            // The page takes nothing: it may be hidden.
            let urgent = self.urgent;
            self.sift(&mut |event| event.replaceable || !event.record.is_empty());
            self.urgent = urgent;
        }
        let place = self.events.len() as u32;
        let mut at = Time(0);
        if replaceable {
            let events = &self.events;
            let key_of = |place: u32| events.get(place as usize).map(|event| event.key.as_str());
            match self.index.get(&key, |place| key_of(place) == Some(&key)) {
                Some(old) => {
                    self.index.r#move(&key, old, place);
                    if let Some(event) = self.events.get_mut(old as usize) {
                        at = event.at;
                        self.bytes -= event.record.len();
                        event.record = String::new();
                        event.replaceable = false;
                        self.replaced += 1;
                    }
                }
                None => self.index.insert(&key, place, &key_of),
            }
        }
        if terms.urgent {
            at = Time(0);
            self.urgent = true;
        }
        self.next = Some(self.next.map_or(at, |next| next.min(at)));
        self.bytes += record.len();
        self.events.push(Event {
            key,
            name: terms.name.len(),
            replaceable,
            interval: terms.interval,
            record,
            at,
        });
    }

    /// When one of them may be told; [`Time::NEVER`] when none waits.
    pub(super) fn next(&self) -> Time {
        self.next.unwrap_or(Time::NEVER)
    }

    /// Appends the records of those that may be told.
    pub(super) fn hand_over(&mut self, out: &mut String, now: Time, audit: &mut Audit) {
        let least = if std::mem::take(&mut self.urgent) {
            FRAME
        } else {
            0
        };
        self.sift(&mut |event| {
            if event.at <= now && !event.record.is_empty() {
                if !out.is_empty() {
                    out.push(',');
                }
                out.push_str(&std::mem::take(&mut event.record));
                if event.name > 0 {
                    audit.delivered(event.key.get(..event.name).unwrap_or(""));
                }
                event.at = now.after(event.interval.max(least));
            }
            // What was told is remembered for as long as it is not told again.
            event.replaceable && event.at > now
        });
    }

    /// Keeps some, in their order.
    fn sift(&mut self, is_kept: &mut dyn FnMut(&mut Event) -> bool) {
        let events = std::mem::take(self).events;
        for mut event in events {
            if !is_kept(&mut event) {
                continue;
            }
            if !event.record.is_empty() {
                self.next = Some(self.next().min(event.at));
                self.bytes += event.record.len();
            }
            let place = self.events.len() as u32;
            if event.replaceable {
                let events = &self.events;
                self.index.insert(&event.key, place, &|place| {
                    events.get(place as usize).map(|event| event.key.as_str())
                });
            }
            self.events.push(event);
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn what_is_replaced_leaves_nothing_behind() {
        let mut held = Held::default();
        let terms = |about| Terms {
            name: "a",
            about,
            ..Terms::default()
        };
        for number in 0..100_000 {
            held.push(terms("x"), number.to_string());
            if number % 100 == 0 {
                held.push(terms(""), "own".into());
            }
        }
        assert!(
            held.events.len() < 1000 + 2 * SPARE,
            "{}",
            held.events.len()
        );
        let mut out = String::new();
        held.hand_over(&mut out, Time(0), &mut Audit::default());
        let told: Vec<&str> = out.split(',').collect();
        assert_eq!((told.len(), told.last()), (1001, Some(&"99999")));
        assert!(held.events.is_empty() && held.bytes == 0);
    }
}
