//! The `stream` protocol (SYSTEMS.md, D and E): flat JSON messages `{"type", …}` about one job.
//!
//! A frame holds one message, an array of messages, or several lines. The codec checks every field it knows against
//! its type and says which one is wrong; it never touches a job.

use super::fields::{Field, Fields, Wrong, missing};
use super::json::{Error, Raw, Scanner, Value};
use super::message::{Invalid, Kind, Message, Update, describe, joined};
use std::borrow::Cow;

/// Where one frame ends and the next begins in a batch: a control character that JSON text cannot hold.
const SEPARATOR: u8 = 0x1e;

/// Whom messages are handed to, one by one.
pub type Take<'t, 'a> = &'t mut dyn FnMut(Result<&Message<'a>, &Invalid<'a>>);

fn invalid<'a>(code: &'static str, reason: String, raw: &'a str) -> Invalid<'a> {
    Invalid {
        event: None,
        code,
        reason,
        raw,
    }
}

fn broken(error: Error, at: usize, raw: &str) -> Invalid<'_> {
    let mut reason = String::from("nested too deep");
    if error == Error::TooDeep {
        return invalid("too-deep", reason, raw);
    }
    reason.clear();
    reason.push_str("not JSON at byte ");
    super::json::push_u64(&mut reason, at as u64);
    invalid("not-json", reason, raw)
}

/// Reads one object whose `{` comes next; a snapshot is all there is. An `Err` breaks the frame; what is wrong with the message alone is handed
/// on.
fn object<'a>(scanner: &mut Scanner<'a>, snapshot: bool, take: Take<'_, 'a>) -> Result<(), Error> {
    let start = scanner.position();
    let mut fields = Fields::read(scanner)?;
    let raw = scanner.slice_from(start);
    if snapshot {
        scanner.end()?;
    }
    let name = match fields.get(Field::Type) {
        _ if snapshot => Cow::Borrowed("snapshot"),
        Value::String(name) => name.get(),
        other => {
            let Wrong(_, reason) = match other {
                Value::Null => missing("type"),
                other => Wrong(
                    "",
                    joined(&["type: expected a string, got ", &describe(&other)]),
                ),
            };
            take(Err(&invalid("no-type", reason, raw)));
            return Ok(());
        }
    };
    let mut message = Message {
        kind: if snapshot {
            Kind::Snapshot
        } else {
            Kind::of(&name)
        },
        name,
        job: None,
        update: Update::default(),
        raw,
    };
    match fields.update(message.kind, &mut message.update) {
        Ok(()) => {
            message.job = fields.text(Field::Job).map(|id| id.get());
            take(Ok(&message));
        }
        Err(Wrong(code, reason)) => take(Err(&Invalid {
            event: Some(message.name),
            code,
            reason,
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
pub fn decode<'a>(scanner: &mut Scanner<'a>, last: bool, take: Take<'_, 'a>) {
    let start = scanner.position();
    let mut any = false;
    loop {
        let outcome = match scanner.peek() {
            Some(b'{') => object(scanner, false, take),
            Some(b'[') => array(scanner, take),
            Some(byte) if last || byte != SEPARATOR => scanner.value().map(|value| {
                let raw = whole(&mut scanner.clone(), start, last);
                take(Err(&not_an_object(&value, raw)));
            }),
            _ => break,
        };
        any = true;
        if let Err(error) = outcome {
            let at = scanner.position() - start;
            take(Err(&broken(error, at, whole(scanner, start, last))));
            break;
        }
    }
    if !any {
        let raw = scanner.slice_from(start);
        take(Err(&invalid("empty", "an empty frame".into(), raw)));
    }
}

fn not_an_object<'a>(value: &Value<'_>, raw: &'a str) -> Invalid<'a> {
    let reason = joined(&["expected an object, got ", &describe(value)]);
    invalid("not-an-object", reason, raw)
}

fn array<'a>(scanner: &mut Scanner<'a>, take: Take<'_, 'a>) -> Result<(), Error> {
    scanner.step();
    let mut first = true;
    while scanner.goes_on(&mut first)? {
        if scanner.peek() == Some(b'{') {
            object(scanner, false, take)?;
        } else {
            let start = scanner.position();
            let value = scanner.value()?;
            take(Err(&not_an_object(&value, scanner.slice_from(start))));
        }
    }
    Ok(())
}

/// Reads the answer of an HTTP read of a job (`GET /api/v1/jobs/{id}`), one object, and hands it to `take`.
pub(super) fn decode_snapshot<'a>(body: &'a str, take: Take<'_, 'a>) {
    let mut scanner = Scanner::new(body);
    let (code, reason) = match scanner.peek() {
        Some(b'{') => {
            if let Err(error) = object(&mut scanner, true, take) {
                take(Err(&broken(error, scanner.position(), body)));
            }
            return;
        }
        Some(_) => ("not-an-object", "expected an object"),
        None => ("empty", "an empty body"),
    };
    take(Err(&invalid(code, reason.into(), body)));
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
