//! What is to be told to the page: records of docs/core-messages.md, gathered until the next frame, or until something
//! may not wait.

use crate::core::deliver::batches::Rest;
use crate::core::deliver::held::{Held, MAX_BYTES, Terms};
use crate::core::io::config::RateLimit;
use crate::core::io::error::{Log, Problem};
use crate::core::io::output::Output;
use crate::core::jobs::entities::Entities;
use crate::core::jobs::status::Source;
use crate::core::jobs::table::JobTable;
use crate::core::json::{push_numbers, push_text};
use crate::core::protocol::BroadcastPart;
use crate::core::protocol::socketio::attachment::{Attachment, push_ids};
use crate::core::protocol::{BROADCAST, SOCKETIO, STREAM};
use crate::core::time::Time;
use crate::core::time::bucket::Bucket;

/// An event for which exactly as much room is made as it needs, bytes.
const LARGE: usize = 1 << 16;

/// Log entries a second; a flood of broken frames must not become a flood of entries.
const LOGS: RateLimit = RateLimit {
    per_second: 10.0,
    burst: 50.0,
};

/// An event on its way to the listeners of its name.
pub(crate) struct Delivery<'a> {
    /// Its number among all events.
    pub(crate) seq: u64,
    /// The number of its record in docs/core-messages.md.
    pub(crate) record: char,
    pub(crate) name: &'a str,
    /// What listeners get, as JSON.
    pub(crate) json: &'a str,
    /// Further elements of the record, each behind a comma.
    pub(crate) more: &'a str,
    pub(crate) job: Option<u32>,
    pub(crate) source: Source,
    /// What is wrong with it, where it is delivered in spite of that.
    pub(crate) invalid: Option<&'a str>,
    /// It ends a job: no bound keeps it back.
    pub(crate) ends: bool,
    /// When it may be delivered, where that is not at once (`broadcast`).
    pub(crate) terms: Option<&'a Terms<'a>>,
}

impl<'a> Delivery<'a> {
    /// One from a socket.
    pub(crate) fn new(seq: u64, record: char, name: &'a str, json: &'a str) -> Self {
        Self {
            seq,
            record,
            name,
            json,
            more: "",
            job: None,
            source: Source::Socket,
            invalid: None,
            ends: false,
            terms: None,
        }
    }
}

/// What is handed over besides, and where to.
pub(crate) struct Sources<'a> {
    pub(crate) now: Time,
    pub(crate) jobs: &'a mut JobTable,
    pub(crate) entities: &'a mut BroadcastPart<Entities>,
    /// Somebody looks at every job.
    pub(crate) watch_all: bool,
    pub(crate) outputs: &'a mut Vec<Output>,
}

/// The records that wait.
#[derive(Debug)]
pub(crate) struct Outbox {
    /// Events, in order, joined by commas.
    pub(super) events: String,
    /// One of them came in spite of the bound: what waits is handed over at the end of the input.
    crowded: bool,
    /// Status, logs and replies, in order, joined by commas; these never wait.
    pub(super) notices: String,
    pub(super) said_dirty: bool,
    /// What of the present batches has not been handed over yet.
    pub(super) rest: Option<Rest>,
    /// Events dropped because the page takes none.
    pub(crate) overflowed: u64,
    logs: Bucket,
    hushed: u64,
    /// Events are held until they may be told (`broadcast`).
    pub(crate) holds: BroadcastPart<bool>,
    pub(crate) held: BroadcastPart<Held>,
}

impl Default for Outbox {
    fn default() -> Self {
        Self {
            events: String::new(),
            crowded: false,
            notices: String::new(),
            said_dirty: false,
            rest: None,
            overflowed: 0,
            logs: Bucket::new(Some(LOGS)),
            hushed: 0,
            holds: BroadcastPart::default(),
            held: BroadcastPart::default(),
        }
    }
}

/// Begins a record of docs/core-messages.md.
pub(crate) fn begin(out: &mut String, kind: char) {
    out.push_str(if out.is_empty() { "[" } else { ",[" });
    out.push(kind);
}

// What a build without the flag has in its place becomes one only as an argument.
fn is(flag: &bool) -> bool {
    *flag
}

fn set(flag: &mut bool) {
    *flag = true;
}

/// `at`: epoch ms; `job`: its id.
fn write_event(out: &mut String, event: &Delivery<'_>, at: u64, job: Option<&str>) {
    let length = event.json.len() + event.name.len() + event.more.len() + 128;
    if length > LARGE {
        // A text that grows step by step takes twice its room.
        out.reserve_exact(length);
    }
    begin(out, event.record);
    push_text(out, Some(event.name));
    out.push(',');
    out.push_str(event.json);
    let source = f64::from(event.source as u8);
    push_numbers(out, &[event.seq as f64, at as f64, source]);
    push_text(out, job);
    push_text(out, event.invalid);
    out.push_str(event.more);
    out.push(']');
}

impl Outbox {
    /// Forgets everything but what answers somebody.
    pub(crate) fn keep_notices(&mut self) {
        let notices = std::mem::take(&mut self.notices);
        let holds = std::mem::take(&mut self.holds);
        *self = Self {
            notices,
            holds,
            ..Self::default()
        };
    }

    /// Whether there is room for an event, where none are held: always for one that ends a job.
    pub(crate) fn has_room(&self, ends: bool) -> bool {
        ends || self.events.len() <= MAX_BYTES
    }

    /// Takes in an event that came at `at` (epoch ms) about the job of this id. False when there is no room, or when it
    /// takes the place of another one.
    pub(crate) fn event(&mut self, event: &Delivery<'_>, at: u64, job: Option<&str>) -> bool {
        if self.holds() {
            let at_once = Terms::default();
            let terms = event.terms.unwrap_or(&at_once);
            let mut text = String::new();
            if !terms.unheard {
                write_event(&mut text, event, at, job);
            }
            return self
                .held
                .push(event.name, terms, text, &mut self.overflowed);
        }
        if !self.has_room(event.ends) {
            self.overflowed += 1;
            return false;
        }
        self.crowded |= self.events.len() > MAX_BYTES;
        write_event(&mut self.events, event, at, job);
        true
    }

    /// Events are held from here on.
    pub(crate) fn hold_events(&mut self) {
        set(&mut self.holds);
    }

    /// Known to the compiler where a build speaks one protocol alone.
    #[inline(always)]
    pub(crate) fn holds(&self) -> bool {
        BROADCAST && (!(STREAM || SOCKETIO) || is(&self.holds))
    }

    pub(crate) fn log(
        &mut self,
        now: Time,
        wall: u64,
        what: Log,
        problem: Option<Problem>,
        detail: &str,
        job: Option<&str>,
    ) {
        if self.logs.take(now) > now {
            self.hushed += 1;
            return;
        }
        self.say_log(wall, what, problem, detail, job);
    }

    /// A log entry that is never held back: there are few of its kind.
    pub(crate) fn say_log(
        &mut self,
        wall: u64,
        what: Log,
        problem: Option<Problem>,
        detail: &str,
        job: Option<&str>,
    ) {
        let hushed = std::mem::take(&mut self.hushed);
        let out = &mut self.notices;
        begin(out, '3');
        let (what, problem) = (what as u8, problem.map_or(0, |problem| problem as u8));
        push_numbers(
            out,
            &[what.into(), wall as f64, hushed as f64, problem.into()],
        );
        push_text(out, Some(detail));
        push_text(out, job);
        out.push(']');
    }

    /// Answers a command; `write` appends the value as JSON.
    pub(crate) fn answer(&mut self, rid: u32, write: impl FnOnce(&mut String)) {
        let out = &mut self.notices;
        begin(out, '4');
        push_numbers(out, &[rid.into()]);
        out.push(',');
        write(out);
        out.push(']');
    }

    pub(crate) fn reply(&mut self, rid: u32, json: &'static str) {
        self.answer(rid, |out| out.push_str(json));
    }

    /// Answers a command with an error.
    pub(crate) fn refuse(&mut self, rid: u32, problem: Problem, detail: &str) {
        let out = &mut self.notices;
        begin(out, '5');
        push_numbers(out, &[rid.into(), f64::from(problem as u8)]);
        push_text(out, Some(detail));
        out.push(']');
    }

    /// The status of the connection, or of the namespace of this name; `data` is JSON, or nothing.
    pub(crate) fn status(
        &mut self,
        channel: Option<&str>,
        numbers: &[f64],
        said: &str,
        data: &str,
        round_trip: Option<f64>,
    ) {
        let out = &mut self.notices;
        begin(out, if channel.is_some() { '8' } else { '2' });
        if channel.is_some() {
            push_text(out, channel);
        }
        push_numbers(out, numbers);
        push_text(out, Some(said).filter(|said| !said.is_empty()));
        out.push(',');
        out.push_str(if data.is_empty() { "null" } else { data });
        if STREAM && let Some(ms) = round_trip {
            push_numbers(out, &[ms]);
        }
        out.push(']');
    }

    /// The server's answer to a request, and its attachments.
    pub(crate) fn acknowledgement(&mut self, rid: u32, args: &str, attachments: &[Attachment]) {
        let out = &mut self.notices;
        out.push_str(if out.is_empty() { "[10" } else { ",[10" });
        push_numbers(out, &[rid.into()]);
        out.push_str(",[");
        out.push_str(args);
        out.push(']');
        push_ids(out, attachments);
        out.push(']');
    }
}

impl Outbox {
    /// At the end of an input: at once what may not wait, else a word that something does.
    pub(crate) fn tell(&mut self, sources: &mut Sources<'_>) {
        let urgent_events = self.holds() && self.held.urgent;
        let crowded = std::mem::take(&mut self.crowded);
        if !self.notices.is_empty() || !sources.jobs.ended.is_empty() || urgent_events || crowded {
            let ended = std::mem::take(&mut sources.jobs.ended);
            // Events that go along must find their jobs as they left them.
            let jobs = if self.events.is_empty() && !urgent_events {
                ended
            } else {
                std::mem::take(&mut sources.jobs.changed)
            };
            self.hand_over(jobs, urgent_events, false, sources);
        }
        // Without a frame after it, what was told at once would be remembered as told in this one for ever.
        let held = urgent_events
            || self.holds() && (self.held.next() <= sources.now || sources.entities.is_dirty());
        if !self.said_dirty && (!sources.jobs.changed.is_empty() || !self.events.is_empty() || held)
        {
            self.said_dirty = true;
            sources.outputs.push(Output::Dirty);
        }
    }
}
