//! Where a job stands, where that is known from, and what a message changed of it.

use serde::{Deserialize, Serialize};

/// Where a job stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Nothing was heard of it yet.
    #[default]
    Unknown,
    /// Accepted, not begun.
    Queued,
    /// Under way.
    Running,
    /// Ended well.
    Completed,
    /// Ended badly.
    Failed,
    /// Ended on request.
    Cancelled,
}

impl Status {
    /// The state that a word of the five systems means, in any case; unknown when it means none.
    #[must_use]
    pub fn of_word(word: &str) -> Self {
        const WORDS: [(Status, &str); 5] = [
            (Status::Queued, "queued pending created waiting scheduled"),
            (
                Status::Running,
                "running processing started active in_progress progress",
            ),
            (
                Status::Completed,
                "completed complete succeeded success finished processed done",
            ),
            (Status::Failed, "failed failure error errored"),
            (Status::Cancelled, "cancelled canceled aborted"),
        ];
        let means = |words: &str| {
            words
                .as_bytes()
                .split(|byte| *byte == b' ')
                .any(|known| known.eq_ignore_ascii_case(word.as_bytes()))
        };
        for (status, words) in &WORDS {
            if means(words) {
                return *status;
            }
        }
        Self::Unknown
    }

    /// Whether nothing more is to come within the attempt.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    /// The word JavaScript sees.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Where the last news came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// A WebSocket.
    #[default]
    Socket,
    /// An HTTP read.
    Polling,
}

impl Source {
    /// The word JavaScript sees.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Socket => "socket",
            Self::Polling => "polling",
        }
    }
}

/// What became of a piece of news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// The job changed.
    Changed,
    /// The job changed and has ended: to be told at once.
    Ended,
    /// It said what was known.
    Same,
    /// It was older than what was known.
    Late,
    /// The job had ended already.
    AfterEnd,
}
