//! JSON (RFC 8259) read without building a tree: a value is checked once, in one pass, and kept as a slice of its
//! text. What passes here also passes `JSON.parse`, so a slice may be spliced into the text of a batch.
//! Depth is bounded, nothing recurses, nothing panics.

mod escape;
mod list;
mod number;
mod scan;
mod value;
mod write;

pub use list::{push_numbers, push_text};
pub use scan::{Error, MAX_DEPTH, Scanner};
pub use value::{Raw, Str, Type, Value};
pub use write::{push_hex, push_number, push_string, push_u64};
