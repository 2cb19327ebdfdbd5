//! What the page gets to know of events: how often each came, and what came last.

pub(crate) mod audit;
pub(crate) mod history;
