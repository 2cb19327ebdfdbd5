//! The fields a message may have, by what they mean, and the type each has. One table instead of a reader for every
//! event: what differs between events is only which fields they have and need.

use crate::core::jobs::job::Status;
use crate::core::json::{Error, Raw, Scanner, Str, Type, Value};
use crate::core::protocol::message::{Kind, about, joined};
use crate::core::protocol::{BROADCAST, SOCKETIO, STREAM};

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
const COUNT: usize = Field::Retryable as usize + 1;
/// All of them.
const ALL: usize = if BROADCAST {
    Field::Checked as usize + 1
} else {
    Field::FailedStage as usize + 1
};

/// What a field may hold beside `null`.
struct Spec {
    name: &'static str,
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

const SPECS: [Spec; COUNT] = [
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
const WHOLE: f64 = 1e9;

const NAMES: [(&str, Field); 18] = [
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
const ID: &str = "id";

/// [`NAMES`] by length and last letter, which tell them apart (the compiler refuses a table in which they do not).
#[allow(clippy::indexing_slicing)] // at compile time
const PLACES: [u8; 32] = {
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
const fn place(name: &str) -> usize {
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
struct Event(Status, u16, Option<Field>);

/// By [`Kind`]. A snapshot names its state itself.
const EVENTS: [Event; 5] = {
    use Field::{
        Attempt, Duration, Error, Job, Message, Progress, ResultUrl, Stage, Status as State,
    };
    [
        Event(
            Status::Running,
            set(&[Job, Attempt, Progress, Stage, Message, State]),
            Some(Progress),
        ),
        Event(
            Status::Completed,
            set(&[Job, Attempt, Progress, Message, ResultUrl, Duration]),
            None,
        ),
        Event(Status::Failed, set(&[Job, Attempt, Error]), Some(Error)),
        Event(Status::Cancelled, set(&[Job, Attempt, Message]), None),
        Event(
            Status::Unknown,
            set(&[
                Job, Attempt, Progress, Stage, Message, State, ResultUrl, Duration, Error,
            ]),
            Some(State),
        ),
    ]
};

/// What is wrong with a message: a code and a sentence.
pub(crate) struct Wrong(pub(crate) &'static str, pub(crate) String);

pub(crate) fn missing(name: &str) -> Wrong {
    Wrong("wrong-type", joined(&[name, ": missing"]))
}

/// The values of a message's fields; `null` where it has none.
pub(crate) struct Fields<'a> {
    values: [Value<'a>; ALL],
    /// The job was named by something stronger than `id`.
    named: bool,
    /// What a checked message says of where its job stands; unknown where it is about none.
    pub(crate) status: Status,
    /// How many texts were left out, since they are too long.
    pub(crate) left_out: u32,
}

impl Default for Fields<'_> {
    fn default() -> Self {
        Self {
            values: [Value::Null; ALL],
            named: false,
            status: Status::Unknown,
            left_out: 0,
        }
    }
}

impl<'a> Fields<'a> {
    /// Reads the members of an object whose `{` comes next.
    pub(crate) fn read(&mut self, scanner: &mut Scanner<'a>) -> Result<(), Error> {
        scanner.eat(b'{');
        let mut first = true;
        while let Some(name) = scanner.name(&mut first)? {
            let value = scanner.value()?;
            let place = PLACES.get(place(name.raw)).copied().unwrap_or(0);
            let Some((known, field)) = NAMES.get(usize::from(place)) else {
                continue;
            };
            if *known == name.raw {
                self.take(*field, known.len() > ID.len(), value, scanner);
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn take(&mut self, field: Field, strong: bool, mut value: Value<'a>, scanner: &Scanner<'a>) {
        if field == Field::Job {
            if self.named && !strong {
                return;
            }
            self.named = strong;
            if let Value::Number(_) = value {
                value = Value::String(Str::plain(scanner.last_scalar()));
            }
        }
        self.put(field, value);
    }

    #[inline(always)]
    pub(crate) fn put(&mut self, field: Field, value: Value<'a>) {
        if let Some(slot) = self.values.get_mut(field as usize) {
            *slot = value;
        }
    }

    #[inline(always)]
    pub(crate) fn get(&self, field: Field) -> Value<'a> {
        self.values
            .get(field as usize)
            .copied()
            .unwrap_or(Value::Null)
    }

    #[inline(never)]
    pub(crate) fn text(&self, field: Field) -> Option<Str<'a>> {
        match self.get(field) {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// A number; NaN when there is none.
    #[inline(never)]
    pub(crate) fn number(&self, field: Field) -> f64 {
        match self.get(field) {
            Value::Number(number) => number,
            _ => f64::NAN,
        }
    }

    pub(crate) fn flag(&self, field: Field) -> bool {
        self.get(field) == Value::Bool(true)
    }

    /// Checks the fields that an event of this kind has, and keeps no others.
    pub(crate) fn check(&mut self, kind: Kind) -> Result<(), Wrong> {
        let Some(Event(status, has, needs)) = EVENTS.get(kind as usize) else {
            // A free event may use these names for what it likes.
            return Ok(());
        };
        // Whichever field is wrong, it is named in the order of the table.
        for (place, (value, spec)) in self.values.iter_mut().zip(&SPECS).enumerate() {
            // System B says in one sentence why a job failed.
            let sentence = SOCKETIO
                && kind == Kind::Snapshot
                && place == Field::Error as usize
                && value.type_of() == Type::String;
            if has & (1 << place) == 0 {
                *value = Value::Null;
            } else if sentence {
            } else if !spec.fits(value) {
                return Err(spec.wrong("", value));
            }
        }
        if let Some(field) = *needs
            && self.get(field) == Value::Null
        {
            return Err(missing(
                SPECS.get(field as usize).map_or("", |spec| spec.name),
            ));
        }
        self.status = *status;
        let word = self.get(Field::Status);
        if kind == Kind::Progress && self.get(Field::Message) == Value::Null {
            // System E calls its sentence for people `status`.
            self.put(Field::Message, word);
            if STREAM {
                self.end_in_a_sentence(word);
            }
        }
        if kind == Kind::Snapshot {
            self.status = match word {
                Value::String(word) => Status::of_word(word.raw),
                _ => Status::Unknown,
            };
            if self.status == Status::Unknown {
                let reason = about(&["status: unknown word "], &word);
                return Err(Wrong("wrong-type", reason));
            }
        }
        if self.status == Status::Failed {
            self.failure()?;
        }
        Ok(())
    }

    /// System E has no events for the ends: it is done at 100, and a failure is 0 with a sentence that says so.
    fn end_in_a_sentence(&mut self, word: Value<'a>) {
        let Value::String(sentence) = word else {
            return;
        };
        let progress = self.number(Field::Progress);
        let named = Status::of_word(sentence.raw);
        // "Done" is for people; "done" is a state's name: another message tells of the end, and more than this one.
        let is_for_people = sentence.raw.bytes().any(|byte| byte.is_ascii_uppercase());
        let says = |end| named == Status::Unknown || named == end && is_for_people;
        if progress == 100.0 && says(Status::Completed) {
            self.status = Status::Completed;
        } else if progress == 0.0 && says(Status::Failed) && says_failed(sentence.raw) {
            self.status = Status::Failed;
            self.put(Field::Reason, word);
        }
    }

    /// Takes out of the error why the job failed.
    fn failure(&mut self) -> Result<(), Wrong> {
        let json = match self.get(Field::Error) {
            Value::Object(Raw(json)) => json,
            Value::String(sentence) if SOCKETIO => {
                self.put(Field::Reason, Value::String(sentence));
                return Ok(());
            }
            _ => return Ok(()),
        };
        let mut inner = Fields::default();
        // It has been read once: nothing is wrong with its grammar.
        let _ = inner.read(&mut Scanner::new(json));
        for (field, place) in [
            (Field::Message, Field::Reason),
            (Field::Retryable, Field::Retryable),
            (Field::Stage, Field::FailedStage),
        ] {
            let value = inner.get(field);
            if let Some(spec) = SPECS.get(field as usize)
                && !spec.fits(&value)
            {
                return Err(spec.wrong("error.", &value));
            }
            self.put(place, value);
        }
        if self.get(Field::Reason) == Value::Null {
            return Err(Wrong(
                "wrong-type",
                joined(&["error.message: expected a string, got nothing"]),
            ));
        }
        Ok(())
    }
}

/// Whether a sentence for people tells of a failure: "Extraction failed", "Error: no such file"; not "0 of 5 failed".
fn says_failed(sentence: &str) -> bool {
    let words = sentence.split(|letter: char| !letter.is_ascii_alphanumeric());
    let mut before = "";
    for word in words.filter(|word| !word.is_empty()) {
        let is = |known: &str| word.eq_ignore_ascii_case(known);
        let counts = before.bytes().any(|byte| byte.is_ascii_digit());
        if !counts && (is("failed") || is("failure")) || before.is_empty() && is("error") {
            return true;
        }
        before = word;
    }
    false
}

impl Spec {
    #[inline(always)]
    fn fits(&self, value: &Value<'_>) -> bool {
        match *value {
            Value::Null => true,
            Value::Number(number) => {
                (0.0..=self.most).contains(&number) && (self.most != WHOLE || number.fract() == 0.0)
            }
            ref other => other.type_of() == self.holds,
        }
    }

    fn wrong(&self, within: &str, value: &Value<'_>) -> Wrong {
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

#[cfg(all(test, not(target_arch = "wasm32")))]
impl Fields<'_> {
    /// What a checked message would say.
    pub(crate) fn of(status: Status, progress: Option<f64>, attempt: Option<u32>) -> Self {
        let number = |number: Option<f64>| number.map_or(Value::Null, Value::Number);
        let mut fields = Self {
            status,
            ..Self::default()
        };
        fields.put(Field::Progress, number(progress));
        fields.put(Field::Attempt, number(attempt.map(f64::from)));
        fields
    }
}
