//! What components act by.

use crate::core::io::output::Output;
use crate::core::time::Time;
use crate::core::time::timers::Timers;

/// The time, reminders of deadlines, and what is to be done.
pub(crate) struct Context<'a> {
    pub(crate) now: Time,
    pub(crate) timers: &'a mut Timers,
    pub(crate) outputs: &'a mut Vec<Output>,
}
