//! The events that the servers of systems A and C have, in one table: the members that each may have and needs, the
//! type of each member, and what an event says of a job, a track or a playlist.

use crate::core::jobs::fields::{Field, Fields, Wrong, missing};
use crate::core::jobs::status::Status;
use crate::core::json::{Raw, Scanner, Str, Value};
use crate::core::protocol::kind::Kind;
use crate::core::text::words::about;

// What a member may hold beside `null`.
const STRING: u8 = 1;
const NUMBER: u8 = 2;
const OBJECT: u8 = 4;
const FLAG: u8 = 8;
/// 0–100.
const PERCENT: u8 = 16;
/// A whole number from 0.
const COUNT: u8 = 32;
/// Taken as it was written.
const ID: u8 = STRING | NUMBER;

/// What these are called in the order of their bits.
const WORDS: [&str; 6] = [
    "a string",
    "a number",
    "an object",
    "a boolean",
    "a number from 0 to 100",
    "a whole number",
];

/// The largest count.
const MOST: f64 = 1e12;

/// Members, by the name that JavaScript has for them; `snake_case` is read as well.
const MEMBERS: [(&str, Field, u8); 31] = [
    ("jobId", Field::Job, ID),
    ("id", Field::Id, ID),
    ("importId", Field::Id, ID),
    ("trackId", Field::Track, ID),
    ("playlistId", Field::Playlist, ID),
    ("status", Field::Status, STRING),
    ("newStatus", Field::New, STRING),
    ("oldStatus", Field::Old, STRING),
    ("progress", Field::Progress, PERCENT | OBJECT),
    ("phase", Field::Stage, ID),
    ("stage", Field::Stage, STRING),
    ("message", Field::Message, STRING),
    ("error", Field::Error, STRING | OBJECT),
    ("retryable", Field::Retryable, FLAG),
    ("attempt", Field::Attempt, COUNT),
    ("resultUrl", Field::ResultUrl, STRING),
    ("durationSeconds", Field::Duration, NUMBER),
    ("updates", Field::Updates, OBJECT),
    ("tracksTotal", Field::Total, COUNT),
    ("total", Field::Total, COUNT),
    ("tracksProcessed", Field::Processed, COUNT),
    ("processed", Field::Processed, COUNT),
    ("completed", Field::Processed, COUNT),
    ("tracksSucceeded", Field::Succeeded, COUNT),
    ("succeeded", Field::Succeeded, COUNT),
    ("tracksFailed", Field::Failed, COUNT),
    ("failed", Field::Failed, COUNT),
    ("trackName", Field::Checked, STRING),
    ("artistName", Field::Checked, STRING),
    ("followerCount", Field::Checked, NUMBER),
    ("activityId", Field::Checked, ID),
];

const fn set(fields: &[Field]) -> u32 {
    let mut bits = 0;
    let mut rest = fields;
    while let [field, tail @ ..] = rest {
        bits |= 1 << *field as u32;
        rest = tail;
    }
    bits
}

const COUNTS: u32 = set(&[
    Field::Total,
    Field::Processed,
    Field::Succeeded,
    Field::Failed,
]);
/// Why a job failed, where the reason is an object.
const REASON: u32 = set(&[Field::Message, Field::Retryable, Field::Stage]);
const JOB: u32 = set(&[Field::Job]);
const TRACK: u32 = set(&[Field::Track]);
const CHANGE: u32 = set(&[Field::New, Field::Old]);
const STATUS: u32 = set(&[Field::Status]);
const CHECKED: u32 = set(&[Field::Checked]);
const PLAYLIST: u32 = set(&[
    Field::Job,
    Field::Playlist,
    Field::Id,
    Field::Message,
    Field::Checked,
]);
/// Of an event that happens to name a job.
const STEP: u32 = set(&[Field::Job, Field::Stage, Field::Message]);
/// Of an event about a job.
const WORK: u32 = set(&[
    Field::Job,
    Field::Id,
    Field::Progress,
    Field::Stage,
    Field::Message,
    Field::Error,
    Field::Retryable,
    Field::Attempt,
    Field::ResultUrl,
    Field::Duration,
]);

/// An event: its name; what it means for its job, if it names one; the members that it has, and needs; the state that
/// its track or playlist is in.
pub(super) struct Event(
    &'static str,
    pub(super) Kind,
    Status,
    u32,
    u32,
    &'static str,
);

pub(super) const SNAPSHOT: Event = Event(
    "snapshot",
    Kind::Snapshot,
    Status::Unknown,
    WORK | STATUS | COUNTS,
    STATUS,
    "",
);

const BULK: &str = "bulk_import_progress";

#[rustfmt::skip]
const EVENTS: [Event; 18] = [
    Event("job_status", Kind::State, Status::Unknown, WORK | STATUS | TRACK, JOB | STATUS, ""),
    Event("job_status_changed", Kind::State, Status::Unknown, WORK | STATUS | TRACK | CHANGE, JOB | STATUS, ""),
    Event("enrichment_job_started", Kind::State, Status::Running, WORK | COUNTS, JOB, ""),
    Event("enrichment_job_completed", Kind::State, Status::Completed, WORK | COUNTS, JOB, ""),
    Event("enrichment_job_failed", Kind::State, Status::Failed, WORK | COUNTS, JOB, ""),
    Event(BULK, Kind::State, Status::Running, WORK | STATUS | COUNTS, 0, ""),
    Event("batch_complete", Kind::Batch, Status::Running, STEP, 0, ""),
    Event("enrichment_phase_started", Kind::Known, Status::Running, STEP, 0, ""),
    Event("enrichment_phase_completed", Kind::Known, Status::Running, STEP, 0, ""),
    Event("chartmetric_progress", Kind::Known, Status::Running, STEP | set(&[Field::Progress]), 0, ""),
    Event("track_enriched", Kind::Known, Status::Unknown, JOB | TRACK | CHECKED, TRACK, "enriched"),
    Event("track_status_changed", Kind::Known, Status::Unknown, JOB | TRACK | CHANGE | CHECKED, TRACK | set(&[Field::New]), ""),
    Event("playlist_updated", Kind::Known, Status::Unknown, PLAYLIST | set(&[Field::Updates]), 0, ""),
    Event("playlist_error", Kind::Known, Status::Unknown, PLAYLIST | set(&[Field::Error]), 0, "error"),
    Event("metric_update", Kind::Known, Status::Unknown, PLAYLIST, 0, ""),
    Event("follower_count_updated", Kind::Known, Status::Unknown, PLAYLIST, 0, ""),
    Event("analytics_updated", Kind::Known, Status::Unknown, PLAYLIST, 0, ""),
    Event("activity_logged", Kind::Known, Status::Unknown, JOB | CHECKED, 0, ""),
];

/// The known event of this name.
#[inline(never)]
pub(super) fn event(name: &str) -> Option<&'static Event> {
    const { &EVENTS }.iter().find(|event| event.0 == name)
}

/// Whether a name as it is written is the known one: `track_id` is `trackId`.
fn same(written: &str, known: &str) -> bool {
    let mut known = known.bytes();
    let mut raised = false;
    for byte in written.bytes() {
        if byte == b'_' && !raised {
            raised = true;
            continue;
        }
        let byte = if raised {
            byte.to_ascii_uppercase()
        } else {
            byte
        };
        raised = false;
        if known.next() != Some(byte) {
            return false;
        }
    }
    known.next().is_none() && !raised
}

fn fits(value: &Value<'_>, takes: u8) -> bool {
    let is = match *value {
        Value::Null => return true,
        Value::String(_) => STRING,
        Value::Object(_) => OBJECT,
        Value::Bool(_) => FLAG,
        Value::Array(_) => 0,
        Value::Number(number) => {
            let percent = if number <= 100.0 { PERCENT } else { 0 };
            let count = if number.fract() == 0.0 { COUNT } else { 0 };
            match number {
                0.0..=MOST => NUMBER | percent | count,
                _ => NUMBER,
            }
        }
    };
    is & takes != 0
}

fn wrong(name: &str, takes: u8, value: &Value<'_>) -> Wrong {
    let mut reason = String::from(name);
    let mut mark = ": expected ";
    for (bit, word) in WORDS.iter().enumerate() {
        if takes & (1 << bit) != 0 {
            reason.push_str(mark);
            reason.push_str(word);
            mark = " or ";
        }
    }
    let is_number = matches!(value, Value::Number(_)) && takes & (PERCENT | COUNT) != 0;
    let code = if is_number {
        "out-of-range"
    } else {
        "wrong-type"
    };
    Wrong(code, about(&[&reason, ", got "], value))
}

impl<'a> Fields<'a> {
    /// Reads those members of an object that are asked for. Names of counts are everyday words: `strict` where they are
    /// nothing but counts, else one of another type is none.
    fn take_in(&mut self, json: &'a str, wanted: u32, strict: bool) -> Result<(), Wrong> {
        let mut scanner = Scanner::new(json);
        let mut first = true;
        // It has been read once: nothing is wrong with its grammar.
        while let Some((name, mut value, text)) = scanner.pair(&mut first) {
            for (known, field, takes) in &MEMBERS {
                if wanted & (1 << *field as u32) == 0 || !same(name, known) {
                    continue;
                }
                if !fits(&value, *takes) {
                    if !strict && COUNTS & (1 << *field as u32) != 0 {
                        continue;
                    }
                    return Err(wrong(name, *takes, &value));
                }
                if let (Value::Number(_), ID) = (value, *takes) {
                    value = plain(text);
                }
                self.set(*field, value);
            }
        }
        Ok(())
    }

    /// The same as [`Fields::put`], once.
    #[inline(never)]
    fn set(&mut self, field: Field, value: Value<'a>) {
        self.put(field, value);
    }

    #[inline(never)]
    fn has(&self, field: Field) -> bool {
        self.get(field) != Value::Null
    }

    /// The text of a member.
    #[inline(never)]
    pub(in crate::core) fn owned(&self, field: Field) -> Option<String> {
        self.text(field).map(|text| text.get().into_owned())
    }

    /// Gives a member that is missing the value of another.
    fn fill(&mut self, field: Field, from: Field) {
        let value = self.get(from);
        if let Value::Null = self.get(field) {
            self.set(field, value);
        }
    }
}

/// Reads which job an event of the app names.
pub(super) fn name_job<'a>(news: &mut Fields<'a>, payload: &'a str) {
    let _ = news.take_in(payload, JOB, false);
}

fn plain(word: &str) -> Value<'_> {
    Value::String(Str::plain(word))
}

/// The state of a job that a word means.
fn state_of(word: &str) -> Status {
    match Status::of_word(word) {
        Status::Unknown if word.eq_ignore_ascii_case("analyzed") => Status::Completed,
        Status::Unknown
            if word.eq_ignore_ascii_case("analyzing") || word.eq_ignore_ascii_case("enriching") =>
        {
            Status::Running
        }
        status => status,
    }
}

/// Checks the payload of a known event, and reads what it says.
#[inline(never)]
pub(super) fn read<'a>(
    news: &mut Fields<'a>,
    event: &Event,
    payload: &'a str,
) -> Result<(), Wrong> {
    let Event(name, kind, status, has, needs, says) = event;
    news.take_in(payload, *has, *name == BULK)?;
    if let Value::Object(Raw(json)) = news.get(Field::Progress) {
        news.set(Field::Progress, Value::Null);
        news.take_in(json, COUNTS, true)?;
    }
    // The weakest name of what an event is about.
    let subject = if *kind == Kind::Known {
        Field::Playlist
    } else {
        Field::Job
    };
    news.fill(subject, Field::Id);
    if *kind == Kind::State {
        news.fill(Field::Status, Field::New);
    }
    for (name, field, _) in &MEMBERS {
        if needs & (1 << *field as u32) != 0 && !news.has(*field) {
            return Err(missing(name));
        }
    }
    if !says.is_empty() {
        news.set(Field::New, plain(says));
    }
    let word = news.text(Field::Status).map_or("", |word| word.raw);
    let mut state = state_of(word);
    if news.has(Field::Track) && *kind == Kind::State {
        let mut track = "pending";
        for end in ["analyzed", "failed"] {
            if word.eq_ignore_ascii_case(end) {
                track = end;
            }
        }
        news.set(Field::New, plain(track));
        // It tells of a track that its job works on.
        if track != "pending" || state == Status::Unknown {
            state = Status::Running;
        }
    }
    if *status == Status::Unknown && needs & STATUS != 0 && state == Status::Unknown {
        let word = news.get(Field::Status);
        return Err(Wrong(
            "wrong-type",
            about(&["status: unknown word "], &word),
        ));
    }
    if state == Status::Unknown {
        state = *status;
    }
    if !news.has(Field::Job) && *kind != Kind::Snapshot {
        return Ok(());
    }
    if state == Status::Failed {
        match news.get(Field::Error) {
            Value::Object(Raw(json)) => {
                let mut inner = Fields::default();
                inner.take_in(json, REASON, true)?;
                news.set(Field::Reason, inner.get(Field::Message));
                news.set(Field::Retryable, inner.get(Field::Retryable));
                news.set(Field::FailedStage, inner.get(Field::Stage));
            }
            sentence => news.set(Field::Reason, sentence),
        }
        news.fill(Field::Reason, Field::Message);
    }
    news.status = state;
    Ok(())
}

/// What is wrong with a payload of a known event that is no object.
pub(super) fn not_an_object(payload: &str) -> Wrong {
    let value = Scanner::new(payload).value().unwrap_or(Value::Null);
    Wrong(
        "not-an-object",
        about(&["expected an object, got "], &value),
    )
}
