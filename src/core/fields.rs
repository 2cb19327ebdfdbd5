//! The fields a message may have, by what they mean, and the type each has. One table instead of a reader for every
//! event: what differs between events is only which fields they have and need.

use super::job::{Failure, Status};
use super::json::{Error, Raw, Scanner, Str, Type, Value};
use super::message::{Kind, Update, describe, joined};

/// A field, whatever its spelling.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Field {
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
}

const COUNT: usize = Field::Retryable as usize + 1;

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

const NAMES: [(&str, Field); 17] = [
    ("type", Field::Type),
    ("job_id", Field::Job),
    ("jobId", Field::Job),
    ("session_id", Field::Job),
    ("sessionId", Field::Job),
    (ID, Field::Job),
    ("progress", Field::Progress),
    ("stage", Field::Stage),
    ("message", Field::Message),
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
pub(super) struct Wrong(pub(super) &'static str, pub(super) String);

pub(super) fn missing(name: &str) -> Wrong {
    Wrong("wrong-type", joined(&[name, ": missing"]))
}

/// The values of a message's fields; `null` where it has none.
pub(super) struct Fields<'a> {
    values: [Value<'a>; COUNT],
    /// The job was named by something stronger than `id`.
    named: bool,
}

impl<'a> Fields<'a> {
    /// Reads the members of an object whose `{` comes next.
    pub(super) fn read(scanner: &mut Scanner<'a>) -> Result<Self, Error> {
        let mut fields = Self {
            values: [Value::Null; COUNT],
            named: false,
        };
        scanner.eat(b'{');
        let mut first = true;
        while let Some(name) = scanner.name(&mut first)? {
            let value = scanner.value()?;
            let place = PLACES.get(place(name.raw)).copied().unwrap_or(0);
            let Some((known, field)) = NAMES.get(usize::from(place)) else {
                continue;
            };
            if *known == name.raw {
                fields.take(*field, known.len() > ID.len(), value, scanner);
            }
        }
        Ok(fields)
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
        if let Some(slot) = self.values.get_mut(field as usize) {
            *slot = value;
        }
    }

    #[inline(always)]
    pub(super) fn get(&self, field: Field) -> Value<'a> {
        self.values
            .get(field as usize)
            .copied()
            .unwrap_or(Value::Null)
    }

    #[inline(never)]
    pub(super) fn text(&self, field: Field) -> Option<Str<'a>> {
        match self.get(field) {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    #[inline(never)]
    fn number(&self, field: Field) -> Option<f64> {
        match self.get(field) {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    /// Checks the fields that an event of this kind has and says what they mean for its job.
    pub(super) fn update(&mut self, kind: Kind, update: &mut Update<'a>) -> Result<(), Wrong> {
        let Some(Event(status, has, needs)) = EVENTS.get(kind as usize) else {
            // A free event may use these names for what it likes.
            return Ok(());
        };
        // Whichever field is wrong, it is named in the order of the table.
        for (place, (value, spec)) in self.values.iter_mut().zip(&SPECS).enumerate() {
            if has & (1 << place) == 0 {
                *value = Value::Null;
            } else if !spec.fits(value) {
                return Err(spec.wrong("", value));
            }
        }
        if let Some(field) = *needs
            && self.get(field).type_of() == Type::Null
        {
            return Err(missing(
                SPECS.get(field as usize).map_or("", |spec| spec.name),
            ));
        }
        update.progress = self.number(Field::Progress);
        update.stage = self.text(Field::Stage);
        update.message = self.text(Field::Message);
        update.result_url = self.text(Field::ResultUrl);
        update.duration_seconds = self.number(Field::Duration);
        update.attempt = self.number(Field::Attempt).map(|attempt| attempt as u32);
        let mut status = *status;
        match kind {
            // System E calls its sentence for people `status`.
            Kind::Progress => update.message = update.message.or(self.text(Field::Status)),
            Kind::Completed => update.progress = Some(100.0),
            Kind::Snapshot => status = self.status()?,
            _ => {}
        }
        update.status = Some(status);
        if status == Status::Failed {
            update.error = self.failure()?;
        }
        Ok(())
    }

    /// Why a job failed.
    fn failure(&self) -> Result<Option<Failure<'a>>, Wrong> {
        let Value::Object(Raw(json)) = self.get(Field::Error) else {
            return Ok(None);
        };
        let Ok(inner) = Fields::read(&mut Scanner::new(json)) else {
            return Ok(None);
        };
        for field in [Field::Message, Field::Retryable, Field::Stage] {
            let value = inner.get(field);
            if let Some(spec) = SPECS.get(field as usize)
                && !spec.fits(&value)
            {
                return Err(spec.wrong("error.", &value));
            }
        }
        match inner.text(Field::Message) {
            Some(message) => Ok(Some(Failure {
                message,
                retryable: matches!(inner.get(Field::Retryable), Value::Bool(true)),
                stage: inner.text(Field::Stage),
            })),
            None => Err(Wrong(
                "wrong-type",
                "error.message: expected a string, got nothing".into(),
            )),
        }
    }

    /// The state that a snapshot names; it must be a word that is known.
    fn status(&self) -> Result<Status, Wrong> {
        let word = self.get(Field::Status);
        let known = match word {
            Value::String(word) => Status::of_word(word.raw),
            _ => None,
        };
        known.ok_or_else(|| {
            Wrong(
                "wrong-type",
                joined(&["status: unknown word ", &describe(&word)]),
            )
        })
    }
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
            joined(&[
                within,
                self.name,
                ": expected ",
                self.words,
                ", got ",
                &describe(value),
            ]),
        )
    }
}
