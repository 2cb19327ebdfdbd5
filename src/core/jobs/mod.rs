//! Jobs, and the tracks and playlists that jobs are about: what a message says of one, and what it changes.

pub(crate) mod counts;
pub(crate) mod entities;
pub(crate) mod entry;
pub(crate) mod fields;
pub mod job;
pub(crate) mod limits;
mod spare;
pub mod status;
pub(crate) mod table;
