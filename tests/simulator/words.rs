//! The words that the core has numbers for (docs/core-messages.md).

pub const STATUSES: [&str; 6] = [
    "unknown",
    "queued",
    "running",
    "completed",
    "failed",
    "cancelled",
];
pub const STATES: [&str; 8] = [
    "idle",
    "connecting",
    "open",
    "waiting",
    "polling",
    "suspended",
    "failed",
    "closed",
];
