//! The records of a batch with their members by name: docs/core-messages.md says what stands at which place of a list.
//! A member that is not known, or does not apply, is absent. Payloads stay what they are.

use jobwire::core::Problem;
use serde_json::{Map, Value, json};

const STATUSES: [&str; 6] = [
    "unknown",
    "queued",
    "running",
    "completed",
    "failed",
    "cancelled",
];

const SOURCES: [&str; 3] = ["socket", "polling", "tab"];

pub const STATES: [&str; 8] = [
    "idle",
    "connecting",
    "open",
    "waiting",
    "polling",
    "suspended",
    "failed",
    "closed",
];

const LOGS: [&str; 14] = [
    "connectionClosed",
    "connectionRefused",
    "connectionSilent",
    "token",
    "tooManyJobs",
    "queueExpired",
    "readFailed",
    "invalid",
    "failed",
    "bounded",
    "upgraded",
    "fellBack",
    "channelRefused",
    "tooLarge",
];

/// Their numbers begin with 1: 0 is none.
const PROBLEMS: [&str; 39] = [
    "closed",
    "givenUp",
    "queueFull",
    "noAddressee",
    "disconnected",
    "tokenRefused",
    "tokenMissing",
    "onlyHttp",
    "unreachable",
    "notOpened",
    "silent",
    "comeBackLater",
    "tokenTrouble",
    "lost",
    "readGivenUp",
    "readTimeout",
    "readUnreachable",
    "readNotFound",
    "readRateLimited",
    "readRejected",
    "readFailed",
    "readInvalid",
    "readWithoutToken",
    "pollingOff",
    "tooManyJobs",
    "noSuchJob",
    "redirected",
    "answerTooLarge",
    "oldServer",
    "notSocketIo",
    "refused",
    "refusedAuth",
    "kicked",
    "requestTimeout",
    "requestLost",
    "transportUnavailable",
    "protocolBroken",
    "tooLarge",
    "badMessage",
];

const _: () = assert!(PROBLEMS.len() == Problem::BadMessage as usize);

/// Places of a job: those behind the first are there with an error or counts, those behind the second with counts.
const JOB: usize = 12;
const FAILED_JOB: usize = 15;

/// The records of a batch.
pub fn records(batch: &str) -> Vec<Value> {
    let lists: Vec<Vec<Value>> = serde_json::from_str(&format!("[{batch}]")).unwrap();
    lists
        .iter()
        .map(|list| record(&mut Elements(list)))
        .collect()
}

/// The elements of a list that were not read yet.
struct Elements<'a>(&'a [Value]);

impl Elements<'_> {
    /// The next one; nothing behind the last.
    fn next(&mut self) -> Value {
        let Some((first, rest)) = self.0.split_first() else {
            return Value::Null;
        };
        self.0 = rest;
        plain(first)
    }

    fn flag(&mut self) -> bool {
        match self.next().as_u64() {
            Some(0) => false,
            Some(1) => true,
            _ => panic!("no flag stands before {:?}", self.0),
        }
    }

    fn number(&mut self) -> usize {
        let number = self.next().as_u64();
        number.unwrap_or_else(|| panic!("no number stands before {:?}", self.0)) as usize
    }

    fn word(&mut self, words: &[&'static str]) -> &'static str {
        words[self.number()]
    }

    fn problem(&mut self) -> Option<&'static str> {
        let place = self.number().checked_sub(1)?;
        Some(PROBLEMS[place])
    }

    fn text(&mut self) -> String {
        match self.next() {
            Value::String(text) => text,
            other => panic!("{other} is no text"),
        }
    }
}

/// Whole numbers without a point, wherever they stand.
pub fn plain(value: &Value) -> Value {
    /// From here on not every whole number has a value of its own.
    const WHOLE: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(whole) if whole.fract() == 0.0 && whole.abs() < WHOLE => json!(whole as i64),
            _ => value.clone(),
        },
        Value::Array(list) => list.iter().map(plain).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| (name.clone(), plain(member)))
            .collect(),
        other => other.clone(),
    }
}

/// Without the members that are not known.
pub fn known(object: Value) -> Value {
    match object {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, member)| !member.is_null())
            .collect::<Map<_, _>>()
            .into(),
        other => panic!("{other} is no object"),
    }
}

fn record(list: &mut Elements<'_>) -> Value {
    let all = list.0;
    let named = match list.number() {
        0 => json!({ "type": "job", "job": job(list) }),
        1 => event(list, false),
        2 => json!({ "type": "status", "status": status(list) }),
        3 => json!({ "type": "log", "entry": log(list) }),
        4 => json!({ "type": "answer", "rid": list.next(), "value": answer(&list.next()) }),
        5 => json!({
            "type": "refusal",
            "rid": list.next(),
            "problem": list.problem(),
            "detail": list.next(),
        }),
        6 => event(list, true),
        7 => own_event(list),
        8 => json!({ "type": "channel", "namespace": list.next(), "status": status(list) }),
        9 => socket_event(list),
        10 => json!({
            "type": "acknowledgement",
            "rid": list.next(),
            "args": list.next(),
            "attachments": list.next(),
        }),
        11 => json!({ "type": "entity", "entity": entity(list) }),
        _ => panic!("{all:?} is no record"),
    };
    assert!(list.0.is_empty(), "{all:?} has more than {named}");
    named
}

fn job(list: &mut Elements<'_>) -> Value {
    let length = list.0.len();
    let mut job = json!({
        "id": list.next(),
        "status": list.word(&STATUSES),
        "progress": list.next(),
        "attempt": list.next(),
        "updatedAt": list.next(),
        "source": list.word(&SOURCES),
        "stale": list.flag(),
        "etaMs": list.next(),
        "durationSeconds": list.next(),
        "stage": list.next(),
        "message": list.next(),
        "resultUrl": list.next(),
    });
    if length > JOB {
        let message = list.next();
        let is_failed = !message.is_null();
        let error = json!({
            "message": message,
            "retryable": list.flag(),
            "stage": list.next(),
        });
        job["error"] = if is_failed { known(error) } else { Value::Null };
    }
    if length > FAILED_JOB {
        job["counts"] = known(json!({
            "total": list.next(),
            "processed": list.next(),
            "succeeded": list.next(),
            "failed": list.next(),
        }));
    }
    known(job)
}

fn entity(list: &mut Elements<'_>) -> Value {
    known(json!({
        "kind": list.next(),
        "id": list.next(),
        "status": list.next(),
        "previousStatus": list.next(),
        "updatedAt": list.next(),
        "source": list.word(&SOURCES),
        "data": list.next(),
    }))
}

fn meta(list: &mut Elements<'_>) -> Value {
    known(json!({
        "seq": list.next(),
        "at": list.next(),
        "source": list.word(&SOURCES),
        "jobId": list.next(),
        "invalid": list.next(),
    }))
}

fn event(list: &mut Elements<'_>, is_known: bool) -> Value {
    json!({
        "type": "event",
        "event": list.next(),
        "payload": list.next(),
        "known": is_known,
        "meta": meta(list),
    })
}

fn socket_event(list: &mut Elements<'_>) -> Value {
    let mut event = json!({
        "type": "socketEvent",
        "event": list.next(),
        "args": list.next(),
        "meta": meta(list),
    });
    let reply = list.number();
    if reply > 0 {
        event["reply"] = json!(reply);
    }
    event["attachments"] = list.next();
    event["known"] = json!(list.flag());
    event
}

/// An event of the core: what it is called says what its list has.
fn own_event(list: &mut Elements<'_>) -> Value {
    let name = list.text();
    let value = list.next();
    let Some(elements) = value.as_array() else {
        panic!("{value} is no list of {name}");
    };
    let mut elements = Elements(elements);
    let own = &mut elements;
    if !matches!(name.as_str(), "gap" | "reconnected" | "invalid") {
        return json!({ "type": "ended", "event": name, "job": job(own), "meta": meta(list) });
    }
    // It stands for nothing.
    own.next();
    let event = match name.as_str() {
        "gap" => json!({ "from": own.next(), "to": own.next(), "healed": own.flag() }),
        "reconnected" => json!({
            "attempts": own.next(),
            "downMs": own.next(),
            "transport": if own.flag() { "polling" } else { "websocket" },
            "recovered": own.flag(),
        }),
        _ => json!({
            "event": own.next(),
            "code": own.next(),
            "reason": own.next(),
            "raw": own.next(),
        }),
    };
    let mut event = known(event);
    event["type"] = json!(name);
    event["meta"] = meta(list);
    event
}

fn status(list: &mut Elements<'_>) -> Value {
    let state = list.word(&STATES);
    let mut status = json!({
        "state": state,
        "attempt": list.next(),
        "everConnected": list.flag(),
        "nextRetryAt": list.next(),
        "lastMessageAt": list.next(),
        "problem": list.problem(),
    });
    let polls = list.flag();
    status["transport"] = match state {
        "open" if !polls => json!("websocket"),
        "open" | "polling" => json!("polling"),
        _ => Value::Null,
    };
    status["said"] = list.next();
    status["data"] = list.next();
    status["rttMs"] = list.next();
    known(status)
}

fn log(list: &mut Elements<'_>) -> Value {
    let what = list.word(&LOGS);
    let mut entry = json!({
        "what": what,
        "at": list.next(),
        "hushed": list.next(),
        "problem": list.problem(),
    });
    let detail = list.text();
    let (code, detail) = match detail.split_once(' ') {
        Some((code, sentence)) if what == "invalid" => (Some(code), sentence),
        _ => (None, detail.as_str()),
    };
    entry["code"] = json!(code);
    entry["detail"] = json!(detail);
    entry["jobId"] = list.next();
    known(entry)
}

fn answer(value: &Value) -> Value {
    match value {
        Value::Null => json!("connected"),
        Value::Array(elements) => json!({ "job": job(&mut Elements(elements)) }),
        word => word.clone(),
    }
}
