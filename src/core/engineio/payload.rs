//! Several packets in one body of HTTP long-polling, with U+001E between them ("HTTP long-polling" of the protocol).

use super::{Error, Packet, decode, encode};

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

/// The body of a POST, gathered packet by packet. A text message in it must not hold U+001E; no Socket.IO packet does.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    body: String,
    packets: u32,
}

impl Batch {
    /// Adds a packet and says so, or leaves the batch as it was when it is full: of packets, or of the bytes that the
    /// server takes (`max_payload` of its handshake; 0: any number). A first packet always fits.
    pub fn push(&mut self, packet: &Packet<'_>, max_payload: u32) -> bool {
        let before = self.body.len();
        if self.packets > 0 {
            self.body.push(char::from(SEPARATOR));
        }
        encode(packet, &mut self.body);
        let too_long = max_payload > 0 && self.body.len() > max_payload as usize;
        if self.packets > 0 && (too_long || self.packets == MAX_PACKETS) {
            self.body.truncate(before);
            return false;
        }
        self.packets += 1;
        true
    }

    /// Whether there is nothing to send.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.packets == 0
    }

    /// The body; the batch is empty again.
    pub fn take(&mut self) -> String {
        self.packets = 0;
        std::mem::take(&mut self.body)
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::super::packet::tests::packet;
    use super::*;
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
        let pong = Packet::Pong { probe: false };
        assert_eq!((0..20).filter(|_| batch.push(&pong, 0)).count(), 16);
        assert_eq!(batch.take().len(), 31);
        // Too large alone, it goes alone.
        assert!(batch.push(&Packet::Message("12345"), 5));
        assert!(!batch.push(&pong, 5));
        assert_eq!(batch.take(), "412345");
        assert!(batch.push(&Packet::Message("1"), 5));
        assert!(!batch.push(&Packet::Message("é"), 5));
        assert!(batch.push(&Packet::Message("2"), 5));
        assert_eq!(batch.take(), "41\u{1e}42");
        assert!(batch.is_empty());
    }

    proptest! {
        #[test]
        fn bodies_survive_the_round_trip(parts in proptest::collection::vec((any::<u8>(), "[^\u{1e}]{0,8}", proptest::collection::vec(any::<u8>(), 0..6)), 1..16)) {
            let packets: Vec<_> = parts.iter().map(|(kind, text, bytes)| packet(*kind, text, bytes.clone())).collect();
            let mut batch = Batch::default();
            for packet in &packets {
                prop_assert!(batch.push(packet, 0));
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
                let text = "x".repeat(*length);
                if !batch.push(&Packet::Message(&text), most) {
                    bodies.push(batch.take());
                    prop_assert!(batch.push(&Packet::Message(&text), most));
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
