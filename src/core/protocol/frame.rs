//! Frames of JSON as a WebSocket carries them: a frame holds one message, an array of messages, or several lines. Each
//! object in it is handed to a codec, which knows what it means.

use crate::core::json::{Error, Scanner, Value};
use crate::core::protocol::message::{Invalid, Message};
use crate::core::text::words::about;

/// Where one frame ends and the next begins in a batch: a control character that JSON text cannot hold.
const SEPARATOR: u8 = 0x1e;

/// Whom messages are handed to, one by one.
pub(crate) type Take<'t> = &'t mut dyn FnMut(Result<&Message<'_>, &Invalid<'_>>);

/// Hands on what is not even a message.
#[inline(never)]
pub(crate) fn refuse(take: Take<'_>, code: &'static str, reason: &str, raw: &str) {
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
    crate::core::json::push_u64(&mut reason, at as u64);
    refuse(take, "not-json", &reason, raw);
}

/// The frame that began at `start`; goes to its end. The last frame of a text holds whatever is left.
fn whole<'a>(scanner: &mut Scanner<'a>, start: usize, last: bool) -> &'a str {
    while scanner.has_left() && (last || !scanner.stands_at(SEPARATOR)) {
        scanner.step();
    }
    scanner.slice_from(start)
}

/// Goes to the end of a frame that nobody reads.
pub(crate) fn skip(scanner: &mut Scanner<'_>, last: bool) {
    whole(scanner, 0, last);
}

/// Reads the next frame of a text; each object whose `{` comes next is read by `object`, which hands its message to
/// `take`. A frame that breaks off is one invalid message after those that came before the break. The scanner then
/// stands at the separator.
#[inline(always)]
pub(crate) fn decode(
    scanner: &mut Scanner<'_>,
    last: bool,
    object: impl Fn(&mut Scanner<'_>, Take<'_>) -> Result<(), Error>,
    take: Take<'_>,
) {
    let start = scanner.position();
    let mut any = false;
    // Its end is looked for once: a frame may hold many values that are no messages.
    let mut frame = None;
    loop {
        let outcome = match scanner.peek() {
            Some(b'{') => object(scanner, take),
            Some(b'[') => array(scanner, &object, take),
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

fn array(
    scanner: &mut Scanner<'_>,
    object: impl Fn(&mut Scanner<'_>, Take<'_>) -> Result<(), Error>,
    take: Take<'_>,
) -> Result<(), Error> {
    scanner.step();
    let mut first = true;
    while scanner.goes_on(&mut first)? {
        if scanner.peek() == Some(b'{') {
            object(scanner, take)?;
        } else {
            let start = scanner.position();
            let value = scanner.value()?;
            not_an_object(take, &value, scanner.slice_from(start));
        }
    }
    Ok(())
}

/// Reads a body that is one object; `object` does so, to its end.
#[inline(always)]
pub(crate) fn whole_body(
    body: &str,
    object: impl Fn(&mut Scanner<'_>, Take<'_>) -> Result<(), Error>,
    take: Take<'_>,
) {
    let mut scanner = Scanner::new(body);
    match scanner.peek() {
        Some(b'{') => {
            if let Err(error) = object(&mut scanner, take) {
                broken(take, error, scanner.position(), body);
            }
        }
        Some(_) => refuse(take, "not-an-object", "not an object", body),
        None => refuse(take, "empty", "an empty body", body),
    }
}
