//! The `stream` protocol (SYSTEMS.md, D and E): flat JSON messages `{"type", …}` about one job.
//!
//! The codec checks every field it knows against its type and says which one is wrong; it never touches a job.

use crate::core::jobs::fields::{Field, Fields, Wrong};
use crate::core::jobs::limits::too_long;
use crate::core::json::{Error, Raw, Scanner, Value};
use crate::core::protocol::frame::{self, Take, refuse};
use crate::core::protocol::kind::Kind;
use crate::core::protocol::message::{Invalid, Message};
use crate::core::text::words::{about, joined};
use std::borrow::Cow;

/// Reads one object whose `{` comes next; a snapshot is all there is. An `Err` breaks the frame; what is wrong with the
/// message alone is handed on.
fn object(scanner: &mut Scanner<'_>, snapshot: bool, take: Take<'_>) -> Result<(), Error> {
    let start = scanner.position();
    let mut news = Fields::default();
    news.read(scanner)?;
    let raw = scanner.slice_from(start);
    if snapshot {
        scanner.end()?;
    }
    let (name, kind) = match news.get(Field::Type) {
        _ if snapshot => (Cow::Borrowed("snapshot"), Kind::Snapshot),
        Value::String(name) => {
            if let Some(Wrong(code, reason)) = too_long("type", name) {
                refuse(take, code, &reason, raw);
                return Ok(());
            }
            let name = name.get();
            let kind = Kind::of(&name);
            (name, kind)
        }
        other => {
            let reason = match other {
                Value::Null => joined(&["type: missing"]),
                other => about(&["type: expected a string, got "], &other),
            };
            refuse(take, "no-type", &reason, raw);
            return Ok(());
        }
    };
    let mut judged = news.check(kind);
    // A free event may have what it likes under the names of ours.
    if judged.is_ok() && news.is_about_a_job() {
        judged = news.limit_names();
    }
    match judged {
        Ok(()) => {
            news.limit_job();
            let job = news.text(Field::Job).map(|id| id.get());
            take(Ok(&Message {
                kind,
                name: &name,
                job: job.as_deref(),
                news: &news,
                raw,
            }));
        }
        Err(Wrong(code, reason)) => take(Err(&Invalid {
            event: Some(&name),
            code,
            reason: &reason,
            raw,
        })),
    }
    Ok(())
}

/// Reads the next frame of a text, see [`frame::decode`].
pub(crate) fn decode(scanner: &mut Scanner<'_>, last: bool, take: Take<'_>) {
    frame::decode(
        scanner,
        last,
        |scanner, take| object(scanner, false, take),
        take,
    );
}

/// Reads the answer of an HTTP read of a job (`GET /api/v1/jobs/{id}`), one object, and hands it to `take`.
pub(crate) fn decode_snapshot(body: &str, take: Take<'_>) {
    frame::whole_body(body, |scanner, take| object(scanner, true, take), take);
}

/// Appends a message of ours: `{"type": event, …data}` when the data is an object, else under `data`.
pub(crate) fn encode(event: &str, data: Option<&str>) -> String {
    let mut out = String::from("{\"type\":");
    crate::core::json::push_string(&mut out, event);
    match data.map(|json| Scanner::new(json).value()) {
        Some(Ok(Value::Object(Raw(members)))) => {
            let inner = members.get(1..).unwrap_or("}");
            if inner.trim_ascii_start() != "}" {
                out.push(',');
            }
            out.push_str(inner);
        }
        Some(Ok(_)) => {
            out.push_str(",\"data\":");
            out.push_str(data.unwrap_or("null"));
            out.push('}');
        }
        _ => out.push('}'),
    }
    out
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
