//! The status of the connection, or of a namespace, as the page gets it.

use crate::core::io::error::Problem;

/// What the connection as a whole is doing; the order is that of docs/core-messages.md.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overall {
    /// Nothing was asked for.
    #[default]
    Idle,
    /// A handshake is under way.
    Connecting,
    /// A socket is open.
    Open,
    /// A back-off is under way.
    Waiting,
    /// Reads serve in the place of sockets.
    Polling,
    /// The page is in the back/forward cache.
    Suspended,
    /// Nothing more will be tried.
    Failed,
    /// Final.
    Closed,
}

/// What was told last.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Status {
    pub(crate) state: Overall,
    pub(crate) attempt: u32,
    /// Epoch ms; 0: no retry is planned.
    pub(crate) next_retry_at: u64,
    pub(crate) ever_connected: bool,
    pub(crate) error: Option<Problem>,
    /// HTTP polling carries an open session.
    pub(crate) polling: bool,
}
