//! What the engine says of itself, with names: figures, links, followed jobs, history and audit. How many reminders of
//! deadlines it keeps is left out: that is structure, and no behaviour.

use super::named::{STATES, known, plain};
use jobwire::core::{Ask, AuditRow, Engine, Input};
use serde_json::{Map, Value, json};
use std::fmt::Write;

const LINKS: [&str; 5] = ["token", "connecting", "open", "waiting", "down"];

const SERVERS: [&str; 3] = ["none", "socket", "polling"];

/// What waits, then counters.
const FIGURES: [&str; 31] = [
    "outgoing",
    "outgoingBytes",
    "reading",
    "readsInLine",
    "jobsInLine",
    "reminders",
    "overflowed",
    "frames",
    "bytes",
    "events",
    "invalid",
    "late",
    "duplicates",
    "afterEnd",
    "stale",
    "opened",
    "reconnected",
    "handshakeTimeouts",
    "silences",
    "wakes",
    "reads",
    "failedReads",
    "expired",
    "refusedJobs",
    "forgottenJobs",
    "cutTexts",
    "forgottenEntities",
    "leftOutMembers",
    "unkeptEvents",
    "unnamedEvents",
    "droppedReplies",
];

/// Whether little is left to be found behind an input.
pub fn ends(input: &Input) -> bool {
    matches!(input, Input::Command(command) if matches!(command.what, Ask::Shutdown | Ask::Disconnect))
}

/// Appends a line for each thing that is found.
pub fn write(out: &mut String, engine: &Engine) {
    let text = engine.inspect(0);
    let lists: Vec<Value> = serde_json::from_str(&text).unwrap();
    let [_answer, _rid, figures, links, followed, history] = lists.as_slice() else {
        panic!("{text} has other lists");
    };
    writeln!(out, "  found {}", figures_of(elements(figures))).unwrap();
    for link in elements(links).chunks(4) {
        let link = known(json!({
            "jobId": link[0],
            "state": word(&LINKS, &link[1]),
            "attempt": link[2],
            "silentForMs": link[3],
        }));
        writeln!(out, "  link {link}").unwrap();
    }
    for job in elements(followed).chunks(3) {
        let job = json!({
            "jobId": job[0],
            "servedBy": word(&SERVERS, &job[1]),
            "followers": job[2],
        });
        writeln!(out, "  followed {job}").unwrap();
    }
    for event in elements(history).chunks(5) {
        let event = known(json!({
            "seq": event[0],
            "at": event[1],
            "event": event[2],
            "payload": event[3],
            "invalid": event[4],
        }));
        writeln!(out, "  kept {event}").unwrap();
    }
    for row in engine.audit() {
        writeln!(out, "  counted {}", row_of(&row)).unwrap();
    }
}

/// The elements of a list behind the first, which means nothing.
fn elements(list: &Value) -> Vec<Value> {
    list.as_array().unwrap().iter().skip(1).map(plain).collect()
}

fn word(words: &[&'static str], number: &Value) -> &'static str {
    words[number.as_u64().unwrap() as usize]
}

fn figures_of(figures: Vec<Value>) -> Value {
    let mut figures = figures.into_iter();
    let mut found = Map::new();
    let state = figures.next().unwrap();
    found.insert("state".into(), word(&STATES, &state).into());
    found.insert("jobs".into(), figures.next().unwrap());
    assert_eq!(figures.len(), FIGURES.len(), "figures of an inspection");
    for (name, figure) in FIGURES.into_iter().zip(figures) {
        found.insert(name.into(), figure);
    }
    found.remove("reminders");
    found.into()
}

fn row_of(row: &AuditRow) -> Value {
    known(json!({
        "event": row.event,
        "received": row.received,
        "delivered": row.delivered,
        "invalid": row.invalid,
        "listeners": row.listeners,
        "unhandled": row.unhandled,
        "lastAt": Some(row.last_at).filter(|at| *at > 0),
    }))
}
