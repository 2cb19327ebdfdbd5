//! What the page must know when every message that reached the client is taken at its word.

use crate::server::Message;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A track or playlist.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entity {
    pub status: Option<String>,
    pub previous: Option<String>,
    pub data: Map<String, Value>,
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn member(payload: &Map<String, Value>, names: &[&str]) -> Option<String> {
    names
        .iter()
        .find_map(|name| payload.get(*name))
        .and_then(text_of)
}

/// The job a message names, by the event it is.
pub fn job_of(message: &Message) -> Option<String> {
    let names: &[&str] = match message.event {
        "job_status" | "job_status_changed" => &["jobId", "job_id", "id"],
        "bulk_import_progress" => &["jobId", "importId"],
        _ => &["jobId", "job_id"],
    };
    member(&message.payload, names)
}

/// The job whose end a message tells, if it tells one: a track that failed ends none.
pub fn end_of(message: &Message) -> Option<String> {
    let said = |name: &str| message.payload.get(name).and_then(Value::as_str);
    let ended = match message.event {
        "job_status" | "job_status_changed" => {
            let word = said("status").or(said("newStatus"))?;
            let ends = ["completed", "failed", "cancelled"].contains(&word);
            ends && !(word == "failed" && message.payload.contains_key("trackId"))
        }
        event => ["enrichment_job_completed", "enrichment_job_failed"].contains(&event),
    };
    job_of(message).filter(|_| ended)
}

/// Total, processed, succeeded and failed, as far as a message tells them.
pub fn counts_of(message: &Message) -> [Option<u64>; 4] {
    match message.event {
        "bulk_import_progress" => counted(&message.payload),
        _ => match message.payload.get("progress") {
            Some(Value::Object(progress)) => counted(progress),
            _ => [None; 4],
        },
    }
}

pub fn counted(progress: &Map<String, Value>) -> [Option<u64>; 4] {
    let number = |names: &[&str]| names.iter().find_map(|name| progress.get(*name)?.as_u64());
    [
        number(&["total"]),
        number(&["tracksProcessed", "completed"]),
        number(&["tracksSucceeded"]),
        number(&["tracksFailed"]),
    ]
}

/// The track or playlist that a message is about: its kind and id.
pub fn entity_of(message: &Message) -> Option<(&'static str, String)> {
    let names: (&'static str, &[&str]) = match message.event {
        "track_enriched" | "track_status_changed" | "job_status" => {
            ("track", &["trackId", "track_id"])
        }
        "playlist_updated"
        | "playlist_error"
        | "metric_update"
        | "follower_count_updated"
        | "analytics_updated" => ("playlist", &["playlistId", "playlist_id", "id"]),
        _ => return None,
    };
    Some((names.0, member(&message.payload, names.1)?))
}

/// What an event is about, for listeners; `None`: each is told. One of the app is about anything only if its name has
/// an interval: about the job that it names, or about the same as all others.
pub fn key_of(message: &Message, intervals: &BTreeMap<String, u64>) -> Option<String> {
    let of_job = || job_of(message).map(|id| format!("job {id}"));
    match message.event {
        "batch_complete" => None,
        event if intervals.get(event) == Some(&0) => None,
        _ if end_of(message).is_some() => of_job(),
        event if OF_THE_APP.contains(&event) => {
            let own = intervals.contains_key(event);
            own.then(|| of_job().unwrap_or_default())
        }
        _ => entity_of(message)
            .map(|(kind, id)| format!("{kind} {id}"))
            .or_else(of_job)
            .or_else(|| intervals.contains_key(message.event).then(String::new)),
    }
}

/// Events that the core does not know.
const OF_THE_APP: [&str; 3] = ["party", "progress", "job_progress"];

/// The table of tracks and playlists.
#[derive(Default)]
pub struct Entities(pub BTreeMap<(String, String), Entity>);

impl Entities {
    pub fn take_in(&mut self, message: &Message) {
        let Some((kind, id)) = entity_of(message) else {
            return;
        };
        let entity = self.0.entry((kind.to_owned(), id)).or_default();
        let mut members = message.payload.clone();
        if let Some(Value::Object(updates)) = members.remove("updates") {
            members.extend(updates);
        }
        entity.data.extend(members);
        let said = |name: &str| message.payload.get(name).and_then(text_of);
        let new = match message.event {
            "track_enriched" => Some("enriched".to_owned()),
            "playlist_error" => Some("error".to_owned()),
            "track_status_changed" => said("newStatus"),
            "job_status" => said("status").map(|status| match status.as_str() {
                "analyzed" | "failed" => status,
                _ => "pending".to_owned(),
            }),
            _ => None,
        };
        if let Some(new) = new {
            if let Some(old) = said("oldStatus") {
                entity.previous = Some(old);
            } else if entity.status.as_ref() != Some(&new) {
                entity.previous = entity.status.clone();
            }
            entity.status = Some(new);
        }
    }
}
