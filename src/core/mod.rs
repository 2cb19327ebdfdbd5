//! The part that decides: state machines and codecs as plain data in, plain data out.
//!
//! No clock, no randomness, no network, no JavaScript: [`Engine::handle`] takes one thing that happened,
//! [`Engine::poll_output`] says what to do about it, [`Engine::next_deadline`] when to come back. The same inputs give
//! the same outputs, in the page, in a test and in a replay of a user's recording.

mod audit;
mod backoff;
mod broadcast;
mod bucket;
pub mod config;
mod counts;
mod engine;
pub mod engineio;
mod entities;
mod error;
mod fields;
mod frame;
mod history;
mod index;
mod input;
mod iso;
pub mod job;
pub mod json;
mod limits;
mod line;
mod message;
mod offset;
mod output;
pub(crate) mod part;
mod queue;
mod rng;
pub mod socketio;
mod stream;
pub(crate) mod text;
mod time;
mod timers;

pub use audit::AuditRow;
pub use backoff::Backoff;
pub use config::Config;
pub use engine::{Engine, Overall};
pub use error::Problem;
pub use input::{
    Ask, Command, Gen, HttpOutcome, HttpRefusal, Input, LARGEST, LARGEST_POLL, LARGEST_READ,
    Recorded,
};
pub use output::{FILL, Output, TokenReason};
pub use rng::Rng;
pub use time::Time;
