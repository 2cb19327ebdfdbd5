//! The facade's part: what it asks for, and what it reads in a batch (docs/core-messages.md).

use crate::simulator::{STATES, STATUSES};
use serde::Deserialize;
use serde::de::{Error, IgnoredAny, SeqAccess, Visitor};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

#[derive(Clone, Debug)]
pub struct JobRecord<'a> {
    pub id: Cow<'a, str>,
    pub status: &'static str,
    pub progress: Option<f64>,
    pub stage: Option<Cow<'a, str>>,
    pub attempt: u32,
    pub stale: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Payload {
    pub n: Option<u64>,
}

#[derive(Clone, Debug)]
pub struct EventMeta<'a> {
    pub seq: u64,
    pub job_id: Option<Cow<'a, str>>,
    pub invalid: Option<Cow<'a, str>>,
}

#[derive(Clone, Debug)]
pub struct StatusRecord {
    pub state: &'static str,
    pub attempt: u32,
    pub problem: u8,
}

/// What a command was answered with.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    Word(String),
    Other,
    Refused,
}

#[derive(Debug)]
pub enum Record<'a> {
    Job(JobRecord<'a>),
    Event(Cow<'a, str>, Payload, EventMeta<'a>),
    Status(StatusRecord),
    Log,
    Reply(u32, Said),
}

/// A word by its number.
pub fn word(words: &[&'static str], number: usize) -> &'static str {
    words.get(number).copied().unwrap_or("(no such number)")
}

impl<'de> Deserialize<'de> for Record<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Record<'de>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a record of docs/core-messages.md")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                fn next<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(
                    seq: &mut A,
                ) -> Result<T, A::Error> {
                    seq.next_element()?
                        .ok_or_else(|| A::Error::custom("a record is too short"))
                }
                fn skip<'de, A: SeqAccess<'de>>(seq: &mut A, count: usize) -> Result<(), A::Error> {
                    for _ in 0..count {
                        next::<IgnoredAny, A>(seq)?;
                    }
                    Ok(())
                }
                let record = match next::<u8, A>(&mut seq)? {
                    0 => {
                        let id = next(&mut seq)?;
                        let status = word(&STATUSES, next(&mut seq)?);
                        let progress = next(&mut seq)?;
                        let attempt = next(&mut seq)?;
                        skip(&mut seq, 2)?;
                        let stale = next::<u8, A>(&mut seq)? == 1;
                        skip(&mut seq, 2)?;
                        let stage = next(&mut seq)?;
                        skip(&mut seq, 2)?;
                        if next::<Option<IgnoredAny>, A>(&mut seq).is_ok() {
                            skip(&mut seq, 2)?;
                        }
                        Record::Job(JobRecord {
                            id,
                            status,
                            progress,
                            stage,
                            attempt,
                            stale,
                        })
                    }
                    kind @ (1 | 6 | 7) => {
                        let name = next(&mut seq)?;
                        let payload = if kind == 7 {
                            skip(&mut seq, 1)?;
                            Payload::default()
                        } else {
                            next(&mut seq)?
                        };
                        let number = next(&mut seq)?;
                        skip(&mut seq, 2)?;
                        let meta = EventMeta {
                            seq: number,
                            job_id: next(&mut seq)?,
                            invalid: next(&mut seq)?,
                        };
                        Record::Event(name, payload, meta)
                    }
                    2 => {
                        let state = word(&STATES, next(&mut seq)?);
                        let attempt = next(&mut seq)?;
                        skip(&mut seq, 3)?;
                        let problem = next(&mut seq)?;
                        skip(&mut seq, 3)?;
                        while seq.next_element::<IgnoredAny>()?.is_some() {}
                        Record::Status(StatusRecord {
                            state,
                            attempt,
                            problem,
                        })
                    }
                    3 => {
                        skip(&mut seq, 6)?;
                        Record::Log
                    }
                    4 => {
                        let rid = next(&mut seq)?;
                        let said = match next(&mut seq)? {
                            Value::String(word) => Said::Word(word),
                            _ => Said::Other,
                        };
                        Record::Reply(rid, said)
                    }
                    5 => {
                        let rid = next(&mut seq)?;
                        skip(&mut seq, 2)?;
                        Record::Reply(rid, Said::Refused)
                    }
                    other => return Err(A::Error::custom(format!("an unknown record: {other}"))),
                };
                match seq.next_element::<IgnoredAny>()? {
                    None => Ok(record),
                    Some(_) => Err(A::Error::custom("a record is too long")),
                }
            }
        }
        deserializer.deserialize_seq(Reader)
    }
}

/// The figures that have bounds, of the answer to `inspect()`.
#[derive(Debug)]
pub struct Found {
    pub state: &'static str,
    pub jobs: usize,
    pub outgoing: usize,
    pub outgoing_bytes: usize,
    pub reading: usize,
    pub reads_in_line: usize,
    pub jobs_in_line: usize,
    pub reminders: usize,
    pub stale: usize,
    pub connections: usize,
    pub history: usize,
}

impl Found {
    pub fn of(engine: &jobwire::core::Engine) -> Self {
        type Lists<'a> = (
            u8,
            u32,
            Vec<usize>,
            Vec<IgnoredAny>,
            Vec<IgnoredAny>,
            Vec<IgnoredAny>,
        );
        let text = engine.inspect(7);
        let (_, _, figures, links, _, history): Lists<'_> =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let figure = |place: usize| figures.get(place).copied().unwrap_or(usize::MAX);
        Self {
            state: word(&STATES, figure(1)),
            jobs: figure(2),
            outgoing: figure(3),
            outgoing_bytes: figure(4),
            reading: figure(5),
            reads_in_line: figure(6),
            jobs_in_line: figure(7),
            reminders: figure(8),
            stale: figure(17),
            connections: links.len() / 4,
            history: history.len() / 5,
        }
    }
}

/// Reads the records of a batch, to be given with its brackets.
pub fn read(batch: &str) -> Result<Vec<Record<'_>>, serde_json::Error> {
    serde_json::from_str(batch)
}

/// What a store of the page shows of a job.
#[derive(Clone, Debug)]
pub struct Shown {
    pub status: String,
    pub progress: Option<f64>,
    pub stage: Option<String>,
    pub attempt: u32,
    pub stale: bool,
}

impl Shown {
    pub fn is_over(&self) -> bool {
        matches!(self.status.as_str(), "completed" | "failed" | "cancelled")
    }
}

/// The page's own state.
#[derive(Debug, Default)]
pub struct Page {
    pub followers: Vec<u32>,
    pub shown: Vec<Option<Shown>>,
    pub listeners: BTreeMap<&'static str, i32>,
    pub watch_all: bool,
    /// How often each `rid` was answered.
    pub answers: Vec<u8>,
    pub state: String,
    pub connected: bool,
    pub closed: bool,
}

impl Page {
    pub fn new(jobs: usize) -> Self {
        Self {
            followers: vec![0; jobs],
            shown: vec![None; jobs],
            state: "idle".into(),
            connected: true,
            ..Self::default()
        }
    }

    pub fn rid(&mut self) -> u32 {
        self.answers.push(0);
        (self.answers.len() - 1) as u32
    }

    pub fn hears(&self, event: &str) -> bool {
        ["*", event]
            .iter()
            .any(|name| self.listeners.get(name).is_some_and(|count| *count > 0))
    }

    pub fn hears_anything(&self) -> bool {
        self.listeners.values().any(|count| *count > 0)
    }
}
