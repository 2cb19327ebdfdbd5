//! Several packets in one body of HTTP long-polling, with U+001E between them ("HTTP long-polling" of the protocol).

use crate::core::io::output::FILL;
use crate::core::protocol::socketio::engineio::{Error, Packet, decode};

/// JSON text cannot hold it, and Base64 does not.
const SEPARATOR: u8 = 0x1e;

/// The packets of the answer to a GET, in order; ends after the first error.
///
/// An empty body is a [`Packet::Close`]: python-engineio answers so when it closes.
#[derive(Clone, Debug)]
pub struct Payload<'a> {
    rest: Option<&'a str>,
}

impl<'a> Payload<'a> {
    /// The packets of a body.
    #[must_use]
    pub fn new(body: &'a str) -> Self {
        Self {
            rest: Some(if body.is_empty() { "1" } else { body }),
        }
    }
}

impl<'a> Iterator for Payload<'a> {
    type Item = Result<Packet<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let all = self.rest?;
        let end = all.bytes().position(|byte| byte == SEPARATOR);
        let text = all.get(..end.unwrap_or(all.len())).unwrap_or("");
        let rest = end.and_then(|end| all.get(end + 1..));
        let packet = decode(text);
        self.rest = if packet.is_ok() { rest } else { None };
        Some(packet)
    }
}

/// Most packets in one POST: python-engineio takes no more, says `ok` to a larger body and loses it.
pub const MAX_PACKETS: u32 = 16;

/// The body of a POST, gathered packet by packet. A text in it must not hold U+001E; no packet of Socket.IO does.
///
/// Binary messages are not in it: a `b` and [`FILL`] stand for each, and whoever has the bytes fills in their Base64.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    body: String,
    /// Its length when all is filled in.
    bytes: u64,
    packets: u32,
}

impl Batch {
    /// Adds a packet that is text already, or none, and binary messages of so many bytes behind it, and says so; or
    /// leaves the batch as it was when it is full: of packets, or of the bytes that the server takes (`max_payload` of
    /// its handshake; 0: any number). The first always fits.
    pub fn push(&mut self, text: &str, binaries: &[u64], max_payload: u32) -> bool {
        let is_text = !text.is_empty();
        let mut bytes = self.bytes + u64::from(is_text) + text.len() as u64;
        for size in binaries {
            bytes += 2 + base64_length(*size);
        }
        let packets = self.packets + u32::from(is_text) + binaries.len() as u32;
        // No separator stands before the first.
        let too_long = max_payload > 0 && bytes - 1 > u64::from(max_payload);
        if self.packets > 0 && (too_long || packets > MAX_PACKETS) {
            return false;
        }
        if is_text {
            self.separate();
            self.body.push_str(text);
        }
        for _ in binaries {
            self.separate();
            self.body.push('b');
            self.body.push(FILL);
        }
        self.bytes = bytes;
        self.packets = packets;
        true
    }

    fn separate(&mut self) {
        if !self.body.is_empty() {
            self.body.push(char::from(SEPARATOR));
        }
    }

    /// Whether there is nothing to send.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.packets == 0
    }

    /// The body; the batch is empty again.
    pub fn take(&mut self) -> String {
        std::mem::take(self).body
    }
}

/// How long so many bytes are in Base64.
#[must_use]
pub fn base64_length(bytes: u64) -> u64 {
    bytes.saturating_add(2) / 3 * 4
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::core::protocol::socketio::engineio::encode;
    use crate::core::protocol::socketio::engineio::packet::tests::packet;
    use proptest::prelude::*;

    fn all(body: &str) -> Vec<Result<Packet<'_>, Error>> {
        Payload::new(body).collect()
    }

    #[test]
    fn packets_stand_between_separators() {
        assert_eq!(
            all("4a\u{1e}bAQI=\u{1e}2"),
            [
                Ok(Packet::Message("a")),
                Ok(Packet::Binary(vec![1, 2].into())),
                Ok(Packet::Ping { probe: false })
            ]
        );
    }

    #[test]
    fn an_empty_body_closes() {
        assert_eq!(all(""), [Ok(Packet::Close)]);
    }

    #[test]
    fn nothing_is_read_behind_an_error() {
        assert_eq!(
            all("6\u{1e}\u{1e}4a"),
            [Ok(Packet::Noop), Err(Error::Empty)]
        );
        assert_eq!(
            all("4a\u{1e}"),
            [Ok(Packet::Message("a")), Err(Error::Empty)]
        );
        assert_eq!(all("97:0{}2:40"), [Err(Error::Revision3)]);
    }

    #[test]
    fn a_batch_keeps_to_what_servers_take() {
        let mut batch = Batch::default();
        assert!(batch.is_empty());
        assert_eq!((0..20).filter(|_| batch.push("3", &[], 0)).count(), 16);
        assert_eq!(batch.take().len(), 31);
        // Too large alone, it goes alone.
        assert!(batch.push("412345", &[], 5));
        assert!(!batch.push("3", &[], 5));
        assert_eq!(batch.take(), "412345");
        assert!(batch.push("41", &[], 5));
        assert!(!batch.push("4é", &[], 5));
        assert!(batch.push("42", &[], 5));
        assert_eq!(batch.take(), "41\u{1e}42");
        assert!(batch.is_empty());
    }

    #[test]
    fn binary_messages_count_as_they_will_be() {
        let mut batch = Batch::default();
        assert!(batch.push("451-[\"a\"]", &[3], 0));
        assert!(batch.push("42[\"b\"]", &[], 0));
        assert_eq!(
            batch.bytes - 1,
            "451-[\"a\"]\u{1e}bAAAA\u{1e}42[\"b\"]".len() as u64
        );
        assert_eq!(batch.take(), "451-[\"a\"]\u{1e}b\u{1a}\u{1e}42[\"b\"]");
        for _ in 0..5 {
            assert!(batch.push("452-[]", &[1, 2], 0));
        }
        assert!(!batch.push("452-[]", &[1, 2], 0));
        assert!(batch.push("3", &[], 0));
        assert!(!batch.push("3", &[], 0));
        batch.take();
        assert!(batch.push("", &[3], 0) && batch.push("", &[3], 0));
        assert_eq!(batch.take(), "b\u{1a}\u{1e}b\u{1a}");
        let mut text = String::new();
        for bytes in 0..10u8 {
            text.clear();
            crate::core::protocol::socketio::engineio::push_base64(
                &mut text,
                &vec![0; bytes.into()],
            );
            assert_eq!(base64_length(bytes.into()), text.len() as u64);
        }
    }

    proptest! {
        #[test]
        fn bodies_survive_the_round_trip(parts in proptest::collection::vec((any::<u8>(), "[^\u{1e}]{0,8}", proptest::collection::vec(any::<u8>(), 0..6)), 1..16)) {
            let packets: Vec<_> = parts.iter().map(|(kind, text, bytes)| packet(*kind, text, bytes.clone())).collect();
            let mut batch = Batch::default();
            for packet in &packets {
                let mut text = String::new();
                encode(packet, &mut text);
                prop_assert!(batch.push(&text, &[], 0));
            }
            let body = batch.take();
            let read: Result<Vec<_>, _> = Payload::new(&body).collect();
            prop_assert_eq!(read, Ok(packets));
        }

        #[test]
        fn a_batch_is_never_longer_than_allowed(lengths in proptest::collection::vec(0usize..12, 1..40), most in 1u32..40) {
            let mut batch = Batch::default();
            let mut bodies = Vec::new();
            for length in &lengths {
                let text = ["4", &"x".repeat(*length)].concat();
                if !batch.push(&text, &[], most) {
                    bodies.push(batch.take());
                    prop_assert!(batch.push(&text, &[], most));
                }
            }
            bodies.push(batch.take());
            for body in &bodies {
                let packets = all(body).len();
                prop_assert!(packets <= MAX_PACKETS as usize);
                prop_assert!(packets == 1 || body.len() <= most as usize);
            }
            prop_assert_eq!(bodies.iter().map(|body| all(body).len()).sum::<usize>(), lengths.len());
        }

        #[test]
        fn never_panics(body in any::<String>()) {
            let _ = all(&body);
        }
    }
}
