//! The `stream` protocol (SYSTEMS.md, D and E): flat JSON messages `{"type", …}` about one job.
//!
//! A frame holds one message, an array of messages, or several lines. The codec checks every field it knows against
//! its type and says which one is wrong; it never touches a job.

use super::fields::{Checked, Field, Fields};
use super::job::Status;
use super::json::{Error, Raw, Scanner, Value};
use super::message::{Invalid, Kind, Message, Update, describe};
use std::borrow::Cow;

/// Checks the fields of one event against its type and says what they mean.
fn update<'a>(kind: Kind, fields: &mut Fields<'a>) -> Checked<Update<'a>> {
    fields.check(kind)?;
    let status = match kind {
        Kind::Progress => Some(Status::Running),
        Kind::Completed => Some(Status::Completed),
        Kind::Error => Some(Status::Failed),
        Kind::Cancelled => Some(Status::Cancelled),
        Kind::Snapshot => fields.status()?,
        _ => return Ok(Update::default()),
    };
    let mut message = fields.text(Field::Message);
    if kind == Kind::Progress && message.is_none() {
        // System E calls its sentence for people `status`.
        message = fields.text(Field::Status);
    }
    let failed = status == Some(Status::Failed);
    Ok(Update {
        status,
        progress: if kind == Kind::Completed {
            Some(100.0)
        } else {
            fields.number(Field::Progress)
        },
        stage: fields.text(Field::Stage),
        message,
        result_url: fields.text(Field::ResultUrl),
        duration_seconds: fields.number(Field::Duration),
        error: if failed { fields.failure()? } else { None },
        attempt: fields.number(Field::Attempt).map(|attempt| attempt as u32),
    })
}

fn broken(error: Error, raw: &str) -> Invalid<'_> {
    match error {
        Error::TooDeep => Invalid {
            event: None,
            code: "too-deep",
            reason: "nested too deep".into(),
            raw,
        },
        Error::Syntax(at) => {
            let mut reason = String::from("not JSON at byte ");
            super::json::push_u64(&mut reason, at as u64);
            Invalid {
                event: None,
                code: "not-json",
                reason,
                raw,
            }
        }
    }
}

/// Reads one object whose `{` comes next. An `Err(Error)` breaks the frame; an `Ok(Err(Invalid))` only the message.
#[inline]
fn object<'a>(
    scanner: &mut Scanner<'a>,
    snapshot: bool,
) -> Result<Result<Message<'a>, Invalid<'a>>, Error> {
    scanner.peek();
    let start = scanner.position();
    let mut fields = Fields::read(scanner)?;
    let raw = scanner.slice_from(start);
    let name = match fields.get(Field::Type) {
        _ if snapshot => Cow::Borrowed("snapshot"),
        Value::String(name) => name.get(),
        other => {
            let reason = match other {
                Value::Null => "type: missing".into(),
                other => String::from("type: expected a string, got ") + &describe(&other),
            };
            return Ok(Err(Invalid {
                event: None,
                code: "no-type",
                reason,
                raw,
            }));
        }
    };
    let kind = if snapshot {
        Kind::Snapshot
    } else {
        Kind::of(&name)
    };
    Ok(match update(kind, &mut fields) {
        Ok(update) => Ok(Message {
            kind,
            name,
            job: fields.job(),
            update,
            raw,
        }),
        Err((code, reason)) => Err(Invalid {
            event: Some(name.into_owned()),
            code,
            reason,
            raw,
        }),
    })
}

/// Reads one frame and hands each of its messages to `take`. A frame that breaks off is one invalid message after
/// those that came before the break.
pub fn decode<'a>(frame: &'a str, mut take: impl FnMut(Result<Message<'a>, Invalid<'a>>)) {
    let mut scanner = Scanner::new(frame);
    let mut any = false;
    loop {
        let outcome = match scanner.peek() {
            None => break,
            Some(b'{') => object(&mut scanner, false).map(&mut take),
            Some(b'[') => array(&mut scanner, &mut take),
            Some(_) => scanner
                .value()
                .map(|value| take(Err(not_an_object(&value, frame)))),
        };
        any = true;
        if let Err(error) = outcome {
            return take(Err(broken(error, frame)));
        }
    }
    if !any {
        take(Err(Invalid {
            event: None,
            code: "empty",
            reason: "an empty frame".into(),
            raw: frame,
        }));
    }
}

fn not_an_object<'a>(value: &Value<'_>, raw: &'a str) -> Invalid<'a> {
    let reason = String::from("expected an object, got ") + &describe(value);
    Invalid {
        event: None,
        code: "not-an-object",
        reason,
        raw,
    }
}

fn array<'a>(
    scanner: &mut Scanner<'a>,
    take: &mut impl FnMut(Result<Message<'a>, Invalid<'a>>),
) -> Result<(), Error> {
    scanner.eat(b'[');
    let mut first = true;
    loop {
        if scanner.eat(b']') {
            return Ok(());
        }
        if !first && !scanner.eat(b',') {
            return Err(Error::Syntax(scanner.position()));
        }
        first = false;
        match scanner.peek() {
            Some(b'{') => take(object(scanner, false)?),
            _ => {
                let start = scanner.position();
                let value = scanner.value()?;
                take(Err(not_an_object(&value, scanner.slice_from(start))));
            }
        }
    }
}

/// Reads the answer of an HTTP read of a job (`GET /api/v1/jobs/{id}`): one object.
///
/// # Errors
/// What is wrong with it.
pub(super) fn decode_snapshot(body: &str) -> Result<Message<'_>, Invalid<'_>> {
    let mut scanner = Scanner::new(body);
    match scanner.peek() {
        Some(b'{') => {}
        Some(_) => {
            return Err(Invalid {
                event: None,
                code: "not-an-object",
                reason: "expected an object".into(),
                raw: body,
            });
        }
        None => {
            return Err(Invalid {
                event: None,
                code: "empty",
                reason: "an empty body".into(),
                raw: body,
            });
        }
    }
    let message = object(&mut scanner, true).map_err(|error| broken(error, body))?;
    scanner.end().map_err(|error| broken(error, body))?;
    message
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
