//! What arrives in a session: packets, and the attachments of those that have any.

use super::{Error, Packet, decode};

/// Most bytes of attachments that are held for one packet.
pub const MAX_BYTES: usize = 64 << 20;

/// A packet and all its attachments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assembled {
    text: String,
    /// In the order of their numbers.
    pub attachments: Vec<Vec<u8>>,
}

impl Assembled {
    /// The packet.
    ///
    /// # Errors
    /// None: its text has been read before.
    pub fn packet(&self) -> Result<Packet<'_>, Error> {
        decode(&self.text)
    }
}

/// Joins packets with the binary messages that follow them. A new session starts with a new one.
///
/// Holds at most one packet, [`MAX_ATTACHMENTS`](super::MAX_ATTACHMENTS) and [`MAX_BYTES`]. After an error it holds
/// nothing; whether the session goes on is for its owner to say, but attachments of what was refused may still follow.
#[derive(Debug, Default)]
pub struct Inbox {
    held: Assembled,
    /// Attachments that have not come.
    missing: u32,
    bytes: usize,
}

impl Inbox {
    /// Takes a text message and gives its packet; `None` when attachments are to follow.
    ///
    /// # Errors
    /// Whatever is wrong with it; [`Error::Interrupted`] when an attachment was awaited.
    pub fn text<'a>(&mut self, message: &'a str) -> Result<Option<Packet<'a>>, Error> {
        if self.missing > 0 {
            *self = Self::default();
            return Err(Error::Interrupted);
        }
        let packet = decode(message)?;
        self.missing = packet.attachments;
        if self.missing == 0 {
            return Ok(Some(packet));
        }
        self.held.text = message.into();
        Ok(None)
    }

    /// Takes a binary message and gives the packet it completes, if it does.
    ///
    /// # Errors
    /// [`Error::Unawaited`] and [`Error::TooLarge`].
    pub fn binary(&mut self, message: Vec<u8>) -> Result<Option<Assembled>, Error> {
        self.bytes += message.len();
        let error = if self.missing == 0 {
            Error::Unawaited
        } else if self.bytes > MAX_BYTES {
            Error::TooLarge
        } else {
            self.held.attachments.push(message);
            self.missing -= 1;
            if self.missing > 0 {
                return Ok(None);
            }
            return Ok(Some(std::mem::take(self).held));
        };
        *self = Self::default();
        Err(error)
    }

    /// Whether attachments are awaited.
    #[must_use]
    pub fn awaits(&self) -> bool {
        self.missing > 0
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::super::Body;
    use super::*;

    const TWO: &str =
        r#"52-/jobs,["a",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]"#;

    #[test]
    fn a_packet_without_attachments_is_given_at_once() {
        let mut inbox = Inbox::default();
        let packet = inbox.text(r#"2["a"]"#).unwrap().unwrap();
        assert!(matches!(packet.body, Body::Event { .. }));
        assert!(!inbox.awaits());
    }

    #[test]
    fn a_packet_waits_for_its_attachments() {
        let mut inbox = Inbox::default();
        for _ in 0..2 {
            assert_eq!(inbox.text(TWO), Ok(None));
            assert!(inbox.awaits());
            assert_eq!(inbox.binary(vec![1]), Ok(None));
            let whole = inbox.binary(vec![]).unwrap().unwrap();
            assert_eq!(whole.attachments, [vec![1], vec![]]);
            let packet = whole.packet().unwrap();
            assert_eq!((packet.namespace, packet.attachments), ("/jobs", 2));
            assert!(!inbox.awaits());
        }
    }

    #[test]
    fn a_text_in_between_ends_the_wait() {
        let mut inbox = Inbox::default();
        inbox.text(TWO).unwrap();
        inbox.binary(vec![1]).unwrap();
        assert_eq!(inbox.text(r#"2["a"]"#), Err(Error::Interrupted));
        assert_eq!(inbox.binary(vec![2]), Err(Error::Unawaited));
        assert!(inbox.text(r#"2["a"]"#).unwrap().is_some());
    }

    #[test]
    fn nothing_binary_comes_unasked() {
        let mut inbox = Inbox::default();
        assert_eq!(inbox.binary(vec![1]), Err(Error::Unawaited));
        assert_eq!(inbox.text("51-[]"), Err(Error::WrongData));
        assert_eq!(inbox.binary(vec![1]), Err(Error::Unawaited));
    }

    #[test]
    fn attachments_are_bounded_together() {
        let mut inbox = Inbox::default();
        inbox.text(TWO).unwrap();
        assert_eq!(inbox.binary(vec![0; MAX_BYTES]), Ok(None));
        assert_eq!(inbox.binary(vec![0]), Err(Error::TooLarge));
        assert!(!inbox.awaits());
        inbox.text(TWO).unwrap();
        assert_eq!(inbox.binary(vec![0]), Ok(None));
    }
}
