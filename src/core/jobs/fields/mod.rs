//! The fields a message may have, by what they mean, and the type each has. One table instead of a reader for every
//! event: what differs between events is only which fields they have and need.

mod spec;

pub(crate) use spec::Field;
use spec::{ALL, EVENTS, Event, ID, NAMES, PLACES, SPECS, place};

use crate::core::jobs::status::Status;
use crate::core::json::{Error, Raw, Scanner, Str, Type, Value};
use crate::core::protocol::kind::Kind;
use crate::core::protocol::{SOCKETIO, STREAM};
use crate::core::text::words::{about, joined};

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
        let Some(Event { status, has, needs }) = EVENTS.get(kind as usize) else {
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
