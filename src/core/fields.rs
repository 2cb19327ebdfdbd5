//! The fields a message may have, by what they mean, and the type each has. One table instead of a reader for every
//! event: what differs between events is only which fields they have and need.

use super::job::{Failure, Status};
use super::json::{Raw, Scanner, Str, Value};
use super::message::{Kind, describe};

/// A field, whatever its spelling.
#[derive(Clone, Copy)]
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
#[derive(Clone, Copy)]
enum Type {
    Text,
    Id,
    Object,
    Flag,
    /// A number up to this, in these words.
    Number(f64, &'static str),
    Whole,
}

const SPECS: [(&str, Type); COUNT] = [
    ("type", Type::Text),
    ("job_id", Type::Id),
    ("progress", Type::Number(100.0, "a number from 0 to 100")),
    ("stage", Type::Text),
    ("message", Type::Text),
    ("status", Type::Text),
    ("attempt", Type::Whole),
    ("result_url", Type::Text),
    (
        "duration_seconds",
        Type::Number(1e12, "a number of seconds"),
    ),
    ("error", Type::Object),
    ("retryable", Type::Flag),
];

const fn set(fields: &[Field]) -> u16 {
    let mut bits = 0;
    let mut rest = fields;
    while let [field, tail @ ..] = rest {
        bits |= 1 << *field as u16;
        rest = tail;
    }
    bits
}

/// The fields of an event, and the one it cannot do without.
fn of_kind(kind: Kind) -> (u16, Option<Field>) {
    use Field::{Attempt, Duration, Error, Job, Message, Progress, ResultUrl, Stage, Status};
    match kind {
        Kind::Progress => (
            set(&[Job, Attempt, Progress, Stage, Message, Status]),
            Some(Progress),
        ),
        Kind::Completed => (
            set(&[Job, Attempt, Progress, Message, ResultUrl, Duration]),
            None,
        ),
        Kind::Error => (set(&[Job, Attempt, Error]), Some(Error)),
        Kind::Cancelled => (set(&[Job, Attempt, Message]), None),
        Kind::Snapshot => (
            set(&[
                Job, Attempt, Progress, Stage, Message, Status, ResultUrl, Duration, Error,
            ]),
            Some(Status),
        ),
        Kind::Heartbeat | Kind::Ping | Kind::Pong | Kind::Connected | Kind::Other => (0, None),
    }
}

/// What is wrong with a message: a code and a sentence.
pub(super) type Checked<T> = Result<T, (&'static str, String)>;

/// The values of a message's fields; `null` where it has none.
pub(super) struct Fields<'a> {
    values: [Value<'a>; COUNT],
    /// The job's id as it was written, for ids that are numbers.
    id: &'a str,
    id_is_weak: bool,
}

impl<'a> Fields<'a> {
    /// Reads the members of an object whose `{` comes next.
    pub(super) fn read(scanner: &mut Scanner<'a>) -> Result<Self, super::json::Error> {
        let mut fields = Self {
            values: [Value::Null; COUNT],
            id: "",
            id_is_weak: true,
        };
        scanner.eat(b'{');
        let mut first = true;
        while let Some((name, value)) = scanner.member(&mut first)? {
            fields.take(name, value, scanner);
        }
        Ok(fields)
    }

    #[inline]
    fn take(&mut self, name: Str<'a>, value: Value<'a>, scanner: &Scanner<'a>) {
        let field = match name.raw {
            "type" => Field::Type,
            "job_id" | "jobId" | "session_id" | "sessionId" | "id" => {
                // `id` is the weakest of these names: a message may have one of its own beside the job's.
                let weak = name.raw == "id";
                if weak && !self.id_is_weak {
                    return;
                }
                self.id_is_weak = weak;
                self.id = scanner.last_scalar();
                Field::Job
            }
            "progress" => Field::Progress,
            "stage" => Field::Stage,
            "message" => Field::Message,
            "status" => Field::Status,
            "attempt" => Field::Attempt,
            "result_url" | "resultUrl" => Field::ResultUrl,
            "duration_seconds" | "durationSeconds" => Field::Duration,
            "error" => Field::Error,
            "retryable" => Field::Retryable,
            _ => return,
        };
        if let Some(slot) = self.values.get_mut(field as usize) {
            *slot = value;
        }
    }

    pub(super) fn get(&self, field: Field) -> Value<'a> {
        self.values
            .get(field as usize)
            .copied()
            .unwrap_or(Value::Null)
    }

    pub(super) fn text(&self, field: Field) -> Option<Str<'a>> {
        match self.get(field) {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn number(&self, field: Field) -> Option<f64> {
        match self.get(field) {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The id of the job, a number as it was written.
    pub(super) fn job(&self) -> Option<std::borrow::Cow<'a, str>> {
        match self.get(Field::Job) {
            Value::String(id) => Some(id.get()),
            Value::Number(_) => Some(self.id.into()),
            _ => None,
        }
    }

    /// Checks the fields that an event of this kind has; the others are forgotten.
    pub(super) fn check(&mut self, kind: Kind) -> Checked<()> {
        let (has, needs) = of_kind(kind);
        if has == 0 {
            // A free event may use these names for what it likes.
            return Ok(());
        }
        // Whichever field is wrong, it is named in the order of the table.
        for (place, (value, (name, expected))) in self.values.iter_mut().zip(&SPECS).enumerate() {
            if has & (1 << place) == 0 {
                *value = Value::Null;
            } else {
                check(name, *expected, value)?;
            }
        }
        match needs {
            Some(field) if self.get(field) == Value::Null => Err((
                "wrong-type",
                String::from(SPECS.get(field as usize).map_or("", |(name, _)| name)) + ": missing",
            )),
            _ => Ok(()),
        }
    }

    /// Why a job failed.
    pub(super) fn failure(&self) -> Checked<Option<Failure<'a>>> {
        let Value::Object(Raw(json)) = self.get(Field::Error) else {
            return Ok(None);
        };
        let Ok(inner) = Fields::read(&mut Scanner::new(json)) else {
            return Ok(None);
        };
        for (field, name, expected) in [
            (Field::Message, "error.message", Type::Text),
            (Field::Retryable, "error.retryable", Type::Flag),
            (Field::Stage, "error.stage", Type::Text),
        ] {
            check(name, expected, &inner.get(field))?;
        }
        let retryable = inner.get(Field::Retryable) == Value::Bool(true);
        match inner.text(Field::Message) {
            Some(message) => Ok(Some(Failure {
                message,
                retryable,
                stage: inner.text(Field::Stage),
            })),
            None => Err((
                "wrong-type",
                "error.message: expected a string, got nothing".into(),
            )),
        }
    }

    /// The state that a snapshot names; it must be a word that is known.
    pub(super) fn status(&self) -> Checked<Option<Status>> {
        let Some(word) = self.text(Field::Status) else {
            return Ok(None);
        };
        match Status::of_word(word.raw) {
            None => Err((
                "wrong-type",
                String::from("status: unknown word ") + &describe(&Value::String(word)),
            )),
            known => Ok(known),
        }
    }
}

fn check(name: &str, expected: Type, value: &Value<'_>) -> Checked<()> {
    let (fits, words) = match (expected, value) {
        (_, Value::Null) => return Ok(()),
        (Type::Text, value) => (matches!(value, Value::String(_)), "a string"),
        (Type::Id, value) => (
            matches!(value, Value::String(_) | Value::Number(_)),
            "a string or a number",
        ),
        (Type::Object, value) => (matches!(value, Value::Object(_)), "an object"),
        (Type::Flag, value) => (matches!(value, Value::Bool(_)), "a boolean"),
        (Type::Number(most, words), value) => (in_range(value, most), words),
        (Type::Whole, value) => (
            in_range(value, 1e9) && !has_fraction(value),
            "a whole number",
        ),
    };
    if fits {
        return Ok(());
    }
    let of_its_type = matches!(
        (expected, value),
        (Type::Number(..) | Type::Whole, Value::Number(_))
    );
    let mut reason = String::from(name);
    for part in [": expected ", words, ", got ", &describe(value)] {
        reason.push_str(part);
    }
    Err((
        if of_its_type {
            "out-of-range"
        } else {
            "wrong-type"
        },
        reason,
    ))
}

fn in_range(value: &Value<'_>, most: f64) -> bool {
    matches!(value, Value::Number(number) if (0.0..=most).contains(number))
}

fn has_fraction(value: &Value<'_>) -> bool {
    matches!(value, Value::Number(number) if number.fract() != 0.0)
}
