//! Packets as text: what the client sends, and for tests what a server would.

use crate::core::json::{push_string, push_u64};
use crate::core::protocol::socketio::{
    Body, Error, Packet, args, is_reserved, packet, placeholders,
};

/// Whether a namespace can be written: it begins with a slash and holds no comma, which would end it, no query, which
/// servers leave out of their answers, and no control character, which could end the packet.
#[must_use]
pub fn is_namespace(name: &str) -> bool {
    name.starts_with('/')
        && !name
            .bytes()
            .any(|byte| matches!(byte, b',' | b'?') || byte < b' ')
}

/// Appends a packet; its attachments are to follow as binary messages, in the order of their numbers. What
/// [`decode`](crate::core::protocol::socketio::decode) would refuse is not written.
///
/// # Errors
/// As those of reading, and [`Error::Namespace`]; nothing is appended then.
pub fn encode(packet: &Packet<'_>, out: &mut String) -> Result<(), Error> {
    let start = out.len();
    let written = write(packet, out);
    if written.is_err() {
        out.truncate(start);
    }
    written
}

fn write(packet: &Packet<'_>, out: &mut String) -> Result<(), Error> {
    if !is_namespace(packet.namespace) {
        return Err(Error::Namespace);
    }
    let (mut kind, name, id, data) = match packet.body {
        Body::Connect(data) => (b'0', None, None, packet::object(data, false)?),
        Body::Disconnect(data) => (b'1', None, None, packet::object(data, true)?),
        Body::ConnectError(data) => (b'4', None, None, packet::object(data, true)?),
        Body::Event { name, args, ack } => (b'2', Some(name.get()), ack, args),
        Body::Ack { id, args } => (b'3', None, Some(id), args),
    };
    let holds_args = kind == b'2' || kind == b'3';
    if packet.attachments > 0 {
        if !holds_args || packet.attachments > crate::core::protocol::socketio::MAX_ATTACHMENTS {
            return Err(Error::Attachments);
        }
        kind += 3;
    }
    out.push(char::from(kind));
    if packet.attachments > 0 {
        push_u64(out, packet.attachments.into());
        out.push('-');
    }
    if packet.namespace != "/" {
        out.push_str(packet.namespace);
        out.push(',');
    }
    if let Some(id) = id {
        push_u64(out, id);
    }
    let start = out.len();
    if !holds_args {
        out.push_str(data);
        return Ok(());
    }
    out.push('[');
    if let Some(name) = &name {
        if is_reserved(name) {
            return Err(Error::ReservedName);
        }
        push_string(out, name);
        if !data.is_empty() {
            out.push(',');
        }
    }
    out.push_str(data);
    out.push(']');
    let array = out.get(start..).unwrap_or("");
    args::split(array, name.is_some())?;
    if packet.attachments > 0 {
        placeholders::check(array, packet.attachments)?;
    }
    Ok(())
}
