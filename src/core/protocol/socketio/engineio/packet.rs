//! One packet: a digit and what it holds ("Packet encoding" of the protocol).

use crate::core::protocol::socketio::engineio::{Error, base64};
use std::borrow::Cow;

/// What goes over a transport.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// The server opens the session: the text of a [`Handshake`](crate::core::protocol::socketio::engineio::Handshake).
    Open(&'a str),
    /// The transport is to be closed.
    Close,
    /// The server's heartbeat, or the client's probe of a new transport.
    Ping {
        /// Whether it is a probe.
        probe: bool,
    },
    /// The answer.
    Pong {
        /// Whether to a probe.
        probe: bool,
    },
    /// A text message.
    Message(&'a str),
    /// A binary message.
    Binary(Cow<'a, [u8]>),
    /// The client goes over to the transport it has probed.
    Upgrade,
    /// Nothing; frees a waiting GET.
    Noop,
}

const PROBE: &str = "probe";

/// Reads a text frame, or one packet of a polling body.
///
/// # Errors
/// Whatever is not a packet of revision 4.
pub fn decode(text: &str) -> Result<Packet<'_>, Error> {
    let Some(kind) = text.as_bytes().first() else {
        return Err(Error::Empty);
    };
    // A first byte that is not ASCII is no packet's either, and leaves nothing here.
    let data = text.get(1..).unwrap_or("");
    let probe = data == PROBE;
    let bare = data.is_empty();
    Ok(match kind {
        b'0' => Packet::Open(data),
        b'1' if bare => Packet::Close,
        b'2' if bare || probe => Packet::Ping { probe },
        b'3' if bare || probe => Packet::Pong { probe },
        b'4' => Packet::Message(data),
        b'5' if bare => Packet::Upgrade,
        b'6' if bare => Packet::Noop,
        b'b' => Packet::Binary(Cow::Owned(base64::decode(data).ok_or(Error::Base64)?)),
        // Revision 3 frames a payload as `<length>:<packet>`, or in bytes that begin with 0 or 1.
        0 | 1 => return Err(Error::Revision3),
        b'0'..=b'9'
            if text
                .trim_start_matches(|c: char| c.is_ascii_digit())
                .starts_with(':') =>
        {
            return Err(Error::Revision3);
        }
        b'0'..=b'6' => return Err(Error::UnexpectedData),
        _ => return Err(Error::UnknownType),
    })
}

/// Appends a packet as text: a WebSocket frame, or a part of a polling body. Over WebSocket a binary message is a frame
/// of its own instead.
pub fn encode(packet: &Packet<'_>, out: &mut String) {
    let (kind, data) = match packet {
        Packet::Open(handshake) => ('0', *handshake),
        Packet::Close => ('1', ""),
        Packet::Ping { probe } => ('2', if *probe { PROBE } else { "" }),
        Packet::Pong { probe } => ('3', if *probe { PROBE } else { "" }),
        Packet::Message(text) => ('4', *text),
        Packet::Upgrade => ('5', ""),
        Packet::Noop => ('6', ""),
        Packet::Binary(_) => ('b', ""),
    };
    out.push(kind);
    out.push_str(data);
    if let Packet::Binary(bytes) = packet {
        base64::push(out, bytes);
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(packet: &Packet<'_>) -> String {
        let mut out = String::new();
        encode(packet, &mut out);
        out
    }

    /// A packet whose text is `message` where it has one.
    pub(crate) fn packet(kind: u8, message: &str, bytes: Vec<u8>) -> Packet<'_> {
        match kind % 10 {
            0 => Packet::Open(message),
            1 => Packet::Close,
            2 => Packet::Ping { probe: false },
            3 => Packet::Pong { probe: true },
            4 => Packet::Message(message),
            5 => Packet::Upgrade,
            6 => Packet::Noop,
            7 => Packet::Ping { probe: true },
            8 => Packet::Pong { probe: false },
            _ => Packet::Binary(Cow::Owned(bytes)),
        }
    }

    #[test]
    fn packets_are_a_digit_and_their_data() {
        for (packet, written) in [
            (Packet::Open("{}"), "0{}"),
            (Packet::Close, "1"),
            (Packet::Ping { probe: false }, "2"),
            (Packet::Ping { probe: true }, "2probe"),
            (Packet::Pong { probe: true }, "3probe"),
            (Packet::Message("2[\"é\"]"), "42[\"é\"]"),
            (Packet::Upgrade, "5"),
            (Packet::Noop, "6"),
            (Packet::Binary(Cow::Borrowed(&[1, 2])), "bAQI="),
            (Packet::Binary(Cow::Borrowed(&[])), "b"),
        ] {
            assert_eq!(text(&packet), written);
            assert_eq!(decode(written), Ok(packet));
        }
    }

    #[test]
    fn what_is_no_packet_says_why() {
        for (text, error) in [
            ("", Error::Empty),
            ("7", Error::UnknownType),
            ("<html>", Error::UnknownType),
            ("é", Error::UnknownType),
            ("\"Invalid session\"", Error::UnknownType),
            ("1x", Error::UnexpectedData),
            ("2prob", Error::UnexpectedData),
            ("3 ", Error::UnexpectedData),
            ("502 Bad Gateway", Error::UnexpectedData),
            ("bA", Error::Base64),
            ("bAA=A", Error::Base64),
        ] {
            assert_eq!(decode(text), Err(error), "{text}");
        }
    }

    #[test]
    fn a_payload_of_revision_3_is_told_apart() {
        for text in [
            "97:0{\"sid\":\"x\"}2:40",
            "118:0{\"sid\":\"x\"}",
            "2:40",
            "1:6",
            "85:0{}",
            "\u{0}\u{9}\u{7}\u{fffd}0{}",
            "\u{1}\u{4}",
        ] {
            assert_eq!(decode(text), Err(Error::Revision3), "{text}");
        }
        // A message may look however it likes.
        assert_eq!(decode("412:0{}"), Ok(Packet::Message("12:0{}")));
    }

    proptest! {
        #[test]
        fn packets_survive_the_round_trip(kind in any::<u8>(), message in any::<String>(), bytes in proptest::collection::vec(any::<u8>(), 0..20)) {
            let packet = packet(kind, &message, bytes);
            let written = text(&packet);
            prop_assert_eq!(decode(&written), Ok(packet));
        }

        #[test]
        fn what_is_read_is_written_the_same(frame in "[0-7b]?[probe:A0=]{0,6}") {
            if let Ok(packet) = decode(&frame) {
                prop_assert_eq!(text(&packet), frame);
            }
        }

        #[test]
        fn never_panics(frame in any::<String>()) {
            let _ = decode(&frame);
        }
    }
}
