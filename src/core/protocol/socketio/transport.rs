//! The state of the Engine.IO session that carries Socket.IO, and what is remembered from one session to the next.

use crate::core::io::error::Problem;
use crate::core::io::input::Gen;
use crate::core::protocol::socketio::Inbox;
use crate::core::protocol::socketio::attachment::Attachment;
use crate::core::protocol::socketio::engineio::{Batch, base64_length};
use crate::core::time::Time;

/// Requests of a session have numbers from here on, reads of jobs those below.
pub(crate) const REQUESTS: u32 = 1 << 31;
/// The same of attachments: below are the driver's own.
pub(crate) const KEPT: u32 = 1 << 31;

/// How long a server may take to answer CONNECT over polling at first, ms; three times as long after each session in which nothing came of it. Browsers send
/// a GET again whose connection broke. What the server had answered to it is lost, and the session lives on without a
/// sign: socket.io-client has no limit here, and waits until the server ends the session. A server that is slow to let
/// in looks the same. It has more time with each attempt, and keeps that until it is quick: no session is begun in vain
/// again. Longer than the first pause before a probe, since an answer may come by WebSocket.
pub(crate) const PATIENCE: u64 = 6000;

/// What waits for the next POST. Each is a packet of its own.
#[derive(Debug)]
pub(crate) enum Outgoing {
    Text {
        text: String,
        /// The request whose token goes into it; 0: none.
        auth: u32,
    },
    Binary(Attachment),
}

impl Outgoing {
    /// The request whose token goes into it; 0: none.
    pub(crate) fn auth(&self) -> u32 {
        match self {
            Self::Text { auth, .. } => *auth,
            Self::Binary(_) => 0,
        }
    }

    /// Puts it into a body, where that has room for it.
    pub(crate) fn push_to(&self, batch: &mut Batch, max_payload: u32) -> bool {
        match self {
            Self::Text { text, .. } => batch.push(text, &[], max_payload),
            Self::Binary(attachment) => batch.push("", &[attachment.size], max_payload),
        }
    }
}

/// How long browsers say a text is: bytes that continue a character do not count, one that begins a surrogate pair does
/// twice.
pub(crate) fn utf16_units(text: &str) -> u32 {
    let units = |byte: u8| u32::from(byte as i8 >= -64) + u32::from(byte >= 0xf0);
    text.bytes().map(units).sum()
}

/// One session, and what is remembered from one to the next.
#[derive(Debug)]
pub(crate) struct Transport {
    /// Counts sessions.
    pub(crate) session: u32,
    /// The session's, as it goes into addresses; empty before the handshake.
    pub(crate) sid: String,
    pub(crate) polling: bool,
    /// The second of the two ways is taken: it is what worked last.
    pub(crate) second: bool,
    /// The other way has failed in this attempt already.
    pub(crate) tried: bool,
    pub(crate) interval: u64,
    pub(crate) timeout: u64,
    pub(crate) max_payload: u32,
    pub(crate) upgrades: bool,
    pub(crate) requests: u32,
    /// Requests under way; 0: none.
    pub(crate) get: u32,
    pub(crate) post: u32,
    /// When the next GET goes, where it does not go at once.
    pub(crate) get_at: Time,
    /// GETs in a row that brought nothing.
    pub(crate) empty: u32,
    pub(crate) post_until: Time,
    /// How long the answer to CONNECT is waited for by polling, ms.
    pub(crate) patience: u64,
    pub(crate) out: Vec<Outgoing>,
    pub(crate) inbox: Inbox<Attachment>,
    pub(crate) kept: u32,
    /// The WebSocket to which the session may go over.
    pub(crate) probe: Gen,
    /// The server has answered on it: what is under way is awaited.
    pub(crate) probed: bool,
    pub(crate) probe_until: Time,
    pub(crate) next_probe: Time,
    pub(crate) failed_probes: u32,
    /// What the last attempt failed with.
    pub(crate) problem: Option<Problem>,
    pub(crate) detail: String,
}

impl Default for Transport {
    fn default() -> Self {
        Self {
            session: 0,
            sid: String::new(),
            polling: false,
            second: false,
            tried: false,
            interval: 0,
            timeout: 0,
            max_payload: 0,
            upgrades: false,
            requests: REQUESTS,
            get: 0,
            post: 0,
            get_at: Time::NEVER,
            empty: 0,
            post_until: Time::NEVER,
            patience: PATIENCE,
            out: Vec::new(),
            inbox: Inbox::default(),
            kept: KEPT,
            probe: Gen::NONE,
            probed: false,
            probe_until: Time::NEVER,
            next_probe: Time::NEVER,
            failed_probes: 0,
            problem: None,
            detail: String::new(),
        }
    }
}

impl Transport {
    /// Whether HTTP polling carries the session.
    pub(crate) fn polls(&self) -> bool {
        self.polling
    }

    /// Whether a message would leave at once by polling, behind what leaves already.
    pub(crate) fn has_room(&self, text: &str) -> bool {
        let mut batch = Batch::default();
        let goes = |outgoing: &Outgoing| {
            outgoing.auth() == 0 && outgoing.push_to(&mut batch, self.max_payload)
        };
        self.post == 0
            && !self.probed
            && self.out.iter().all(goes)
            && batch.push(text, &[], self.max_payload)
    }

    /// Whether the server takes a message; what it does not say it takes.
    pub(crate) fn takes(&self, text: &str, attachments: &[Attachment]) -> bool {
        let most = u64::from(self.max_payload);
        let size = |bytes: u64| {
            if self.polling {
                base64_length(bytes) + 1
            } else {
                bytes
            }
        };
        most == 0
            || text.len() as u64 <= most
                && attachments
                    .iter()
                    .all(|attachment| size(attachment.size) <= most)
    }
}
