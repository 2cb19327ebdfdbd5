//! The `stream` protocol (SYSTEMS.md, D and E): flat JSON messages `{"type", …}` about one job.
//!
//! A frame holds one message, an array of messages, or several lines. The codec checks every field it knows against
//! its type and says which one is wrong; it never touches a job.

use super::job::{Failure, Status};
use super::json::{Error, Raw, Scanner, Str, Value};
use super::message::{Invalid, Kind, Message, Update, describe};
use std::borrow::Cow;

type Checked<T> = Result<T, (&'static str, String)>;

/// The fields a message may have, before they are checked.
#[derive(Default)]
struct Fields<'a> {
    kind: Option<Value<'a>>,
    job: Option<(Value<'a>, &'a str)>,
    status: Option<Value<'a>>,
    progress: Option<Value<'a>>,
    stage: Option<Value<'a>>,
    message: Option<Value<'a>>,
    result_url: Option<Value<'a>>,
    duration: Option<Value<'a>>,
    error: Option<Value<'a>>,
    attempt: Option<Value<'a>>,
}

impl<'a> Fields<'a> {
    #[inline]
    fn set(&mut self, name: Str<'a>, value: Value<'a>, text: &'a str) {
        let Some(name) = name.plain() else { return };
        match name {
            "type" => self.kind = Some(value),
            "job_id" | "jobId" | "session_id" | "sessionId" | "id" => {
                // `id` is the weakest of these names: a message may have one of its own beside the job's.
                if name != "id" || self.job.is_none() {
                    self.job = Some((value, text));
                }
            }
            "progress" => self.progress = Some(value),
            "stage" => self.stage = Some(value),
            "message" => self.message = Some(value),
            "status" => self.status = Some(value),
            "attempt" => self.attempt = Some(value),
            "error" => self.error = Some(value),
            "result_url" | "resultUrl" => self.result_url = Some(value),
            "duration_seconds" | "durationSeconds" => self.duration = Some(value),
            _ => {}
        }
    }
}

fn wrong<T>(field: &str, expected: &str, value: &Value<'_>) -> Checked<T> {
    let mut reason = String::from(field);
    reason.push_str(": expected ");
    reason.push_str(expected);
    reason.push_str(", got ");
    reason.push_str(&describe(value));
    let code =
        if matches!(value, Value::Number(_)) && super::text::find(expected, "number").is_some() {
            "out-of-range"
        } else {
            "wrong-type"
        };
    Err((code, reason))
}

fn text<'a>(field: &str, value: Option<Value<'a>>) -> Checked<Option<Str<'a>>> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => wrong(field, "a string", &other),
    }
}

fn number(
    field: &str,
    value: Option<Value<'_>>,
    expected: &str,
    most: f64,
) -> Checked<Option<f64>> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) if (0.0..=most).contains(&number) => Ok(Some(number)),
        Some(other) => wrong(field, expected, &other),
    }
}

fn progress(value: Option<Value<'_>>) -> Checked<Option<f64>> {
    number("progress", value, "a number from 0 to 100", 100.0)
}

fn attempt(value: Option<Value<'_>>) -> Checked<Option<u32>> {
    match number("attempt", value, "a whole number", 1e9)? {
        Some(number) if number.fract() != 0.0 => {
            wrong("attempt", "a whole number", &Value::Number(number))
        }
        found => Ok(found.map(|number| number as u32)),
    }
}

fn job<'a>(field: Option<(Value<'a>, &'a str)>) -> Checked<Option<Cow<'a, str>>> {
    match field {
        None | Some((Value::Null, _)) => Ok(None),
        Some((Value::String(id), _)) => Ok(Some(id.get())),
        Some((Value::Number(_), written)) => Ok(Some(Cow::Borrowed(written))),
        Some((other, _)) => wrong("job_id", "a string or a number", &other),
    }
}

fn failure<'a>(value: Option<Value<'a>>) -> Checked<Option<Failure<'a>>> {
    let raw = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(raw)) => raw,
        Some(other) => return wrong("error", "an object", &other),
    };
    let (mut message, mut retryable, mut stage) = (None, false, None);
    let mut scanner = Scanner::new(raw.0);
    scanner.eat(b'{');
    let mut first = true;
    while let Ok(Some((name, value))) = scanner.member(&mut first) {
        match (name.raw, value) {
            ("message", value) => message = text("error.message", Some(value))?,
            ("retryable", Value::Bool(flag)) => retryable = flag,
            ("retryable", Value::Null) => {}
            ("retryable", other) => return wrong("error.retryable", "a boolean", &other),
            ("stage", value) => stage = text("error.stage", Some(value))?,
            _ => {}
        }
    }
    match message {
        Some(message) => Ok(Some(Failure {
            message,
            retryable,
            stage,
        })),
        None => Err((
            "wrong-type",
            "error.message: expected a string, got nothing".into(),
        )),
    }
}

fn required<T>(field: &str, value: Option<T>) -> Checked<T> {
    value.ok_or_else(|| ("wrong-type", String::from(field) + ": missing"))
}

/// The status words met in the five systems, in any case.
fn status_word(word: &str) -> Option<Status> {
    const WORDS: [(&str, Status); 25] = [
        ("queued", Status::Queued),
        ("pending", Status::Queued),
        ("created", Status::Queued),
        ("waiting", Status::Queued),
        ("scheduled", Status::Queued),
        ("running", Status::Running),
        ("processing", Status::Running),
        ("started", Status::Running),
        ("active", Status::Running),
        ("in_progress", Status::Running),
        ("progress", Status::Running),
        ("completed", Status::Completed),
        ("complete", Status::Completed),
        ("succeeded", Status::Completed),
        ("success", Status::Completed),
        ("finished", Status::Completed),
        ("processed", Status::Completed),
        ("done", Status::Completed),
        ("failed", Status::Failed),
        ("failure", Status::Failed),
        ("error", Status::Failed),
        ("errored", Status::Failed),
        ("cancelled", Status::Cancelled),
        ("canceled", Status::Cancelled),
        ("aborted", Status::Cancelled),
    ];
    WORDS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(word))
        .map(|(_, status)| *status)
}

/// A status word of a snapshot; unlike a message's, it must be a known one.
fn status(value: Option<Value<'_>>) -> Checked<Status> {
    let Some(word) = text("status", value)? else {
        return Err(("wrong-type", "status: missing".into()));
    };
    status_word(word.raw).ok_or_else(|| {
        (
            "wrong-type",
            String::from("status: unknown word ") + &describe(&Value::String(word)),
        )
    })
}

/// Checks the fields of one event against its type.
fn update<'a>(kind: Kind, fields: &Fields<'a>) -> Checked<Update<'a>> {
    let mut update = Update {
        attempt: attempt(fields.attempt)?,
        ..Update::default()
    };
    match kind {
        Kind::Progress => {
            update.progress = Some(required("progress", progress(fields.progress)?)?);
            update.stage = text("stage", fields.stage)?;
            // System E calls its sentence for people `status`.
            update.message = match text("message", fields.message)? {
                Some(message) => Some(message),
                None => text("status", fields.status)?,
            };
            update.status = Some(Status::Running);
        }
        Kind::Completed => {
            update.status = Some(Status::Completed);
            progress(fields.progress)?;
            update.progress = Some(100.0);
            update.message = text("message", fields.message)?;
            update.result_url = text("result_url", fields.result_url)?;
            update.duration_seconds = number(
                "duration_seconds",
                fields.duration,
                "a number of seconds",
                1e12,
            )?;
        }
        Kind::Error => {
            update.status = Some(Status::Failed);
            update.error = Some(required("error", failure(fields.error)?)?);
        }
        Kind::Cancelled => {
            update.status = Some(Status::Cancelled);
            update.message = text("message", fields.message)?;
        }
        Kind::Snapshot => {
            let status = status(fields.status)?;
            update.status = Some(status);
            update.progress = progress(fields.progress)?;
            update.stage = text("stage", fields.stage)?;
            update.message = text("message", fields.message)?;
            update.result_url = text("result_url", fields.result_url)?;
            update.duration_seconds = number(
                "duration_seconds",
                fields.duration,
                "a number of seconds",
                1e12,
            )?;
            if status == Status::Failed {
                update.error = failure(fields.error)?;
            }
        }
        Kind::Heartbeat | Kind::Ping | Kind::Pong | Kind::Connected | Kind::Other => {}
    }
    Ok(update)
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
    let mut fields = Fields::default();
    scanner.peek();
    let start = scanner.position();
    scanner.eat(b'{');
    let mut first = true;
    loop {
        let Some((name, value)) = scanner.member(&mut first)? else {
            break;
        };
        fields.set(name, value, scanner.last_scalar());
    }
    let raw = scanner.slice_from(start);
    let name = match fields.kind {
        _ if snapshot => Cow::Borrowed("snapshot"),
        Some(Value::String(name)) => name.get(),
        Some(other) => {
            let reason = String::from("type: expected a string, got ") + &describe(&other);
            return Ok(Err(Invalid {
                event: None,
                code: "no-type",
                reason,
                raw,
            }));
        }
        None => {
            return Ok(Err(Invalid {
                event: None,
                code: "no-type",
                reason: "type: missing".into(),
                raw,
            }));
        }
    };
    let kind = if snapshot {
        Kind::Snapshot
    } else {
        Kind::of(&name)
    };
    let checked = update(kind, &fields).and_then(|update| {
        // A free event may use these names for what it likes.
        let job = if kind == Kind::Other {
            job(fields.job).unwrap_or(None)
        } else {
            job(fields.job)?
        };
        Ok((update, job))
    });
    Ok(match checked {
        Ok((update, job)) => Ok(Message {
            kind,
            name,
            job,
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

#[cfg(test)]
mod tests;
