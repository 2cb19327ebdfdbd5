//! What the page gets: records of docs/core-messages.md, in batches; how often each event came, and what came last.

pub(crate) mod audit;
mod batches;
pub(crate) mod bounds;
pub(crate) mod held;
pub(crate) mod history;
pub(crate) mod outbox;
pub(crate) mod status;
