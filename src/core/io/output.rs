//! Everything the core can ask of its driver, as plain data.

use crate::core::io::input::Gen;
use serde::Serialize;

/// Where the driver fills in what the core does not have: a control character that JSON text cannot hold.
pub const FILL: char = '\u{1a}';

/// One thing to do, in order.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Output {
    /// Open a WebSocket. With `auth`, the token that answered that request goes where `tokenIn` says.
    Open {
        /// The generation it gets.
        r#gen: Gen,
        /// Where to; without the token.
        url: String,
        /// The request whose token is to be used; 0: none.
        auth: u32,
    },
    /// Close a socket with code 1000 and forget it: nothing of it is wanted any more.
    Close {
        /// Which.
        r#gen: Gen,
        /// For the server's log.
        reason: &'static str,
    },
    /// Send a text frame.
    Send {
        /// On which socket.
        r#gen: Gen,
        /// The frame.
        text: String,
    },
    /// Send a text frame in which a token belongs.
    SendToken {
        /// On which socket.
        r#gen: Gen,
        /// The frame; [`FILL`] stands for the token as a JSON string.
        text: String,
        /// The request whose token it is.
        auth: u32,
    },
    /// Send an attachment as a binary frame and forget it.
    SendBinary {
        /// On which socket.
        r#gen: Gen,
        /// Which attachment.
        id: u32,
    },
    /// A request of Engine.IO: GET without a body, else POST. The answer is an [`Input::Http`](crate::core::Input::Http).
    Poll {
        /// The number its answer carries.
        req: u32,
        /// Where to; without the token.
        url: String,
        /// The request whose token is to be used, in the address or in the body; 0: none.
        auth: u32,
        /// Each [`FILL`] behind a `b` stands for the next attachment in Base64, any other for the token as a JSON string.
        body: Option<String>,
        /// The attachments that go into the body, and are forgotten.
        attachments: Vec<u32>,
        /// It tells the server that the client leaves, and should reach it even when the page is closed.
        is_last: bool,
    },
    /// Keep bytes as an attachment.
    Keep {
        /// Its number.
        id: u32,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Hand an attachment over to the page and forget it; a record that tells where it belongs follows.
    Hand {
        /// Which.
        id: u32,
    },
    /// Forget an attachment.
    Forget {
        /// Which.
        id: u32,
    },
    /// Read a URL over HTTP GET.
    Fetch {
        /// The number its answer carries.
        req: u32,
        /// What to read; without the token.
        url: String,
        /// For `If-None-Match`.
        etag: Option<String>,
        /// The request whose token is to be used; 0: none.
        auth: u32,
    },
    /// Ask over HTTP whether a server is there: whatever it answers, with or without permission to read it.
    Probe {
        /// The number its answer carries; any status but 0 means yes.
        req: u32,
        /// What to ask for.
        url: String,
    },
    /// Stop that read or probe.
    Abort {
        /// Which.
        req: u32,
    },
    /// Ask for a token; the answer is an `Input::Token`.
    NeedToken {
        /// The number its answer carries.
        req: u32,
        /// Why.
        reason: TokenReason,
    },
    /// Forget the tokens of these requests: nothing uses them any more. What the driver tells the page is still to be
    /// cleaned of them.
    ForgetTokens {
        /// The last of the requests; those before it are meant as well.
        until: u32,
    },
    /// Say how much a socket has taken in and not sent; the answer is an `Input::Buffered`.
    Measure {
        /// Which socket.
        r#gen: Gen,
    },
    /// Something waits for the next frame.
    Dirty,
    /// Records for the facade (docs/core-messages.md): JSON, joined by commas.
    Batch(String),
}

/// Why a token is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum TokenReason {
    /// A connection is about to be made.
    Connect,
    /// The server refused the last one.
    Refresh,
}
