//! One message of a server after its codec has read it: which event, about which job, saying what. Fields are slices
//! of the frame; nothing is copied before somebody needs it.

use crate::core::jobs::fields::Fields;
use crate::core::protocol::kind::Kind;

/// A message.
pub(crate) struct Message<'a> {
    /// Which event.
    pub(crate) kind: Kind,
    /// Its name on the wire.
    pub(crate) name: &'a str,
    /// The job it names, if it names one.
    pub(crate) job: Option<&'a str>,
    /// What it says of it.
    pub(crate) news: &'a Fields<'a>,
    /// The whole message as JSON text; with `broadcast`, its payload.
    pub(crate) raw: &'a str,
}

/// A frame, or one message of it, that cannot be used.
pub(crate) struct Invalid<'a> {
    /// The event's name, when that much could be read.
    pub(crate) event: Option<&'a str>,
    /// `not-json`, `too-deep`, `not-an-object`, `no-type`, `wrong-type`, `out-of-range`, `wrong-job`, `too-large`,
    /// `not-utf8`, `empty`.
    pub(crate) code: &'static str,
    /// What is wrong, for a person; quotes at most a few characters of the value.
    pub(crate) reason: &'a str,
    /// The text it was.
    pub(crate) raw: &'a str,
}
