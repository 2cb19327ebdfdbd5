//! What can go wrong, in the words of the public contract: a code, a sentence, whether trying again may help, and what
//! to do about it. No text here ever holds a token: the core is never given one.

use super::json::Object;
use std::borrow::Cow;

/// The `code` of a `JobsError`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// An option or a call that cannot work.
    Config,
    /// The server refused the token, or there is none.
    Auth,
    /// The server could not be reached.
    Network,
    /// No answer in time.
    Timeout,
    /// The server answers HTTP, but no WebSocket was opened.
    Handshake,
    /// The server broke the protocol.
    Protocol,
    /// A value that does not fit its type.
    Validation,
    /// The outgoing queue is full.
    QueueFull,
    /// More sends than the rate limit allows.
    RateLimited,
    /// The client was closed.
    Closed,
}

impl Code {
    /// The code as JavaScript sees it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Auth => "auth",
            Self::Network => "network",
            Self::Timeout => "timeout",
            Self::Handshake => "handshake",
            Self::Protocol => "protocol",
            Self::Validation => "validation",
            Self::QueueFull => "queue-full",
            Self::RateLimited => "rate-limited",
            Self::Closed => "closed",
        }
    }
}

/// An error on its way to JavaScript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What kind.
    pub code: Code,
    /// What happened, for a person.
    pub message: Cow<'static, str>,
    /// Whether the same may work later without a change.
    pub retryable: bool,
    /// What to do about it.
    pub remedy: &'static str,
}

impl Problem {
    /// Puts one together from texts that are known beforehand.
    #[must_use]
    pub const fn new(
        code: Code,
        retryable: bool,
        message: &'static str,
        remedy: &'static str,
    ) -> Self {
        Self {
            code,
            message: Cow::Borrowed(message),
            retryable,
            remedy,
        }
    }

    /// The same with a message of its own.
    #[must_use]
    pub fn saying(self, message: String) -> Self {
        Self {
            message: Cow::Owned(message),
            ..self
        }
    }

    /// The client was closed by its owner.
    #[must_use]
    pub fn closed() -> Self {
        Self::new(
            Code::Closed,
            false,
            "The client was closed.",
            "Make a new JobsClient.",
        )
    }

    /// Appends the error record of docs/core-messages.md.
    pub fn write(&self, out: &mut String) {
        let mut object = Object::new(out);
        object
            .string("code", self.code.as_str())
            .string("message", &self.message);
        object
            .bool("retryable", self.retryable)
            .string("remedy", self.remedy);
        object.end();
    }
}
