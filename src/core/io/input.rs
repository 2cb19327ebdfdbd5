//! Everything that can happen to the core, as plain data: a list of these with their times replays a session.

use crate::core::time::Time;
use serde::{Deserialize, Serialize};

/// A transport's generation: which link it belongs to, and which of that link's sockets it is. Unique for the life of
/// an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Gen(u64);

impl Gen {
    /// No transport's.
    pub(crate) const NONE: Self = Self(u64::MAX);

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

/// How long a text frame may be, in UTF-16 units, or a binary one of `stream`, in bytes: no event of a job is that large,
/// and it would have to be copied.
pub const LARGEST: u32 = 4 << 20;

/// How large the answer to a read of a job may be, bytes.
pub const LARGEST_READ: u64 = 4 << 20;

/// How large the answer to a GET of Engine.IO may be, bytes: several messages, each as large as a frame may be.
pub const LARGEST_POLL: u64 = 16 << 20;

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
    /// A binary frame of a Socket.IO session. Its bytes stay with the driver, under a number that no other attachment
    /// has.
    Binary {
        /// Which socket's.
        r#gen: Gen,
        /// Its number.
        id: u32,
        /// Its bytes.
        size: u64,
    },
    /// The page hands over an attachment of the message that it sends next. Its bytes stay with the driver.
    Attached {
        /// Its number.
        id: u32,
        /// Its bytes.
        size: u64,
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
    /// An HTTP request ended.
    Http {
        /// Which.
        req: u32,
        /// How.
        outcome: HttpOutcome,
    },
    /// How much a socket has taken in and not sent: the answer to an [`Output::Measure`](crate::core::Output::Measure).
    Buffered {
        /// Which socket.
        r#gen: Gen,
        /// Bytes.
        bytes: u64,
    },
    /// The token function answered; the token itself stays with the driver.
    Token {
        /// Which request.
        req: u32,
        /// Why there is none, when there is none.
        error: Option<String>,
    },
    /// The deadline came.
    Timer,
    /// The next frame: hand over what waits for it.
    Take {
        /// The page is told after that frame: it is not where the core is.
        late: bool,
    },
}

/// How an HTTP read ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpOutcome {
    /// The status code; 0: the server could not be reached.
    pub status: u16,
    /// Its `ETag`.
    pub etag: Option<String>,
    /// Its `Retry-After`, in milliseconds from now.
    pub retry_after: Option<u64>,
    /// The body; empty where the answer was not taken in.
    pub body: String,
    /// Why the answer was not taken in, if it was not.
    #[serde(default)]
    pub refused: Option<HttpRefusal>,
}

/// Why the driver did not take in the answer to an HTTP request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum HttpRefusal {
    /// It sends the client elsewhere: there the token and the page's headers have no business, and what somebody else
    /// answers is not the server's word.
    Redirect,
    /// It is larger than [`LARGEST_READ`] or [`LARGEST_POLL`].
    TooLarge,
}

/// What the page can ask for. The order is that of docs/core-messages.md, which says what each means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)] // the rows of docs/core-messages.md
pub enum Ask {
    Follow,
    Unfollow,
    Listen,
    WatchAll,
    Connect,
    Disconnect,
    Shutdown,
    Retry,
    Refresh,
    Send,
    SendVolatile,
    Wake,
    Suspend,
    Channel,
    Request,
    Reply,
    WatchEntities,
}

/// Something the page asks for, with whatever arguments it has. One shape for all of them: a shape for each would
/// cost more than the fields that most leave empty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// What.
    pub what: Ask,
    /// The number of the answer, or the one argument that is a number.
    pub n: f64,
    /// The job's id, or the event's name.
    pub text: String,
    /// How long it may wait, ms; below 0, or no number, for the default.
    pub max_age: f64,
    /// What is sent, as JSON.
    pub data: Option<String>,
    /// The key by which a queued message is replaced.
    pub supersede: Option<String>,
}

impl Command {
    /// One that needs no more than this.
    #[must_use]
    pub fn new(what: Ask, n: f64, text: &str) -> Self {
        Self {
            what,
            n,
            text: text.into(),
            max_age: -1.0,
            data: None,
            supersede: None,
        }
    }
}

/// An input and when it happened: one line of a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// When.
    pub at: Time,
    /// What.
    pub input: Input,
}
