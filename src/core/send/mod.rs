//! Messages that wait until they can be sent.

pub(crate) mod queue;
