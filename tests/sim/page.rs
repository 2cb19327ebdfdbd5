//! The facade's part: what it asks for, and what it reads in a batch (docs/core-messages.md).

use serde::Deserialize;
use serde::de::{Error, IgnoredAny, SeqAccess, Visitor};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobRecord<'a> {
    #[serde(borrow)]
    pub id: Cow<'a, str>,
    #[serde(borrow)]
    pub status: Cow<'a, str>,
    pub progress: Option<f64>,
    #[serde(borrow, default)]
    pub stage: Option<Cow<'a, str>>,
    pub attempt: u32,
    pub stale: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Payload {
    pub n: Option<u64>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventMeta<'a> {
    pub seq: u64,
    #[serde(borrow, default)]
    pub job_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub invalid: Option<Cow<'a, str>>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Failure<'a> {
    #[serde(borrow)]
    pub code: Cow<'a, str>,
    pub retryable: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusRecord<'a> {
    #[serde(borrow)]
    pub state: Cow<'a, str>,
    #[serde(borrow, default)]
    pub error: Option<Failure<'a>>,
}

#[derive(Debug)]
pub enum Record<'a> {
    Job(JobRecord<'a>),
    Event(Cow<'a, str>, Payload, EventMeta<'a>),
    Status(StatusRecord<'a>),
    Log,
    Reply(u32),
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
                let kind: Cow<'de, str> = next(&mut seq)?;
                let record = match kind.as_ref() {
                    "job" => Record::Job(next(&mut seq)?),
                    "event" => Record::Event(next(&mut seq)?, next(&mut seq)?, next(&mut seq)?),
                    "status" => Record::Status(next(&mut seq)?),
                    "log" => {
                        next::<IgnoredAny, A>(&mut seq)?;
                        Record::Log
                    }
                    "reply" => {
                        let rid = next(&mut seq)?;
                        next::<bool, A>(&mut seq)?;
                        next::<IgnoredAny, A>(&mut seq)?;
                        Record::Reply(rid)
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
