//! What crosses the border of the core: inputs, outputs, the configuration, and what goes wrong. Plain data only.

pub mod config;
pub(crate) mod error;
pub(crate) mod input;
pub(crate) mod output;
