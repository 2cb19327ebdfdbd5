//! One message of a server after its codec has read it: which event, about which job, saying what. Fields are slices
//! of the frame; nothing is copied before somebody needs it.

use super::job::{Failure, Status};
use super::json::{Str, Value};
use std::borrow::Cow;

/// The events that the protocols of the five systems share, and everything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A step forward (SYSTEMS.md, D and E).
    Progress,
    /// The job's end.
    Completed,
    /// The job's failure.
    Error,
    /// The job's cancellation.
    Cancelled,
    /// A whole state of a job, as an HTTP read answers.
    Snapshot,
    /// The server shows that it lives.
    Heartbeat,
    /// The server asks whether we live.
    Ping,
    /// The answer to our ping.
    Pong,
    /// The server greets.
    Connected,
    /// An event the core does not know.
    Other,
}

impl Kind {
    /// The kind with this wire name.
    #[inline(never)]
    #[must_use]
    pub fn of(name: &str) -> Self {
        const NAMES: [(&str, Kind); 8] = [
            ("progress", Kind::Progress),
            ("completed", Kind::Completed),
            ("error", Kind::Error),
            ("cancelled", Kind::Cancelled),
            ("heartbeat", Kind::Heartbeat),
            ("ping", Kind::Ping),
            ("pong", Kind::Pong),
            ("connected", Kind::Connected),
        ];
        for (known, kind) in &NAMES {
            if *known == name {
                return *kind;
            }
        }
        Self::Other
    }
}

/// What a message says of its job.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Update<'a> {
    /// The state it names.
    pub status: Option<Status>,
    /// 0–100.
    pub progress: Option<f64>,
    /// The server's name for the present step.
    pub stage: Option<Str<'a>>,
    /// For people.
    pub message: Option<Str<'a>>,
    /// Where the result is.
    pub result_url: Option<Str<'a>>,
    /// How long the job took.
    pub duration_seconds: Option<f64>,
    /// Why it failed.
    pub error: Option<Failure<'a>>,
    /// Which try of the server this is about.
    pub attempt: Option<u32>,
}

/// A message.
#[derive(Clone, Debug, PartialEq)]
pub struct Message<'a> {
    /// Which event.
    pub kind: Kind,
    /// Its name on the wire.
    pub name: Cow<'a, str>,
    /// The job it names, if it names one.
    pub job: Option<Cow<'a, str>>,
    /// What it says of it.
    pub update: Update<'a>,
    /// The whole message as JSON text.
    pub raw: &'a str,
}

/// A frame, or one message of it, that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid<'a> {
    /// The event's name, when that much could be read.
    pub event: Option<Cow<'a, str>>,
    /// `not-json`, `too-deep`, `not-an-object`, `no-type`, `wrong-type`, `out-of-range`, `wrong-job`, `too-large`,
    /// `not-utf8`, `empty`.
    pub code: &'static str,
    /// What is wrong, for a person; quotes at most a few characters of the value.
    pub reason: String,
    /// The text it was.
    pub raw: &'a str,
}

/// A short text of a value for an error message; longer ones are cut.
pub(super) fn excerpt(text: &str, most: usize) -> String {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut cut = text.get(..end).unwrap_or("").to_owned();
    if end < text.len() {
        cut.push('…');
    }
    cut
}

/// Texts put together.
#[inline(never)]
pub(super) fn joined(parts: &[&str]) -> String {
    parts.concat()
}

/// A value in the words of an error message: `a string ("45")`.
pub(super) fn describe(value: &Value<'_>) -> String {
    let mut out = String::from(value.type_name());
    match value {
        Value::String(text) => {
            for part in [" (\"", &excerpt(text.raw, 24), "\")"] {
                out.push_str(part);
            }
        }
        Value::Number(number) if number.is_finite() => {
            out.push_str(" (");
            super::json::push_number(&mut out, *number);
            out.push(')');
        }
        _ => {}
    }
    out
}
