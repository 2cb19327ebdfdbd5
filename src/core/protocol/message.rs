//! One message of a server after its codec has read it: which event, about which job, saying what. Fields are slices
//! of the frame; nothing is copied before somebody needs it.

use crate::core::jobs::fields::Fields;
use crate::core::json::Value;

/// The events that the protocols of the five systems share, and everything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
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
    /// What is about a job's state, and no more (`broadcast`).
    State,
    /// A batch has ended (`broadcast`).
    Batch,
    /// An event of `broadcast` that the core knows.
    Known,
    /// An event the core does not know.
    Other,
}

impl Kind {
    /// The kind with this wire name.
    #[inline(never)]
    pub(crate) fn of(name: &str) -> Self {
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

/// A message.
pub(crate) struct Message<'a> {
    /// Which event.
    pub(crate) kind: Kind,
    /// Its name on the wire.
    pub(crate) name: &'a str,
    /// The job it names, if it names one.
    pub(crate) job: Option<&'a str>,
    /// What it says of it.
    pub(crate) news: &'a Fields<'a>,
    /// The whole message as JSON text; with `broadcast`, its payload.
    pub(crate) raw: &'a str,
}

/// A frame, or one message of it, that cannot be used.
pub(crate) struct Invalid<'a> {
    /// The event's name, when that much could be read.
    pub(crate) event: Option<&'a str>,
    /// `not-json`, `too-deep`, `not-an-object`, `no-type`, `wrong-type`, `out-of-range`, `wrong-job`, `too-large`,
    /// `not-utf8`, `empty`.
    pub(crate) code: &'static str,
    /// What is wrong, for a person; quotes at most a few characters of the value.
    pub(crate) reason: &'a str,
    /// The text it was.
    pub(crate) raw: &'a str,
}

/// A short text of a value for an error message; longer ones are cut.
pub(crate) fn excerpt(text: &str, most: usize) -> String {
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
pub(crate) fn joined(parts: &[&str]) -> String {
    let mut out = String::with_capacity(parts.iter().map(|part| part.len()).sum());
    for part in parts {
        out.push_str(part);
    }
    out
}

/// Appends records to others, with a comma between them.
#[inline(never)]
pub(crate) fn join(out: &mut String, records: &str) {
    if !out.is_empty() && !records.is_empty() {
        out.push(',');
    }
    out.push_str(records);
}

/// The parts put together, and a value in the words of an error message behind them: `a string ("45")`.
pub(crate) fn about(parts: &[&str], value: &Value<'_>) -> String {
    let mut out = joined(parts);
    out.push_str(value.type_name());
    let mut shown = String::new();
    match value {
        Value::String(text) => shown = joined(&["\"", &excerpt(text.raw, 24), "\""]),
        Value::Number(number) if number.is_finite() => {
            crate::core::json::push_number(&mut shown, *number);
        }
        _ => return out,
    }
    for part in [" (", &shown, ")"] {
        out.push_str(part);
    }
    out
}
