//! Everything that can happen to the core, as plain data: a list of these with their times replays a session.

use super::time::Time;
use serde::{Deserialize, Serialize};

/// A transport's generation: which link it belongs to, and which of that link's sockets it is. Unique for the life of
/// an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Gen(u64);

impl Gen {
    pub(crate) fn new(link: u32, count: u32) -> Self {
        Self((u64::from(link) << 32) | u64::from(count))
    }

    pub(crate) fn link(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// The number by which a driver keeps its sockets apart.
    #[must_use]
    pub fn id(self) -> u64 {
        self.0
    }
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Input {
    /// The wall clock says so many milliseconds since 1970. Handed in before whatever happened at that time; a jump
    /// against the monotonic clock means that the machine slept.
    Clock {
        /// Milliseconds since 1970.
        wall: u64,
    },
    /// The page asks for something.
    Command(Command),
    /// A socket opened.
    Opened {
        /// Which.
        r#gen: Gen,
    },
    /// Text frames in the order of their arrival, joined by U+001E, one generation a frame.
    Frames {
        /// The joined frames.
        text: String,
        /// Whose frames they are; as many as there are frames.
        gens: Vec<Gen>,
    },
    /// A binary frame that is not UTF-8; one that is comes as text.
    NotUtf8 {
        /// Which socket's.
        r#gen: Gen,
    },
    /// A frame above the limit that the driver did not take in.
    Oversize {
        /// Which socket's.
        r#gen: Gen,
        /// How large: bytes, or UTF-16 units of a text.
        size: u64,
    },
    /// A socket closed, or never opened.
    Closed {
        /// Which.
        r#gen: Gen,
        /// The close code (RFC 6455, 7.4); 1006 when there was none.
        code: u16,
        /// The reason the server gave.
        reason: String,
    },
    /// An HTTP read ended.
    Http {
        /// Which.
        req: u64,
        /// How.
        outcome: HttpOutcome,
    },
    /// The token function answered; the token itself stays with the driver.
    Token {
        /// Which request.
        req: u64,
        /// Why there is none, when there is none.
        error: Option<String>,
    },
    /// The deadline came.
    Timer,
    /// The next frame: hand over what waits for it.
    Take,
}

/// How an HTTP read ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum HttpOutcome {
    /// The server answered.
    Answer {
        /// The status code.
        status: u16,
        /// Its `ETag`.
        etag: Option<String>,
        /// Its `Retry-After`, in milliseconds from now.
        retry_after: Option<u64>,
        /// The body.
        body: String,
    },
    /// It could not be reached.
    Failed,
}

/// What the page asks for. See docs/core-messages.md.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)] // each is a row of docs/core-messages.md
pub enum Command {
    Connect {
        rid: u32,
    },
    Disconnect,
    Shutdown,
    Follow {
        id: String,
    },
    Unfollow {
        id: String,
    },
    Retry {
        id: String,
    },
    Refresh {
        rid: u32,
        id: String,
    },
    Listen {
        event: String,
        delta: i32,
    },
    WatchAll(bool),
    Send {
        rid: u32,
        event: String,
        data: Option<String>,
        volatile: bool,
        supersede: Option<String>,
        max_age: Option<u64>,
    },
    Wake(Wake),
    Suspend,
}

/// Why the page thinks that it was away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)] // the names of the events are the documentation
pub enum Wake {
    Visible,
    Pageshow,
    Resume,
    Online,
    Focus,
    /// The clocks went apart: the machine slept.
    Clock,
}

/// An input and when it happened: one line of a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// When.
    pub at: Time,
    /// What.
    pub input: Input,
}
