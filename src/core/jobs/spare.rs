//! The jobs that may be forgotten, in the order in which they are: those that nobody follows and no `refresh()` waits
//! for. Of these the ones that have ended go first, and of either kind the one that changed longest ago.

use crate::core::collections::line::Line;

/// One line for each kind.
#[derive(Debug, Default)]
pub(super) struct Spare {
    ended: Line,
    open: Line,
}

impl Spare {
    /// Puts a job behind the others of its kind, wherever it stood.
    pub(super) fn put(&mut self, place: u32, has_ended: bool) {
        self.remove(place);
        let line = if has_ended {
            &mut self.ended
        } else {
            &mut self.open
        };
        line.push(place);
    }

    /// Takes a job out, if it stands in one of the lines.
    pub(super) fn remove(&mut self, place: u32) {
        self.ended.remove(place);
        self.open.remove(place);
    }

    /// The job that ended longest ago.
    pub(super) fn ended(&self) -> Option<u32> {
        self.ended.first()
    }

    /// The job under way that changed longest ago.
    pub(super) fn open(&self) -> Option<u32> {
        self.open.first()
    }
}
