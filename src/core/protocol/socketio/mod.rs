//! The Socket.IO protocol, revision 5: what goes over an Engine.IO session as its messages.
//!
//! Text in, packets out, and back; [`Inbox`] joins a packet with its binary attachments. JSON stays text, checked once
//! and cut out, never a tree. Nothing here knows which namespaces were asked for, counts acknowledgements, or waits:
//! it says what a message means and what is wrong with it. A server that speaks an older revision is told apart
//! ([`Error::OldServer`]), not spoken to.

mod answers;
mod args;
pub(crate) mod attachment;
pub(crate) mod channel;
pub mod engineio;
mod inbox;
pub(crate) mod offset;
mod packet;
mod placeholders;
pub(crate) mod transport;
mod write;

pub use answers::{Refusal, Session};
pub use inbox::{Assembled, Inbox, MAX_BYTES};
pub use packet::{Body, Packet, decode};
pub use placeholders::MAX_ATTACHMENTS;
pub use write::{encode, is_namespace};

/// Names of events that mean something to clients and servers themselves.
const RESERVED: [&str; 6] = [
    "connect",
    "connect_error",
    "disconnect",
    "disconnecting",
    "newListener",
    "removeListener",
];

fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

/// What is wrong with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// No type of packet is written so.
    UnknownType,
    /// The number of attachments is missing, 0, or above [`MAX_ATTACHMENTS`].
    Attachments,
    /// The namespace cannot be written.
    Namespace,
    /// The id of an acknowledgement is missing, or above 64 bits.
    AckId,
    /// The data is not JSON, or something follows it.
    NotJson,
    /// The data is nested too deep.
    TooDeep,
    /// The data is not what a packet of this type holds.
    WrongData,
    /// An event has a name that is not its to use.
    ReservedName,
    /// A placeholder is malformed or out of range, or an attachment has none.
    Placeholder,
    /// A text came where an attachment was awaited.
    Interrupted,
    /// A binary message came where none was awaited.
    Unawaited,
    /// Attachments of more than [`MAX_BYTES`].
    TooLarge,
    /// A CONNECT without a session id: the server speaks the revision of Socket.IO 2.
    OldServer,
}

impl Error {
    /// For people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::UnknownType => "no type of packet",
            Self::Attachments => "a wrong number of attachments",
            Self::Namespace => "a namespace that cannot be written",
            Self::AckId => "a wrong id of an acknowledgement",
            Self::NotJson => "not JSON",
            Self::TooDeep => "nested too deep",
            Self::WrongData => "data that does not belong to its type",
            Self::ReservedName => "a reserved event name",
            Self::Placeholder => "a wrong placeholder",
            Self::Interrupted => "a text where an attachment was awaited",
            Self::Unawaited => "an attachment that nothing asked for",
            Self::TooLarge => "attachments above the limit",
            Self::OldServer => "an older revision of the protocol",
        }
    }
}

impl From<crate::core::json::Error> for Error {
    fn from(error: crate::core::json::Error) -> Self {
        match error {
            crate::core::json::Error::Syntax => Self::NotJson,
            crate::core::json::Error::TooDeep => Self::TooDeep,
        }
    }
}
