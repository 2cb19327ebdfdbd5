//! What kinds of events there are.

/// The events that the protocols of the five systems share, and everything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A step forward (SYSTEMS.md, D and E).
    Progress,
    /// The job's end.
    Completed,
    /// The job's failure.
    Error,
    /// The job's cancellation.
    Cancelled,
    /// A whole state of a job, as an HTTP read answers.
    Snapshot,
    /// The server shows that it lives.
    Heartbeat,
    /// The server asks whether we live.
    Ping,
    /// The answer to our ping.
    Pong,
    /// The server greets.
    Connected,
    /// What is about a job's state, and no more (`broadcast`).
    State,
    /// A batch has ended (`broadcast`).
    Batch,
    /// An event of `broadcast` that the core knows.
    Known,
    /// An event the core does not know.
    Other,
}

impl Kind {
    /// The kind with this wire name.
    #[inline(never)]
    pub(crate) fn of(name: &str) -> Self {
        const NAMES: [(&str, Kind); 8] = [
            ("progress", Kind::Progress),
            ("completed", Kind::Completed),
            ("error", Kind::Error),
            ("cancelled", Kind::Cancelled),
            ("heartbeat", Kind::Heartbeat),
            ("ping", Kind::Ping),
            ("pong", Kind::Pong),
            ("connected", Kind::Connected),
        ];
        for (known, kind) in &NAMES {
            if *known == name {
                return *kind;
            }
        }
        Self::Other
    }
}
