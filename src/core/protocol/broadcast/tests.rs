use super::*;

pub(super) fn names() -> Maps {
    Maps::default()
}

/// What a frame holds: event, kind, job, status, payload; or the event and code of what is wrong.
pub(super) fn read_with(names: &Maps, frame: &str) -> Vec<String> {
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

pub(super) fn read(frame: &str) -> Vec<String> {
    read_with(&names(), frame)
}

/// The one message of a frame, and texts of its fields.
pub(super) fn fields(frame: &str, wanted: &[Field]) -> Vec<String> {
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
