//! The `stream` protocol (SYSTEMS.md, D and E): flat JSON messages `{"type", …}` about one job.
//!
//! A frame holds one message, an array of messages, or several lines. The codec checks every field it knows against
//! its type and says which one is wrong; it never touches a job.

use super::fields::{Field, Fields, Wrong};
use super::json::{Error, Raw, Scanner, Value};
use super::message::{Invalid, Kind, Message, about, joined};
use std::borrow::Cow;

/// Where one frame ends and the next begins in a batch: a control character that JSON text cannot hold.
const SEPARATOR: u8 = 0x1e;

/// Whom messages are handed to, one by one.
pub(super) type Take<'t> = &'t mut dyn FnMut(Result<&Message<'_>, &Invalid<'_>>);

/// Hands on what is not even a message.
#[inline(never)]
fn refuse(take: Take<'_>, code: &'static str, reason: &str, raw: &str) {
    take(Err(&Invalid {
        event: None,
        code,
        reason,
        raw,
    }));
}

fn broken(take: Take<'_>, error: Error, at: usize, raw: &str) {
    if error == Error::TooDeep {
        return refuse(take, "too-deep", "nested too deep", raw);
    }
    let mut reason = String::from("not JSON at byte ");
    super::json::push_u64(&mut reason, at as u64);
    refuse(take, "not-json", &reason, raw);
}

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
    match news.check(kind) {
        Ok(()) => {
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

/// The frame that began at `start`; goes to its end. The last frame of a text holds whatever is left.
fn whole<'a>(scanner: &mut Scanner<'a>, start: usize, last: bool) -> &'a str {
    while scanner.has_left() && (last || !scanner.stands_at(SEPARATOR)) {
        scanner.step();
    }
    scanner.slice_from(start)
}

/// Goes to the end of a frame that nobody reads.
pub(super) fn skip(scanner: &mut Scanner<'_>, last: bool) {
    whole(scanner, 0, last);
}

/// Reads the next frame of a text and hands each of its messages to `take`. A frame that breaks off is one invalid
/// message after those that came before the break. The scanner then stands at the separator.
pub(super) fn decode(scanner: &mut Scanner<'_>, last: bool, take: Take<'_>) {
    let start = scanner.position();
    let mut any = false;
    // Its end is looked for once: a frame may hold many values that are no messages.
    let mut frame = None;
    loop {
        let outcome = match scanner.peek() {
            Some(b'{') => object(scanner, false, take),
            Some(b'[') => array(scanner, take),
            Some(byte) if last || byte != SEPARATOR => scanner.value().map(|value| {
                let raw = frame.get_or_insert_with(|| whole(&mut scanner.clone(), start, last));
                not_an_object(take, &value, raw);
            }),
            _ => break,
        };
        any = true;
        if let Err(error) = outcome {
            let at = scanner.position() - start;
            broken(take, error, at, whole(scanner, start, last));
            break;
        }
    }
    if !any {
        refuse(take, "empty", "an empty frame", scanner.slice_from(start));
    }
}

fn not_an_object(take: Take<'_>, value: &Value<'_>, raw: &str) {
    let reason = about(&["expected an object, got "], value);
    refuse(take, "not-an-object", &reason, raw);
}

fn array(scanner: &mut Scanner<'_>, take: Take<'_>) -> Result<(), Error> {
    scanner.step();
    let mut first = true;
    while scanner.goes_on(&mut first)? {
        if scanner.peek() == Some(b'{') {
            object(scanner, false, take)?;
        } else {
            let start = scanner.position();
            let value = scanner.value()?;
            not_an_object(take, &value, scanner.slice_from(start));
        }
    }
    Ok(())
}

/// Reads the answer of an HTTP read of a job (`GET /api/v1/jobs/{id}`), one object, and hands it to `take`.
pub(super) fn decode_snapshot(body: &str, take: Take<'_>) {
    let mut scanner = Scanner::new(body);
    match scanner.peek() {
        Some(b'{') => {
            if let Err(error) = object(&mut scanner, true, take) {
                broken(take, error, scanner.position(), body);
            }
        }
        Some(_) => refuse(take, "not-an-object", "expected an object", body),
        None => refuse(take, "empty", "an empty body", body),
    }
}

/// Appends a message of ours: `{"type": event, …data}` when the data is an object, else under `data`.
pub(super) fn encode(event: &str, data: Option<&str>) -> String {
    let mut out = String::from("{\"type\":");
    super::json::push_string(&mut out, event);
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
