//! How long a name or a text of a server may be. docs/bad-input.md lists these bounds and all others.

use crate::core::jobs::fields::{Field, Fields, Wrong};
use crate::core::jobs::status::Status;
use crate::core::json::{Str, Value};
use crate::core::text::words::{about, excerpt};
use std::borrow::Cow;

/// The longest id (of a job, a track or a playlist) and name (of an event, a stage or a state), bytes.
pub(crate) const LONGEST_NAME: usize = 1024;

/// The longest text of a job (its message, the address of its result, why it failed), bytes.
pub(crate) const LONGEST_TEXT: usize = 65_536;

/// The code of what is too long.
pub(crate) const TOO_LARGE: &str = "too-large";

/// What is wrong with a name, when it is too long: an excerpt is all that is copied of it.
pub(crate) fn too_long(what: &str, name: Str<'_>) -> Option<Wrong> {
    if !name.is_longer(LONGEST_NAME) {
        return None;
    }
    let parts = [what, ": longer than 1024 bytes, got "];
    Some(Wrong(TOO_LARGE, about(&parts, &Value::String(name))))
}

/// The name, unless it is too long.
pub(crate) fn name(name: Str<'_>) -> Option<Cow<'_, str>> {
    (!name.is_longer(LONGEST_NAME)).then(|| name.get())
}

/// The text, cut at a character where it is too long. Whether it was cut.
pub(crate) fn cut(text: Cow<'_, str>) -> (Cow<'_, str>, bool) {
    const MARK: usize = '…'.len_utf8();
    if text.len() <= LONGEST_TEXT {
        return (text, false);
    }
    (Cow::Owned(excerpt(&text, LONGEST_TEXT - MARK)), true)
}

/// Fields whose text is an id or a name, and what they are called.
const NAMES: [(Field, &str); 8] = [
    (Field::Job, "the job's id"),
    (Field::Stage, "the stage"),
    (Field::FailedStage, "the error's stage"),
    (Field::Id, "the id"),
    (Field::Track, "the track's id"),
    (Field::Playlist, "the playlist's id"),
    (Field::New, "the new status"),
    (Field::Old, "the old status"),
];

impl Fields<'_> {
    /// Refuses a checked message with an id or a name that is too long. A stage or state beside the end of a job is left
    /// out instead: an end is not lost to it.
    pub(crate) fn limit_names(&mut self) -> Result<(), Wrong> {
        for (field, what) in NAMES {
            let Some(name) = self.text(field) else {
                continue;
            };
            let Some(wrong) = too_long(what, name) else {
                continue;
            };
            let is_id = matches!(
                field,
                Field::Job | Field::Id | Field::Track | Field::Playlist
            );
            if is_id || !self.status.is_terminal() {
                return Err(wrong);
            }
            self.put(field, Value::Null);
            self.left_out += 1;
        }
        Ok(())
    }

    /// An event of the app may have what it likes where others have the job's id: one that is too long is none.
    pub(crate) fn limit_job(&mut self) {
        let id = self.text(Field::Job);
        if id.is_some_and(|id| id.is_longer(LONGEST_NAME)) {
            self.put(Field::Job, Value::Null);
        }
    }

    /// Whether anything is known of a job's state.
    pub(crate) fn is_about_a_job(&self) -> bool {
        self.status != Status::Unknown
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_at_a_character() {
        let (text, was_cut) = cut(Cow::Owned("é".repeat(LONGEST_TEXT)));
        assert!(was_cut && text.len() <= LONGEST_TEXT && text.len() > LONGEST_TEXT - 5);
        assert!(text.ends_with("é…"));
        let whole = "x".repeat(LONGEST_TEXT);
        assert_eq!(cut(Cow::Borrowed(&whole)), (Cow::Borrowed(&*whole), false));
    }

    #[test]
    fn a_name_is_as_long_as_what_it_stands_for() {
        let escaped = r"\u0041".repeat(LONGEST_NAME);
        let text = format!("\"{escaped}\"");
        let Ok(Value::String(name)) = crate::core::json::Scanner::new(&text).value() else {
            panic!("{text}")
        };
        assert!(too_long("the id", name).is_none());
        let longer = "x".repeat(LONGEST_NAME + 1);
        let Some(Wrong(code, reason)) = too_long("the id", Str::plain(&longer)) else {
            panic!("not refused")
        };
        assert_eq!(code, "too-large");
        assert_eq!(
            reason,
            "the id: longer than 1024 bytes, got a string (\"xxxxxxxxxxxxxxxxxxxxxxxx…\")"
        );
    }
}
