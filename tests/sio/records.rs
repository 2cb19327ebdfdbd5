//! What the facade reads in a batch (docs/core-messages.md).

use crate::simulator::STATES;
use serde_json::Value;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    pub state: &'static str,
    pub attempt: u64,
    pub problem: u8,
    /// HTTP polling carries the open connection.
    pub by_polling: bool,
    /// What the server said about the problem.
    pub said: Value,
    pub more: Value,
}

#[derive(Clone, Debug)]
pub struct Heard {
    /// `/` where none is named.
    pub namespace: String,
    pub name: String,
    pub args: Value,
    pub seq: u64,
    pub job: Option<String>,
    pub invalid: Option<String>,
    /// The number for a reply; 0: none is awaited.
    pub reply: u64,
    pub attachments: Vec<u32>,
}

#[derive(Clone, Debug)]
pub enum Record {
    Job(Value),
    /// An event of the core.
    Own,
    Status(Status),
    Log,
    Answer(u32, Value),
    Refusal(u32, u8),
    Channel(String, Status),
    Event(Heard),
    Acknowledged(u32, Value, Vec<u32>),
}

fn ids(value: &Value) -> Result<Vec<u32>, String> {
    let list = value.as_array().ok_or("a list of attachments is none")?;
    let id = |id: &Value| {
        id.as_u64()
            .map(|id| id as u32)
            .ok_or_else(|| format!("{id} is no attachment"))
    };
    list.iter().map(id).collect()
}

fn status(items: &[Value]) -> Result<Status, String> {
    let [state, attempt, _, _, _, problem, by_polling, said, more] = items else {
        return Err(format!("a status of {} elements", items.len()));
    };
    let state = state.as_u64().and_then(|state| STATES.get(state as usize));
    Ok(Status {
        state: state.ok_or("no such state")?,
        attempt: attempt.as_u64().ok_or("no attempt")?,
        problem: problem.as_u64().ok_or("no problem")? as u8,
        by_polling: *by_polling == 1,
        said: said.clone(),
        more: more.clone(),
    })
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// The namespace and the name of an event; the name alone is one of the default namespace.
pub fn split_event<'a>(name: &'a str, default: &'a str) -> (&'a str, &'a str) {
    match name.split_once(',') {
        Some((namespace, name)) if namespace.starts_with('/') => (namespace, name),
        _ => (default, name),
    }
}

fn record(value: &Value, default: &str) -> Result<Record, String> {
    let items = value.as_array().ok_or("a record is no list")?;
    let number = |place: usize| {
        items
            .get(place)
            .and_then(Value::as_u64)
            .ok_or("a number is missing")
    };
    let rid = || number(1).map(|rid| rid as u32);
    Ok(match (number(0)?, items.len()) {
        (0, 13 | 16) => Record::Job(value.clone()),
        (1 | 6 | 7, 8) => Record::Own,
        (2, 10) => Record::Status(status(&items[1..])?),
        (3, 7) => Record::Log,
        (4, _) => Record::Answer(rid()?, items[2].clone()),
        (5, 4) => Record::Refusal(rid()?, number(2)? as u8),
        (8, 11) => Record::Channel(text(&items[1]).ok_or("no namespace")?, status(&items[2..])?),
        (9, 11) => {
            let name = text(&items[1]).ok_or("no name")?;
            let (namespace, name) = split_event(&name, default);
            Record::Event(Heard {
                namespace: namespace.to_owned(),
                name: name.to_owned(),
                args: items[2].clone(),
                seq: number(3)?,
                job: text(&items[6]),
                invalid: text(&items[7]),
                reply: number(8)?,
                attachments: ids(&items[9])?,
            })
        }
        (10, 4) => Record::Acknowledged(rid()?, items[2].clone(), ids(&items[3])?),
        (kind, length) => return Err(format!("record {kind} of {length} elements")),
    })
}

/// The records of a batch.
pub fn read(batch: &str, default: &str) -> Result<Vec<Record>, String> {
    let all: Vec<Value> =
        serde_json::from_str(&format!("[{batch}]")).map_err(|error| error.to_string())?;
    let read = |value: &Value| record(value, default).map_err(|why| format!("{why}: {value}"));
    all.iter().map(read).collect()
}
