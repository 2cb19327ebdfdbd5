//! What holds for every event, whatever it says.

use super::tests::*;
use super::*;
use crate::core::jobs::status::Status;
use proptest::prelude::*;

fn any_payload() -> impl Strategy<Value = serde_json::Value> {
    let id = prop_oneof![
        (0u32..9).prop_map(serde_json::Value::from),
        "[a-c]{1,3}".prop_map(serde_json::Value::from)
    ];
    let word = prop::sample::select(vec![
        "running", "failed", "analyzed", "done", "odd", "queued",
    ]);
    let name = prop::sample::select(vec![
        "jobId",
        "job_id",
        "trackId",
        "playlist_id",
        "id",
        "status",
        "newStatus",
        "progress",
        "phase",
        "error",
        "x",
    ]);
    let value = prop_oneof![
        id,
        word.prop_map(serde_json::Value::from),
        Just(serde_json::json!({"processed": 1, "total": 2})),
        Just(serde_json::Value::Null),
        any::<f64>().prop_map(serde_json::Value::from),
        any::<bool>().prop_map(serde_json::Value::from),
    ];
    prop::collection::btree_map(name, value, 0..6).prop_map(|members| members.into_iter().collect())
}

fn any_event() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "job_status",
        "job_status_changed",
        "enrichment_job_started",
        "enrichment_job_failed",
        "bulk_import_progress",
        "batch_complete",
        "track_enriched",
        "track_status_changed",
        "playlist_updated",
        "metric_update",
        "activity_logged",
        "ping",
        "party",
    ])
}

/// What a frame says but its payload, which a flat envelope is a part of.
fn meaning(frame: &str) -> Vec<(String, Status, Vec<String>)> {
    let mut found = Vec::new();
    decode(&mut Scanner::new(frame), true, &names(), &mut |one| {
        found.push(match one {
            Ok(message) => {
                let texts = [
                    Field::Job,
                    Field::Track,
                    Field::Playlist,
                    Field::New,
                    Field::Stage,
                    Field::Reason,
                ];
                let numbers = [Field::Processed, Field::Total, Field::Progress];
                let mut said: Vec<String> = texts
                    .iter()
                    .map(|field| {
                        format!(
                            "{:?}",
                            message
                                .news
                                .text(*field)
                                .map(|text| text.get().into_owned())
                        )
                    })
                    .collect();
                said.extend(
                    numbers
                        .iter()
                        .map(|field| message.news.number(*field).to_string()),
                );
                (message.name.to_owned(), message.news.status, said)
            }
            Err(invalid) => (
                invalid.event.unwrap_or("").to_owned(),
                Status::Unknown,
                vec![invalid.code.to_owned(), invalid.reason.to_owned()],
            ),
        });
    });
    found
}

proptest! {
    #[test]
    fn envelopes_are_equal(event in any_event(), payload in any_payload()) {
        let nested = serde_json::json!({"type": event, "data": payload}).to_string();
        let other = serde_json::json!({"event": event, "data": payload}).to_string();
        let mut flat = payload;
        flat["type"] = event.into();
        let expected = meaning(&nested);
        prop_assert_eq!(expected.len(), 1);
        prop_assert_eq!(&meaning(&other), &expected);
        prop_assert_eq!(&meaning(&flat.to_string()), &expected);
    }

    #[test]
    fn other_names_change_nothing(event in any_event(), payload in any_payload()) {
        let names = Maps {
            fields: r#"{"jobId":"job","status":"state","type":"kind"}"#.into(),
            events: r#"{"w":"job_status"}"#.into(),
            ..Maps::default()
        };
        let mut theirs = serde_json::Map::new();
        for (name, value) in payload.as_object().unwrap() {
            let name = match name.as_str() {
                "jobId" => "job",
                "status" => "state",
                name => name,
            };
            theirs.insert(name.to_owned(), value.clone());
        }
        let wire = if event == "job_status" { "w" } else { event };
        let frame = serde_json::json!({"kind": wire, "data": theirs}).to_string();
        let ours = serde_json::json!({"type": event, "data": payload}).to_string();
        let known = known::event(event).is_some();
        let (mut theirs, mut ours) = (read_with(&names, &frame), read(&ours));
        if !known {
            // An app's own events keep their names.
            theirs.clear();
            ours.clear();
        }
        // The order of members is that of the message.
        for said in theirs.iter_mut().chain(&mut ours) {
            if let Some(at) = said.find('{') {
                let payload: serde_json::Value = serde_json::from_str(said.get(at..).unwrap()).unwrap();
                said.replace_range(at.., &payload.to_string());
            }
        }
        prop_assert_eq!(theirs, ours);
    }

    #[test]
    fn whatever_comes_is_a_message_or_invalid(frame in any::<String>()) {
        prop_assert!(!read(&frame).is_empty());
    }

    #[test]
    fn whatever_looks_like_json_too(frame in r#"[\[\]{}",:a-e0-9 \n\\typedatvn]{0,60}"#) {
        prop_assert!(!read(&frame).is_empty());
        decode_snapshot(&frame, &names(), &mut |_| {});
    }
}
