//! Events that wait for the page's next frame (`broadcast`). Of those of one name about one thing listeners are told the
//! last one, at its place in the order, once between two frames at most, and no more often than the configuration says.
//! What ends a job takes everything before it along at once; of what the job itself said nothing is told behind its end,
//! however often it was told before.
//!
//! The page counts frames, and its takes say where they end. Where the core is in a worker, a take comes later than its
//! frame, and what it brings comes in the next one, together with what is told at once: so that is compared with two
//! takes there. It is enough: before the page takes again it has got what the last take brought.

use crate::core::collections::index::Index;
use crate::core::text::words::{join, joined};
use crate::core::time::Time;

/// Text of events that wait at most; a page that never takes them must not fill the memory. What ends a job is taken in
/// all the same: it is handed over at the end of its input.
pub(crate) const MAX_BYTES: usize = 8 << 20;

/// Places of replaced events that are put up with.
const SPARE: u32 = 2000;

/// Events that wait at most, however short: each takes more than its text.
const MOST_EVENTS: usize = 1 << 16;

/// Keys that are remembered at most, and bytes of their texts. An event beyond that has no key: it is delivered as it came.
const MOST_KEYS: usize = 1 << 16;
const MOST_KEY_BYTES: usize = 8 << 20;

/// Keys that are looked at for each new one, whether they may be forgotten: more than one, so that there are not many
/// more than are needed.
const SWEPT: u32 = 4;

/// No place.
const NONE: u32 = u32::MAX;

/// What events of one name about one thing have in common.
#[derive(Debug)]
struct Key {
    /// Their name, and behind that what they are about.
    text: String,
    /// How far apart two of them are told, ms.
    interval: u64,
    /// They are not told before.
    at: Time,
    /// The number of the take after the next one when one was told last; 0: none was.
    told_in: u32,
    /// The place of the one that waits.
    place: u32,
}

/// One event.
#[derive(Debug)]
struct Event {
    /// The place of its key; [`NONE`]: each of them is told.
    key: u32,
    /// The job it names.
    job: String,
    /// It is told at once, whatever was told of its key: it ends that job, or comes before its end.
    ends: bool,
    /// Empty: another one took its place, or nobody hears it.
    record: String,
}

/// The job that the event at a place names.
fn job_at(events: &[Event], place: u32) -> Option<&str> {
    events.get(place as usize).map(|event| event.job.as_str())
}

/// Those that wait, in order.
#[derive(Debug, Default)]
pub(crate) struct Held {
    events: Vec<Event>,
    /// Places of the last ends of jobs, by the job. They stay there until these are handed over.
    ended: Index,
    /// Of what waits or was told; it is remembered here for as long as it is not told again.
    keys: Vec<Key>,
    index: Index,
    /// Places of keys that are forgotten.
    free: Vec<u32>,
    /// The key that was looked at last.
    hand: u32,
    /// One of them may not wait.
    pub(crate) urgent: bool,
    /// The last time that any were told.
    now: Time,
    /// What the page takes is told after its frame.
    pub(crate) late: bool,
    /// How often the page took what waits.
    takes: u32,
    /// Of their records.
    bytes: usize,
    /// Of the texts of the keys.
    key_bytes: usize,
    /// The earliest time at which one may be told.
    next: Option<Time>,
    /// How many places are those of events that were replaced.
    replaced: u32,
}

/// What is held of an event beside its record.
#[derive(Default)]
pub(crate) struct Terms<'a> {
    /// What it is about; empty: each event is told.
    pub(crate) about: &'a str,
    /// The job it names; empty: none.
    pub(crate) job: &'a str,
    pub(crate) interval: u64,
    /// It is told at once, and if it names a job, ends that.
    pub(crate) urgent: bool,
    /// Nobody hears it: it stands for the end alone.
    pub(crate) unheard: bool,
}

impl Held {
    /// The place of a key, made when it is new; [`NONE`]: there is no room for it.
    fn key(&mut self, name: &str, terms: &Terms<'_>) -> u32 {
        let text = joined(&[name, "\0", terms.about]);
        let keys = &self.keys;
        let key_of = |place: u32| keys.get(place as usize).map(|key| key.text.as_str());
        if let Some(place) = self.index.get(&text, key_of) {
            return place;
        }
        for _ in 0..SWEPT {
            let Some(key) = self.keys.get_mut(self.hand as usize) else {
                self.hand = 0;
                break;
            };
            // Nothing waits, and whatever comes may be told.
            if key.place == NONE && key.at <= self.now && key.told_in <= self.takes {
                self.index.remove(&key.text, self.hand);
                self.key_bytes -= key.text.len();
                key.text = String::new();
                key.at = Time::NEVER;
                self.free.push(self.hand);
            }
            self.hand += 1;
        }
        let known = self.keys.len() - self.free.len();
        if known >= MOST_KEYS || self.key_bytes + text.len() > MOST_KEY_BYTES {
            return NONE;
        }
        self.key_bytes += text.len();
        let place = self.free.pop().unwrap_or(self.keys.len() as u32);
        self.index.insert(&text, place);
        let key = Key {
            text,
            interval: terms.interval,
            at: Time(0),
            told_in: 0,
            place: NONE,
        };
        match self.keys.get_mut(place as usize) {
            Some(old) => *old = key,
            None => self.keys.push(key),
        }
        place
    }

    /// Takes one in, and tells whether there is one more to be told; it is `lost` when there is no room.
    pub(crate) fn push(
        &mut self,
        name: &str,
        terms: &Terms<'_>,
        record: String,
        lost: &mut u64,
    ) -> bool {
        if self.replaced > SPARE && !self.urgent {
            // The page takes nothing: it may be hidden.
            self.hand_over(None, self.now, false);
        }
        let mut key = NONE;
        if !terms.about.is_empty() {
            key = self.key(name, terms);
        }
        let known = self.keys.get(key as usize);
        let is_full = self.events.len() - self.replaced as usize >= MOST_EVENTS;
        let old = known.and_then(|key| self.events.get_mut(key.place as usize));
        let room = old.as_ref().map_or(0, |old| old.record.len());
        let is_long = self.bytes > MAX_BYTES && record.len() > room;
        if !terms.urgent && (is_long || is_full && old.is_none()) {
            *lost += 1;
            return false;
        }
        let is_new = old.is_none();
        if let Some(old) = old {
            self.bytes -= room;
            old.record = String::new();
            self.replaced += 1;
        }
        let place = self.events.len() as u32;
        self.keep(Event {
            key,
            job: terms.job.to_owned(),
            ends: terms.urgent,
            record,
        });
        if terms.urgent {
            self.urgent = true;
            if !terms.job.is_empty() {
                let job_of = |place| job_at(&self.events, place);
                if let Some(before) = self.ended.get(terms.job, job_of) {
                    self.ended.remove(terms.job, before);
                }
                self.ended.insert(terms.job, place);
            }
            // What comes behind it does not take its place.
            if let Some(key) = self.keys.get_mut(key as usize) {
                key.place = NONE;
                key.told_in = self.takes + 2;
            }
        }
        is_new
    }

    /// Marks what comes before the end of the job that it names.
    fn mark_ended(&mut self) {
        let ended = std::mem::take(&mut self.ended);
        for place in 0..self.events.len() as u32 {
            let events = &self.events;
            let job = job_at(events, place).unwrap_or("");
            let end = ended.get(job, |place| job_at(events, place));
            if end.is_some_and(|end| place < end)
                && let Some(event) = self.events.get_mut(place as usize)
            {
                event.ends = true;
            }
        }
    }

    /// Adds an event behind the others.
    fn keep(&mut self, event: Event) {
        let mut at = Time(0);
        if let Some(key) = self.keys.get_mut(event.key as usize) {
            at = key.at;
            key.place = self.events.len() as u32;
        }
        self.next = Some(self.next().min(at));
        self.bytes += event.record.len();
        self.events.push(event);
    }

    /// When one of them may be told; [`Time::NEVER`] when none waits.
    pub(crate) fn next(&self) -> Time {
        self.next.unwrap_or(Time::NEVER)
    }

    /// Appends the records of those that may be told, if there is something to append them to; `taken`: with a frame.
    /// Lets go of those that others took the place of.
    pub(crate) fn hand_over(&mut self, mut out: Option<&mut String>, now: Time, taken: bool) {
        if self.urgent {
            self.mark_ended();
        }
        let seen = u32::from(taken || !self.late);
        self.now = now;
        self.next = None;
        if let Some(out) = out.as_deref_mut()
            && self.bytes > MAX_BYTES / 8
        {
            // A text that grows step by step takes twice its room.
            out.reserve(self.bytes + self.events.len());
        }
        self.bytes = 0;
        self.replaced = 0;
        for event in std::mem::take(&mut self.events) {
            if event.record.is_empty() {
                continue;
            }
            let key = self.keys.get_mut(event.key as usize);
            let waits = key.as_ref().is_some_and(|key| {
                !event.ends && (key.at > now || key.told_in > self.takes + seen)
            });
            let Some(out) = out.as_deref_mut().filter(|_| !waits) else {
                self.keep(event);
                continue;
            };
            if let Some(key) = key {
                key.at = now.after(key.interval);
                key.told_in = self.takes + 2;
                key.place = NONE;
            }
            join(out, &event.record);
        }
        self.urgent = false;
        self.takes += u32::from(taken);
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
