//! One packet ("Packet encoding" of the protocol):
//! `<type>[<attachments>-][<namespace>,][<id>][<JSON>]`.

use crate::core::json::{Scanner, Str, Value};
use crate::core::protocol::socketio::{Error, args, is_reserved, placeholders};

/// A message to or from one namespace. Everything is borrowed from the text it was read from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Packet<'a> {
    /// Which, beginning with a slash. Without its query when it was read: some servers repeat it, some do not.
    pub namespace: &'a str,
    /// How many binary messages follow; only events and acknowledgements have any.
    pub attachments: u32,
    /// What it says.
    pub body: Body<'a>,
}

/// What a packet says. A binary event is an event, a binary acknowledgement an acknowledgement: their attachments tell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Body<'a> {
    /// From the client: what it authenticates itself with, a JSON object, or nothing. From the server: a
    /// [`Session`](crate::core::protocol::socketio::Session).
    Connect(&'a str),
    /// One side leaves the namespace; python-socketio may say why, as a [`Refusal`](crate::core::protocol::socketio::Refusal).
    Disconnect(&'a str),
    /// The server does not let the client in: a [`Refusal`](crate::core::protocol::socketio::Refusal).
    ConnectError(&'a str),
    /// An event.
    Event {
        /// Its name.
        name: Str<'a>,
        /// JSON values with commas between them. With attachments, `{"_placeholder":true,"num":n}` stands for the
        /// n-th; without, the same is an object like any other.
        args: &'a str,
        /// The sender wants an acknowledgement of this id.
        ack: Option<u64>,
    },
    /// The answer to an event.
    Ack {
        /// The id the event had.
        id: u64,
        /// As an event's.
        args: &'a str,
    },
}

/// The bytes of a packet's head, taken one after the other.
struct Head<'a> {
    rest: &'a str,
}

impl<'a> Head<'a> {
    fn next(&self) -> u8 {
        self.rest.as_bytes().first().copied().unwrap_or(0)
    }

    /// Takes so many bytes.
    fn take(&mut self, count: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(count).unwrap_or(("", ""));
        self.rest = rest;
        taken
    }

    /// A decimal number, if one comes next.
    fn number(&mut self) -> Result<Option<u64>, Error> {
        let mut number: Option<u64> = None;
        loop {
            let digit = self.next().wrapping_sub(b'0');
            if digit > 9 {
                return Ok(number);
            }
            let shifted = number.unwrap_or(0).checked_mul(10);
            let Some(more) = shifted.and_then(|number| number.checked_add(digit.into())) else {
                return Err(Error::AckId);
            };
            number = Some(more);
            self.take(1);
        }
    }

    /// The namespace, and the comma behind it; without its query.
    fn namespace(&mut self) -> &'a str {
        if self.next() != b'/' {
            return "/";
        }
        let end = |text: &str, mark: u8| {
            let end = text.bytes().position(|byte| byte == mark);
            end.unwrap_or(text.len())
        };
        let whole = self.take(end(self.rest, b','));
        self.take(1);
        whole.get(..end(whole, b'?')).unwrap_or(whole)
    }
}

/// Reads a text message.
///
/// # Errors
/// Whatever is not a packet of revision 5; of a text with attachments also what is wrong with its placeholders.
pub fn decode(text: &str) -> Result<Packet<'_>, Error> {
    let mut head = Head { rest: text };
    let kind = head.next();
    if !(b'0'..=b'6').contains(&kind) {
        return Err(Error::UnknownType);
    }
    head.take(1);
    let mut attachments = 0;
    if kind >= b'5' {
        attachments = match head.number() {
            Ok(Some(count)) if count <= MOST && count > 0 && head.next() == b'-' => count as u32,
            _ => return Err(Error::Attachments),
        };
        head.take(1);
    }
    let namespace = head.namespace();
    let holds_args = matches!(kind, b'2' | b'3' | b'5' | b'6');
    let ack = if holds_args { head.number()? } else { None };
    let data = head.rest;
    let body = match kind {
        b'0' => Body::Connect(object(data, false)?),
        b'1' => Body::Disconnect(object(data, true)?),
        b'4' => Body::ConnectError(object(data, true)?),
        b'2' | b'5' => {
            let (name, args) = args::split(data, true)?;
            if is_reserved(&name.get()) {
                return Err(Error::ReservedName);
            }
            Body::Event { name, args, ack }
        }
        _ => Body::Ack {
            args: args::split(data, false)?.1,
            id: ack.ok_or(Error::AckId)?,
        },
    };
    if attachments > 0 {
        placeholders::check(data, attachments)?;
    }
    Ok(Packet {
        namespace,
        attachments,
        body,
    })
}

const MOST: u64 = crate::core::protocol::socketio::MAX_ATTACHMENTS as u64;

/// Data that is an object, a string where that is allowed, or nothing.
pub(super) fn object(data: &str, or_string: bool) -> Result<&str, Error> {
    if data.is_empty() {
        return Ok(data);
    }
    let mut scanner = Scanner::new(data);
    let value = scanner.value()?;
    scanner.end()?;
    match value {
        Value::Object(_) => Ok(data),
        Value::String(_) if or_string => Ok(data),
        _ => Err(Error::WrongData),
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
