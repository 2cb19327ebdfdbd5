//! The `broadcast` protocol (SYSTEMS.md, A and C): messages about every job, track and playlist over one socket, in
//! three envelopes that are all read: `{"type", "data"}`, `{"event", "data"}`, and flat `{"type", …}`.
//!
//! The codec says what a message is about and what is wrong with it; it never touches a job.

mod known;
mod names;

pub(crate) use names::number;

use crate::core::io::config::Maps;
use crate::core::jobs::fields::{Field, Fields, Wrong};
use crate::core::jobs::limits::too_long;
use crate::core::json::{Error, Scanner, Str, Value};
use crate::core::protocol::frame::{self, Take, refuse};
use crate::core::protocol::kind::Kind;
use crate::core::protocol::message::{Invalid, Message};
use crate::core::text::words::{about, joined};
use names::{mapped, rename};

/// Whether the core knows events of this name.
pub(crate) fn is_known(name: &str) -> bool {
    kind_of(name) != Kind::Other
}

/// What an event of this name is.
pub(crate) fn kind_of(name: &str) -> Kind {
    match (known::event(name), Kind::of(name)) {
        (Some(event), _) => event.1,
        (_, kind @ (Kind::Heartbeat | Kind::Ping | Kind::Pong | Kind::Connected)) => kind,
        _ => Kind::Other,
    }
}

/// What a message is wrapped in.
struct Envelope<'a> {
    /// `type` and `event`, of which the first that is a text names the event.
    kind: Value<'a>,
    event: Value<'a>,
    /// The text of `data`; empty where there is none.
    data: &'a str,
}

impl<'a> Envelope<'a> {
    /// Reads an object, whose grammar has been read.
    fn read(json: &'a str, fields: &str) -> Self {
        let mut envelope = Self {
            kind: Value::Null,
            event: Value::Null,
            data: "",
        };
        let kind = mapped(fields, "type");
        let event = mapped(fields, "event");
        let data = mapped(fields, "data");
        let mut scanner = Scanner::new(json);
        let mut first = true;
        while let Some((name, value, text)) = scanner.pair(&mut first) {
            if name == kind {
                envelope.kind = value;
            } else if name == event {
                envelope.event = value;
            } else if name == data {
                envelope.data = text;
            }
        }
        envelope
    }

    /// The event's name, if it has one.
    fn name(&self) -> Option<Str<'a>> {
        match (self.kind, self.event) {
            (Value::String(name), _) | (_, Value::String(name)) => Some(name),
            _ => None,
        }
    }
}

/// Reads one object whose `{` comes next. An `Err` breaks the frame; what is wrong with the message alone is handed on.
fn object(scanner: &mut Scanner<'_>, maps: &Maps, take: Take<'_>) -> Result<(), Error> {
    let start = scanner.position();
    scanner.value()?;
    let raw = scanner.slice_from(start);
    let envelope = Envelope::read(raw, &maps.fields);
    let Some(name) = envelope.name() else {
        let reason = match envelope.kind {
            Value::Null => joined(&["type: missing"]),
            other => about(&["type: expected a string, got "], &other),
        };
        refuse(take, "no-type", &reason, raw);
        return Ok(());
    };
    if let Some(Wrong(code, reason)) = too_long("type", name) {
        refuse(take, code, &reason, raw);
        return Ok(());
    }
    let name = name.get();
    let name = mapped(&maps.events, &name);
    let payload = if envelope.data.is_empty() {
        raw
    } else {
        envelope.data
    };
    judge(name, known::event(name), payload, maps, take);
    Ok(())
}

/// Hands a message on, or what is wrong with it.
fn judge(name: &str, event: Option<&known::Event>, payload: &str, maps: &Maps, take: Take<'_>) {
    let mut renamed = String::new();
    let mut raw = payload;
    let mut news = Fields::default();
    let mut judged = Ok(());
    if let Some(event) = event {
        if !payload.starts_with('{') {
            judged = Err(known::not_an_object(payload));
        } else {
            if !maps.fields.is_empty() {
                rename(&mut renamed, &maps.fields, payload);
                raw = &renamed;
            }
            judged = known::read(&mut news, event, raw).and_then(|()| news.limit_names());
        }
    } else {
        known::name_job(&mut news, raw);
        news.limit_job();
    }
    match judged {
        Ok(()) => {
            let job = news.owned(Field::Job);
            take(Ok(&Message {
                kind: event.map_or_else(|| kind_of(name), |event| event.1),
                name,
                job: job.as_deref(),
                news: &news,
                raw,
            }));
        }
        Err(Wrong(code, reason)) => take(Err(&Invalid {
            event: Some(name),
            code,
            reason: &reason,
            raw,
        })),
    }
}

/// Reads the next frame of a text, see [`frame::decode`].
pub(crate) fn decode(scanner: &mut Scanner<'_>, last: bool, maps: &Maps, take: Take<'_>) {
    frame::decode(
        scanner,
        last,
        |scanner, take| object(scanner, maps, take),
        take,
    );
}

/// Reads the answer of an HTTP read of a job, one object without an envelope, and hands it to `take`.
pub(crate) fn decode_snapshot(body: &str, maps: &Maps, take: Take<'_>) {
    frame::whole_body(
        body,
        |scanner, take| {
            let start = scanner.position();
            scanner.value()?;
            let json = scanner.slice_from(start);
            scanner.end()?;
            judge("snapshot", Some(&known::SNAPSHOT), json, maps, take);
            Ok(())
        },
        take,
    );
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod properties;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
