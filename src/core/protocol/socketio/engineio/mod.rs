//! The Engine.IO protocol, revision 4: the packets that carry Socket.IO over WebSocket or HTTP long-polling.
//!
//! Text in, packets out, and back. It never opens, times or retries anything, and never looks into a message. A server
//! that speaks revision 3 is told apart ([`Error::Revision3`]), not spoken to.
//!
//! Over WebSocket a text frame is one packet ([`decode`]) and a binary frame is a message as it stands. Over polling a
//! body holds several packets ([`Payload`], [`Batch`]), binary ones as Base64.

mod base64;
mod handshake;
mod packet;
mod payload;

pub use base64::{decode as from_base64, push as push_base64};
pub use handshake::Handshake;
pub use packet::{Packet, decode, encode};
pub use payload::{Batch, MAX_PACKETS, Payload, base64_length};

/// Why a text is not a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// An empty frame, or an empty packet in a payload.
    Empty,
    /// No type of packet is written so.
    UnknownType,
    /// A packet of a type that holds nothing, or only `probe`, holds something else.
    UnexpectedData,
    /// The text behind `b` is not Base64.
    Base64,
    /// The handshake is not a JSON object with the fields it needs.
    Handshake,
    /// The server speaks revision 3 of the protocol (Socket.IO 2 and older).
    Revision3,
}
