//! The protocols, one folder each: bytes in, messages out, and back. This file alone knows which of them a build has.

pub(crate) mod broadcast;
pub(crate) mod frame;
pub(crate) mod kind;
pub(crate) mod message;
pub mod socketio;
pub(crate) mod stream;

use serde::{Deserialize, Serialize};

/// What is spoken with the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Protocol {
    /// Flat messages about one job each (SYSTEMS.md, D and E).
    #[default]
    Stream,
    /// One socket for what happens to every job, track and playlist (SYSTEMS.md, A and C).
    Broadcast,
    /// Socket.IO (SYSTEMS.md, B).
    SocketIo,
}

/// Whether this build has a protocol. A page needs one of them, and downloads the build that has it.
pub(crate) const STREAM: bool = cfg!(feature = "stream");
pub(crate) const BROADCAST: bool = cfg!(feature = "broadcast");
pub(crate) const SOCKETIO: bool = cfg!(feature = "socketio");
/// Whether it has one whose frames are JSON, without a session around them.
pub(crate) const PLAIN: bool = STREAM || BROADCAST;

// Where a build has one protocol alone, the compiler knows the answers.
impl Protocol {
    #[inline(always)]
    pub(crate) fn is_socketio(self) -> bool {
        SOCKETIO && (!PLAIN || self == Self::SocketIo)
    }

    #[inline(always)]
    pub(crate) fn is_broadcast(self) -> bool {
        BROADCAST && (!(STREAM || SOCKETIO) || self == Self::Broadcast)
    }

    #[inline(always)]
    pub(crate) fn is_stream(self) -> bool {
        !self.is_socketio() && !self.is_broadcast()
    }
}

// State that only some builds have. A build without a protocol keeps nothing of it: what would use it is never reached,
// and the compiler leaves it out.

macro_rules! part {
    ($name:ident, $feature:tt) => {
        /// The state itself, where the build has it.
        #[cfg(feature = $feature)]
        pub(crate) type $name<T> = T;

        /// Nothing, where it has not.
        #[cfg(not(feature = $feature))]
        #[derive(Clone, Debug)]
        pub(crate) struct $name<T>(std::marker::PhantomData<T>);

        #[cfg(not(feature = $feature))]
        impl<T> Default for $name<T> {
            fn default() -> Self {
                Self(std::marker::PhantomData)
            }
        }

        #[cfg(not(feature = $feature))]
        #[allow(clippy::empty_loop)] // never reached, and nothing that could be compiled to a panic
        impl<T> std::ops::Deref for $name<T> {
            type Target = T;

            fn deref(&self) -> &T {
                loop {}
            }
        }

        #[cfg(not(feature = $feature))]
        #[allow(clippy::empty_loop)] // as above
        impl<T> std::ops::DerefMut for $name<T> {
            fn deref_mut(&mut self) -> &mut T {
                loop {}
            }
        }
    };
}

part!(Part, "socketio");
part!(BroadcastPart, "broadcast");
