//! What is under way: WebSockets and requests over HTTP.

use crate::simulator::Link;
use jobwire::core::Gen;

/// A WebSocket.
pub struct Wire {
    pub link: Link,
    /// The session it is for, if there is one already.
    pub sid: Option<String>,
    /// The token in its address.
    pub token: Option<u32>,
    /// The driver was told that it is closed, or will be.
    pub reported: bool,
}

impl Wire {
    pub fn new(r#gen: Gen, host: usize, sid: Option<String>, token: Option<u32>) -> Self {
        Self {
            link: Link::new(r#gen, host),
            sid,
            token,
            reported: false,
        }
    }
}

/// What a request over HTTP is for.
#[derive(Clone, Debug)]
pub enum Errand {
    Session {
        sid: Option<String>,
        body: Option<String>,
    },
    Job(String),
}

/// A request over HTTP.
pub struct Flight {
    pub host: usize,
    pub errand: Errand,
    pub token: Option<u32>,
    pub etag: Option<String>,
    /// The server has it.
    pub arrived: bool,
    /// No answer comes, and nobody is told.
    pub dead: bool,
    /// The client has given it up.
    pub aborted: bool,
}
