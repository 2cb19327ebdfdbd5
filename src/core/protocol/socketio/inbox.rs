//! What arrives in a session: packets, and the attachments of those that have any.

use crate::core::protocol::socketio::{Error, Packet, decode};

/// Most bytes of attachments that are held for one packet.
pub const MAX_BYTES: u64 = 64 << 20;

/// A packet and all its attachments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assembled<A> {
    text: String,
    /// In the order of their numbers.
    pub attachments: Vec<A>,
}

impl<A> Assembled<A> {
    /// The packet.
    ///
    /// # Errors
    /// None: its text has been read before.
    pub fn packet(&self) -> Result<Packet<'_>, Error> {
        decode(&self.text)
    }
}

/// Joins packets with the binary messages that follow them. A new session starts with a new one. What stands for a
/// binary message is its owner's choice: its bytes, or a number under which they are kept.
///
/// Holds at most one packet, [`MAX_ATTACHMENTS`](crate::core::protocol::socketio::MAX_ATTACHMENTS) and [`MAX_BYTES`]. After an error it awaits
/// nothing, and [`Inbox::abandon`] gives back what was held; attachments of what was refused may still follow.
#[derive(Debug)]
pub struct Inbox<A> {
    held: Assembled<A>,
    /// Attachments that have not come.
    missing: u32,
    bytes: u64,
}

impl<A> Default for Inbox<A> {
    fn default() -> Self {
        Self {
            held: Assembled {
                text: String::new(),
                attachments: Vec::new(),
            },
            missing: 0,
            bytes: 0,
        }
    }
}

impl<A> Inbox<A> {
    /// Takes a text message and gives its packet; `None` when attachments are to follow.
    ///
    /// # Errors
    /// Whatever is wrong with it; [`Error::Interrupted`] when an attachment was awaited: the text was not looked at.
    pub fn text<'a>(&mut self, message: &'a str) -> Result<Option<Packet<'a>>, Error> {
        if std::mem::take(&mut self.missing) > 0 {
            return Err(Error::Interrupted);
        }
        let packet = decode(message)?;
        self.missing = packet.attachments;
        if self.missing == 0 {
            return Ok(Some(packet));
        }
        *self = Self {
            missing: self.missing,
            ..Self::default()
        };
        self.held.text = message.into();
        Ok(None)
    }

    /// Takes a binary message of so many bytes and gives the packet it completes, if it does.
    ///
    /// # Errors
    /// [`Error::Unawaited`] and [`Error::TooLarge`].
    pub fn binary(&mut self, message: A, size: u64) -> Result<Option<Assembled<A>>, Error> {
        let awaited = self.missing > 0;
        self.held.attachments.push(message);
        self.bytes = self.bytes.saturating_add(size);
        if !awaited {
            return Err(Error::Unawaited);
        }
        if self.bytes > MAX_BYTES {
            self.missing = 0;
            return Err(Error::TooLarge);
        }
        self.missing -= 1;
        if self.missing > 0 {
            return Ok(None);
        }
        Ok(Some(std::mem::take(self).held))
    }

    /// Whether attachments are awaited.
    #[must_use]
    pub fn awaits(&self) -> bool {
        self.missing > 0
    }

    /// Awaits nothing any more, and gives back the attachments that were held.
    pub fn abandon(&mut self) -> Vec<A> {
        std::mem::take(self).held.attachments
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::core::protocol::socketio::Body;

    const TWO: &str =
        r#"52-/jobs,["a",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]"#;

    #[test]
    fn a_packet_without_attachments_is_given_at_once() {
        let mut inbox = Inbox::<u8>::default();
        let packet = inbox.text(r#"2["a"]"#).unwrap().unwrap();
        assert!(matches!(packet.body, Body::Event { .. }));
        assert!(!inbox.awaits());
    }

    #[test]
    fn a_packet_waits_for_its_attachments() {
        let mut inbox = Inbox::<u8>::default();
        for _ in 0..2 {
            assert_eq!(inbox.text(TWO), Ok(None));
            assert!(inbox.awaits());
            assert_eq!(inbox.binary(1, 1), Ok(None));
            let whole = inbox.binary(2, 0).unwrap().unwrap();
            assert_eq!(whole.attachments, [1, 2]);
            let packet = whole.packet().unwrap();
            assert_eq!((packet.namespace, packet.attachments), ("/jobs", 2));
            assert!(!inbox.awaits());
        }
    }

    #[test]
    fn a_text_in_between_ends_the_wait() {
        let mut inbox = Inbox::<u8>::default();
        inbox.text(TWO).unwrap();
        inbox.binary(1, 1).unwrap();
        assert_eq!(inbox.text(r#"2["a"]"#), Err(Error::Interrupted));
        assert_eq!(inbox.abandon(), [1]);
        assert_eq!(inbox.binary(2, 1), Err(Error::Unawaited));
        assert_eq!(inbox.abandon(), [2]);
        assert!(inbox.text(r#"2["a"]"#).unwrap().is_some());
    }

    #[test]
    fn nothing_binary_comes_unasked() {
        let mut inbox = Inbox::<u8>::default();
        assert_eq!(inbox.binary(1, 1), Err(Error::Unawaited));
        assert_eq!(inbox.text("51-[]"), Err(Error::WrongData));
        assert_eq!(inbox.binary(1, 1), Err(Error::Unawaited));
    }

    #[test]
    fn attachments_are_bounded_together() {
        let mut inbox = Inbox::<u8>::default();
        inbox.text(TWO).unwrap();
        assert_eq!(inbox.binary(1, MAX_BYTES), Ok(None));
        assert_eq!(inbox.binary(0, 1), Err(Error::TooLarge));
        assert!(!inbox.awaits());
        inbox.text(TWO).unwrap();
        assert_eq!(inbox.binary(0, 1), Ok(None));
    }
}
