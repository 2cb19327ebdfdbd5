use super::*;
use crate::core::jobs::job::Status;
use proptest::prelude::*;

fn names() -> Maps {
    Maps::default()
}

/// What a frame holds: event, kind, job, status, payload; or the event and code of what is wrong.
fn read_with(names: &Maps, frame: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut scanner = Scanner::new(frame);
    decode(&mut scanner, true, names, &mut |one| {
        found.push(match one {
            Ok(message) => format!(
                "{} {:?} {} {} {}",
                message.name,
                message.kind,
                message.job.unwrap_or("-"),
                message.news.status.as_str(),
                message.raw
            ),
            Err(invalid) => format!(
                "!{} {} {}",
                invalid.event.unwrap_or("-"),
                invalid.code,
                invalid.reason
            ),
        });
    });
    found
}

fn read(frame: &str) -> Vec<String> {
    read_with(&names(), frame)
}

/// The one message of a frame, and texts of its fields.
fn fields(frame: &str, wanted: &[Field]) -> Vec<String> {
    let mut found = Vec::new();
    let mut scanner = Scanner::new(frame);
    decode(&mut scanner, true, &names(), &mut |one| match one {
        Ok(message) => found.extend(wanted.iter().map(|field| match message.news.get(*field) {
            Value::String(text) => text.get().into_owned(),
            Value::Number(number) => number.to_string(),
            other => format!("{other:?}"),
        })),
        Err(invalid) => found.push(format!("!{}", invalid.reason)),
    });
    found
}

fn status_of(event: &str, payload: &str) -> String {
    let mut found = String::new();
    let frame = format!(r#"{{"type":"{event}","data":{payload}}}"#);
    decode(&mut Scanner::new(&frame), true, &names(), &mut |one| {
        found = match one {
            Ok(message) => message.news.status.as_str().to_owned(),
            Err(invalid) => format!("{}: {}", invalid.code, invalid.reason),
        };
    });
    found
}

#[test]
fn the_three_envelopes_say_the_same() {
    let said = "job_status State 7 running ";
    for (frame, payload) in [
        (
            r#"{"type":"job_status","data":{"jobId":7,"status":"running"}}"#,
            r#"{"jobId":7,"status":"running"}"#,
        ),
        (
            r#"{"data":{"jobId":"7","status":"RUNNING"},"event":"job_status"}"#,
            r#"{"jobId":"7","status":"RUNNING"}"#,
        ),
        (
            r#"{"type":"job_status","job_id":7,"status":"running"}"#,
            r#"{"type":"job_status","job_id":7,"status":"running"}"#,
        ),
    ] {
        assert_eq!(read(frame), [format!("{said}{payload}")]);
    }
}

#[test]
fn what_names_an_event() {
    for (frame, said) in [
        (r#"{"event":"x"}"#, r#"x Other - unknown {"event":"x"}"#),
        (r#"{"event":"x","type":5,"data":1}"#, "x Other - unknown 1"),
        (
            r#"{"event":"y","type":"x","data":null}"#,
            "x Other - unknown null",
        ),
        (
            r#"{"type":"ping"}"#,
            r#"ping Ping - unknown {"type":"ping"}"#,
        ),
        (
            r#"{"type":"progress","progress":"far"}"#,
            r#"progress Other - unknown {"type":"progress","progress":"far"}"#,
        ),
        (r#"{"data":{}}"#, "!- no-type type: missing"),
        (
            r#"{"type":5}"#,
            "!- no-type type: expected a string, got a number (5)",
        ),
        (
            r#"{"type":"job_status","data":[]}"#,
            "!job_status not-an-object expected an object, got an array",
        ),
        ("7", "!- not-an-object expected an object, got a number (7)"),
        ("", "!- empty an empty frame"),
        ("{", "!- not-json not JSON at byte 1"),
    ] {
        assert_eq!(read(frame), [said], "{frame}");
    }
}

#[test]
fn a_frame_holds_one_message_or_several() {
    let both = ["a Other - unknown 1", "b Other - unknown 2"];
    for frame in [
        "{\"type\":\"a\",\"data\":1}\n{\"event\":\"b\",\"data\":2}\n",
        r#"[{"type":"a","data":1},{"event":"b","data":2}]"#,
    ] {
        assert_eq!(read(frame), both);
    }
}

#[test]
fn words_of_a_job() {
    for (word, status) in [
        ("queued", "queued"),
        ("pending", "queued"),
        ("waiting", "queued"),
        ("processing", "running"),
        ("analyzing", "running"),
        ("Enriching", "running"),
        ("in_progress", "running"),
        ("complete", "completed"),
        ("done", "completed"),
        ("succeeded", "completed"),
        ("analyzed", "completed"),
        ("error", "failed"),
        ("canceled", "cancelled"),
        ("odd", "wrong-type: status: unknown word a string (\"odd\")"),
    ] {
        let payload = format!(r#"{{"jobId":1,"status":"{word}"}}"#);
        assert_eq!(status_of("job_status", &payload), status);
    }
}

#[test]
fn a_track_does_not_end_its_job() {
    for (word, job, track) in [
        ("analyzed", "running", "analyzed"),
        ("failed", "running", "failed"),
        ("odd", "running", "pending"),
        ("running", "running", "pending"),
        ("queued", "queued", "pending"),
        ("completed", "completed", "pending"),
    ] {
        let payload = format!(r#"{{"jobId":1,"trackId":5,"status":"{word}"}}"#);
        assert_eq!(status_of("job_status", &payload), job);
        let frame = format!(r#"{{"type":"job_status","data":{payload}}}"#);
        assert_eq!(fields(&frame, &[Field::Track, Field::New]), ["5", track]);
    }
}

#[test]
fn events_about_jobs() {
    for (event, payload, said) in [
        ("enrichment_job_started", r#"{"jobId":1}"#, "running"),
        (
            "enrichment_job_completed",
            r#"{"id":1,"status":7}"#,
            "completed",
        ),
        (
            "enrichment_job_failed",
            r#"{"job_id":1,"error":"no"}"#,
            "failed",
        ),
        ("enrichment_job_failed", "{}", "wrong-type: jobId: missing"),
        (
            "job_status_changed",
            r#"{"jobId":1,"newStatus":"running"}"#,
            "running",
        ),
        (
            "job_status_changed",
            r#"{"jobId":1}"#,
            "wrong-type: status: missing",
        ),
        (
            "bulk_import_progress",
            r#"{"importId":"i","completed":5,"total":10}"#,
            "running",
        ),
        (
            "bulk_import_progress",
            r#"{"importId":"i","completed":10,"total":10}"#,
            "running",
        ),
        (
            "bulk_import_progress",
            r#"{"importId":"i","completed":10,"total":10,"status":"done"}"#,
            "completed",
        ),
        (
            "bulk_import_progress",
            r#"{"completed":10,"total":10}"#,
            "unknown",
        ),
        (
            "bulk_import_progress",
            r#"{"completed":-1}"#,
            "out-of-range: completed: expected a whole number, got a number (-1)",
        ),
        (
            "batch_complete",
            r#"{"jobId":1,"status":"completed"}"#,
            "running",
        ),
        ("batch_complete", "{}", "unknown"),
        (
            "enrichment_phase_started",
            r#"{"jobId":1,"phase":2}"#,
            "running",
        ),
        ("track_enriched", "{}", "wrong-type: trackId: missing"),
        (
            "track_status_changed",
            r#"{"trackId":1}"#,
            "wrong-type: newStatus: missing",
        ),
        (
            "track_enriched",
            r#"{"trackId":true}"#,
            "wrong-type: trackId: expected a string or a number, got a boolean",
        ),
        (
            "chartmetric_progress",
            r#"{"progress":"5"}"#,
            "wrong-type: progress: expected an object or a number from 0 to 100, got a string (\"5\")",
        ),
        ("activity_logged", r#"{"status":7,"trackId":[]}"#, "unknown"),
    ] {
        assert_eq!(status_of(event, payload), said, "{event} {payload}");
    }
}

#[test]
fn counts_and_phases_are_read() {
    let frame = r#"{"event":"job_status","data":{"jobId":1,"status":"running","phase":2,
        "progress":{"tracksProcessed":3,"tracks_succeeded":2,"failed":1,"total":12}}}"#;
    assert_eq!(
        fields(
            frame,
            &[
                Field::Processed,
                Field::Succeeded,
                Field::Failed,
                Field::Total,
                Field::Stage,
                Field::Progress
            ]
        ),
        ["3", "2", "1", "12", "2", "Null"]
    );
    let frame =
        r#"{"event":"job_status","data":{"jobId":1,"status":"running","progress":{"total":"12"}}}"#;
    assert_eq!(
        fields(frame, &[]),
        ["!total: expected a whole number, got a string (\"12\")"]
    );
}

#[test]
fn why_a_job_failed() {
    for (payload, reason, stage) in [
        (r#"{"jobId":1,"error":"no"}"#, "no", "Null"),
        (
            r#"{"jobId":1,"error":{"message":"no","stage":"s"},"message":"m"}"#,
            "no",
            "s",
        ),
        (r#"{"jobId":1,"message":"m"}"#, "m", "Null"),
        (r#"{"jobId":1}"#, "Null", "Null"),
    ] {
        let frame = format!(r#"{{"event":"enrichment_job_failed","data":{payload}}}"#);
        assert_eq!(
            fields(&frame, &[Field::Reason, Field::FailedStage]),
            [reason, stage]
        );
    }
}

#[test]
fn a_snapshot_has_no_envelope() {
    let body = r#" {"id":7,"type":"analysis","status":"running","data":{},"tracksProcessed":3} "#;
    let mut found = Vec::new();
    decode_snapshot(body, &names(), &mut |one| {
        found.push(one.map_or_else(
            |invalid| invalid.code.to_owned(),
            |message| {
                let processed = message.news.number(Field::Processed);
                format!(
                    "{:?} {} {:?} {processed}",
                    message.job, message.name, message.news.status
                )
            },
        ));
    });
    assert_eq!(found, [r#"Some("7") snapshot Running 3"#]);
    for (body, code) in [
        ("", "empty"),
        ("[]", "not-an-object"),
        ("{}", "wrong-type"),
        (r#"{"status":"odd"}"#, "wrong-type"),
        (r#"{"status":"done"} 1"#, "not-json"),
    ] {
        let mut code_found = "";
        decode_snapshot(body, &names(), &mut |one| {
            code_found = one.err().map_or("", |wrong| wrong.code)
        });
        assert_eq!(code_found, code, "{body}");
    }
}

#[test]
fn a_server_may_have_other_names() {
    let names = Maps {
        fields: r#"{"type":"kind","data":"body","jobId":"job","tracksProcessed":"n"}"#.into(),
        events: r#"{"job":"job_status"}"#.into(),
        ..Maps::default()
    };
    for (frame, said) in [
        (
            r#"{"kind":"job","body":{"job":1,"status":"running","progress":{"n":1}}}"#,
            r#"job_status State 1 running {"jobId":1,"status":"running","progress":{"tracksProcessed":1}}"#,
        ),
        (
            r#"{"kind":"own","body":{"job":1}}"#,
            r#"own Other - unknown {"job":1}"#,
        ),
        (
            r#"{"kind":"job","jobId":1,"status":"running"}"#,
            "!job_status wrong-type jobId: missing",
        ),
        (r#"{"type":"x"}"#, "!- no-type type: missing"),
    ] {
        assert_eq!(read_with(&names, frame), [said]);
    }
}

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
