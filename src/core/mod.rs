//! The part that decides: state machines and codecs as plain data in, plain data out.
//!
//! No clock, no randomness, no network, no JavaScript: [`Engine::handle`] takes one thing that happened,
//! [`Engine::poll_output`] says what to do about it, [`Engine::next_deadline`] when to come back. The same inputs give
//! the same outputs, in the page, in a test and in a replay of a user's recording.

mod collections;
mod connection;
mod context;
mod deliver;
mod engine;
pub mod io;
pub mod jobs;
pub mod json;
pub mod protocol;
mod reads;
mod send;
pub(crate) mod text;
mod time;

pub use deliver::audit::AuditRow;
pub use deliver::status::Overall;
pub use engine::Engine;
pub use io::config::Config;
pub use io::error::Problem;
pub use io::input::{
    Ask, Command, Gen, HttpOutcome, HttpRefusal, Input, LARGEST, LARGEST_POLL, LARGEST_READ,
    Recorded,
};
pub use io::output::{FILL, Output, TokenReason};
pub use time::Time;
pub use time::backoff::Backoff;
pub use time::rng::Rng;
