//! One namespace of Socket.IO as a channel on the session: where the client stands with it (Socket.IO 5, "Connection to a
//! namespace").

use crate::core::deliver::status::Status;
use crate::core::io::error::Problem;
use crate::core::json::{Scanner, Value};
use crate::core::protocol::socketio::offset::UNKNOWN;
use crate::core::text::find;
use crate::core::time::Time;

/// Where the client stands with a namespace.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Standing {
    /// Not in it: there is no session, or nobody wants it.
    Out,
    /// Waits for a token.
    Token,
    /// CONNECT is sent.
    Joining,
    /// In it.
    Joined,
    /// Refused for now: waits for its back-off to end.
    Waiting(Problem),
    /// Not let in, or put out, until somebody asks for it anew.
    Refused(Problem),
}

/// One namespace.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) name: String,
    /// Somebody wants it.
    pub(crate) on: bool,
    pub(crate) standing: Standing,
    /// When its next step comes: the end of joining, of a back-off, or of the grace after the last user left.
    pub(crate) at: Time,
    /// It was left, and may not be joined again before this: servers see to joining before they see to leaving.
    pub(crate) apart: Time,
    /// Since when the client is in it, or since when it asks to be.
    pub(crate) since: Time,
    /// Failures in a row.
    pub(crate) failures: u32,
    /// Tokens refused in a row.
    pub(crate) denials: u32,
    /// The request whose token it was asked for with.
    pub(crate) auth: u32,
    /// What the server said when it refused: for people, and as JSON.
    pub(crate) said: String,
    pub(crate) data: String,
    /// By which the session is recovered; empty where the server does not do that.
    pub(crate) pid: String,
    /// The last event's place in the server's memory.
    pub(crate) offset: String,
    /// CONNECTs that the server has not taken yet.
    pub(crate) asked: u32,
    /// Whether the present CONNECT asks for recovery.
    pub(crate) recovers: bool,
    /// How far the server's clock, as its offsets tell it, is from our two, ms; NaN while that is not known.
    pub(crate) skews: [f64; 2],
    /// Counts the times that namespaces were asked for: the last one of this.
    pub(crate) joining: u32,
    /// What was told last.
    pub(crate) told: Status,
}

impl Channel {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            on: true,
            standing: Standing::Out,
            at: Time::NEVER,
            apart: Time(0),
            since: Time(0),
            failures: 0,
            denials: 0,
            auth: 0,
            said: String::new(),
            data: String::new(),
            pid: String::new(),
            offset: String::new(),
            asked: 0,
            recovers: false,
            skews: UNKNOWN,
            joining: 0,
            told: Status::default(),
        }
    }

    pub(crate) fn at(&self) -> Time {
        self.at
    }

    /// The request whose token has been good for so long (ms) by now; 0: none's. Servers may let in, then refuse.
    pub(crate) fn proves(&self, now: Time, proof: u64) -> u32 {
        if self.standing == Standing::Joined && now.since(self.since) >= proof {
            self.auth
        } else {
            0
        }
    }

    /// The client is not in it any more. When it was for long enough (ms), the count begins anew.
    pub(crate) fn has_ended(&mut self, now: Time, proof: u64) {
        if self.standing == Standing::Joined && now.since(self.since) >= proof {
            self.begin_anew();
        }
    }

    pub(crate) fn begin_anew(&mut self) {
        self.failures = 0;
        self.denials = 0;
    }

    pub(crate) fn is_joined(&self) -> bool {
        self.standing == Standing::Joined
    }

    /// Which time the client is in it, or about to be.
    pub(crate) fn joining(&self) -> Option<u32> {
        let is_in = matches!(self.standing, Standing::Joining | Standing::Joined);
        is_in.then_some(self.joining)
    }

    /// Whether the server marks its events with offsets.
    pub(crate) fn is_recoverable(&self) -> bool {
        !self.pid.is_empty()
    }

    /// Why nothing comes of it, when that is for good.
    pub(crate) fn refusal(&self) -> Option<Problem> {
        match self.standing {
            Standing::Refused(problem) => Some(problem),
            _ => None,
        }
    }
}

/// Whether what a server says is about who asks.
pub(crate) fn is_about_auth(said: &str) -> bool {
    let said = said.to_ascii_lowercase();
    [
        "auth",
        "forbidden",
        "token",
        "jwt",
        "credential",
        "permission",
        "access denied",
        "401",
        "403",
    ]
    .iter()
    .any(|word| find(&said, word).is_some())
}

/// Whether a refusal says of itself that it may pass: `{"retryable":true}` in its data.
pub(crate) fn may_pass(data: &str) -> bool {
    let mut scanner = Scanner::new(data);
    let mut first = scanner.eat(b'{');
    if !first {
        return false;
    }
    while let Ok(Some((name, value))) = scanner.member(&mut first) {
        if name.raw == "retryable" {
            return value == Value::Bool(true);
        }
    }
    false
}
