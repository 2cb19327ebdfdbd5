//! Which fields there are: their names, what each may hold, and which of them an event has and needs.

use crate::core::jobs::fields::Wrong;
use crate::core::jobs::status::Status;
use crate::core::json::{Type, Value};
use crate::core::protocol::BROADCAST;
use crate::core::text::words::about;

/// A field, whatever its spelling.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Field {
    Type,
    Job,
    Progress,
    Stage,
    Message,
    Status,
    Attempt,
    ResultUrl,
    Duration,
    Error,
    Retryable,
    /// The message within the error.
    Reason,
    /// The stage within the error.
    FailedStage,
    // From here on those of `broadcast` alone.
    /// An id that is no more than that.
    Id,
    Track,
    Playlist,
    /// The state of a track or playlist.
    New,
    /// The one before it.
    Old,
    /// Members of a playlist that changed.
    Updates,
    Total,
    Processed,
    Succeeded,
    Failed,
    /// One that is checked, and no more.
    Checked,
}

/// Fields that have names of their own.
pub(super) const COUNT: usize = Field::Retryable as usize + 1;
/// All of them.
pub(super) const ALL: usize = if BROADCAST {
    Field::Checked as usize + 1
} else {
    Field::FailedStage as usize + 1
};

/// What a field may hold beside `null`.
pub(super) struct Spec {
    pub(super) name: &'static str,
    holds: Type,
    /// The largest number; a negative one where numbers do not fit.
    most: f64,
    /// The above in words.
    words: &'static str,
}

const fn spec(name: &'static str, holds: Type, most: f64, words: &'static str) -> Spec {
    Spec {
        name,
        holds,
        most,
        words,
    }
}

pub(super) const SPECS: [Spec; COUNT] = [
    spec("type", Type::String, -1.0, "a string"),
    // Numbers are taken as they were written.
    spec("job_id", Type::String, -1.0, "a string or a number"),
    spec("progress", Type::Number, 100.0, "a number from 0 to 100"),
    spec("stage", Type::String, -1.0, "a string"),
    spec("message", Type::String, -1.0, "a string"),
    spec("status", Type::String, -1.0, "a string"),
    spec("attempt", Type::Number, WHOLE, "a whole number"),
    spec("result_url", Type::String, -1.0, "a string"),
    spec(
        "duration_seconds",
        Type::Number,
        1e12,
        "a number of seconds",
    ),
    spec("error", Type::Object, -1.0, "an object"),
    spec("retryable", Type::Bool, -1.0, "a boolean"),
];

/// The bound of the numbers that have to be whole.
pub(super) const WHOLE: f64 = 1e9;

pub(super) const NAMES: [(&str, Field); 18] = [
    ("type", Field::Type),
    ("job_id", Field::Job),
    ("jobId", Field::Job),
    ("session_id", Field::Job),
    ("sessionId", Field::Job),
    (ID, Field::Job),
    ("progress", Field::Progress),
    ("stage", Field::Stage),
    ("message", Field::Message),
    ("status_message", Field::Message),
    ("status", Field::Status),
    ("attempt", Field::Attempt),
    ("result_url", Field::ResultUrl),
    ("resultUrl", Field::ResultUrl),
    ("duration_seconds", Field::Duration),
    ("durationSeconds", Field::Duration),
    ("error", Field::Error),
    ("retryable", Field::Retryable),
];

/// The weakest name of the job: a message may have an `id` of its own beside it.
pub(super) const ID: &str = "id";

/// [`NAMES`] by length and last letter, which tell them apart (the compiler refuses a table in which they do not).
#[allow(clippy::indexing_slicing)] // at compile time
pub(super) const PLACES: [u8; 32] = {
    let mut places = [u8::MAX; 32];
    let mut rest: &[(&str, Field)] = &NAMES;
    while let [head @ .., (name, _)] = rest {
        let place = place(name);
        assert!(places[place] == u8::MAX, "two names share a place");
        places[place] = head.len() as u8;
        rest = head;
    }
    places
};

#[inline(always)]
pub(super) const fn place(name: &str) -> usize {
    match name.as_bytes() {
        [.., last] => (name.len() * 10 + *last as usize) % 32,
        [] => 0,
    }
}

const fn set(fields: &[Field]) -> u16 {
    let mut bits = 0;
    let mut rest = fields;
    while let [field, tail @ ..] = rest {
        bits |= 1 << *field as u16;
        rest = tail;
    }
    bits
}

/// What an event means for its job, the fields it has, and the one it cannot do without.
pub(super) struct Event {
    pub(super) status: Status,
    /// A bit a field.
    pub(super) has: u16,
    pub(super) needs: Option<Field>,
}

const fn event(status: Status, has: &[Field], needs: Option<Field>) -> Event {
    let has = set(has);
    Event { status, has, needs }
}

/// By [`Kind`]. A snapshot names its state itself.
pub(super) const EVENTS: [Event; 5] = {
    use Field::{
        Attempt, Duration, Error, Job, Message, Progress, ResultUrl, Stage, Status as State,
    };
    [
        event(
            Status::Running,
            &[Job, Attempt, Progress, Stage, Message, State],
            Some(Progress),
        ),
        event(
            Status::Completed,
            &[Job, Attempt, Progress, Message, ResultUrl, Duration],
            None,
        ),
        event(Status::Failed, &[Job, Attempt, Error], Some(Error)),
        event(Status::Cancelled, &[Job, Attempt, Message], None),
        event(
            Status::Unknown,
            &[
                Job, Attempt, Progress, Stage, Message, State, ResultUrl, Duration, Error,
            ],
            Some(State),
        ),
    ]
};

impl Spec {
    #[inline(always)]
    pub(super) fn fits(&self, value: &Value<'_>) -> bool {
        match *value {
            Value::Null => true,
            Value::Number(number) => {
                (0.0..=self.most).contains(&number) && (self.most != WHOLE || number.fract() == 0.0)
            }
            ref other => other.type_of() == self.holds,
        }
    }

    pub(super) fn wrong(&self, within: &str, value: &Value<'_>) -> Wrong {
        let of_its_type = value.type_of() == self.holds;
        Wrong(
            if of_its_type {
                "out-of-range"
            } else {
                "wrong-type"
            },
            about(
                &[within, self.name, ": expected ", self.words, ", got "],
                value,
            ),
        )
    }
}
