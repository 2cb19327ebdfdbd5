use super::*;
use crate::core::jobs::status::Status;
use proptest::prelude::*;

/// A message, kept.
struct Seen {
    kind: Kind,
    name: String,
    job: Option<String>,
    status: Status,
    progress: f64,
    attempt: f64,
    seconds: f64,
    retryable: bool,
    texts: [Option<String>; 3],
}

/// An invalid one, kept.
#[derive(Debug)]
struct Bad {
    code: &'static str,
    reason: String,
}

fn keep(found: Result<&Message<'_>, &Invalid<'_>>) -> Result<Seen, Bad> {
    match found {
        Ok(message) => {
            let text = |field| message.news.text(field).map(|text| text.get().into_owned());
            Ok(Seen {
                kind: message.kind,
                name: message.name.to_owned(),
                job: message.job.map(str::to_owned),
                status: message.news.status,
                progress: message.news.number(Field::Progress),
                attempt: message.news.number(Field::Attempt),
                seconds: message.news.number(Field::Duration),
                retryable: message.news.flag(Field::Retryable),
                texts: [Field::Stage, Field::Reason, Field::FailedStage].map(text),
            })
        }
        Err(invalid) => Err(Bad {
            code: invalid.code,
            reason: invalid.reason.to_owned(),
        }),
    }
}

fn all(frame: &str) -> Vec<Result<Seen, Bad>> {
    let mut found = Vec::new();
    decode(&mut Scanner::new(frame), true, &mut |message| {
        found.push(keep(message));
    });
    found
}

fn snapshot(body: &str) -> Result<Seen, Bad> {
    let mut found = Vec::new();
    decode_snapshot(body, &mut |message| found.push(keep(message)));
    assert_eq!(found.len(), 1, "{body}");
    found.remove(0)
}

fn one(frame: &str) -> Result<Seen, Bad> {
    let mut found = all(frame);
    assert_eq!(found.len(), 1, "{frame}");
    found.remove(0)
}

#[test]
fn reads_progress() {
    let message = one(
        r#"{"type":"progress","job_id":"550e","progress":45,"stage":"separation","message":"Separated drums stem (2/4)","timestamp":"2025-01-15T10:30:45Z","attempt":2}"#,
    )
    .unwrap();
    assert_eq!(message.kind, Kind::Progress);
    assert_eq!(message.job.as_deref(), Some("550e"));
    assert_eq!(message.progress, 45.0);
    assert_eq!(message.texts[0].as_deref(), Some("separation"));
    assert_eq!(message.attempt, 2.0);
}

#[test]
fn reads_the_end_of_a_job() {
    let done = one(r#"{"type":"completed","job_id":"j","progress":100,"result_url":"/r","duration_seconds":125}"#).unwrap();
    assert_eq!(done.status, Status::Completed);
    assert_eq!(done.seconds, 125.0);
    let failed = one(r#"{"type":"error","job_id":"j","error":{"message":"GPU","retryable":true,"stage":"separation"}}"#).unwrap();
    assert!(failed.retryable);
    assert_eq!(
        failed.texts.map(Option::unwrap_or_default),
        ["", "GPU", "separation"]
    );
}

#[test]
fn a_sentence_tells_the_ends_where_there_are_no_events_for_them() {
    let said = |progress: u32, sentence: &str| {
        let seen = one(&format!(
            r#"{{"type":"progress","progress":{progress},"status":"{sentence}"}}"#
        ));
        seen.unwrap().status
    };
    assert_eq!(said(90, "Finalizing results..."), Status::Running);
    assert_eq!(said(100, "Extraction complete!"), Status::Completed);
    assert_eq!(said(0, "Extraction failed"), Status::Failed);
    assert_eq!(said(0, "ERROR: no such file"), Status::Failed);
    assert_eq!(said(0, "Upload failure (timeout)"), Status::Failed);
    assert_eq!(said(0, "Waiting for a worker"), Status::Running);
    assert_eq!(said(0, "Loading error model..."), Status::Running);
    assert_eq!(said(0, "0 failed so far"), Status::Running);
    assert_eq!(said(40, "2 of 5 failed so far"), Status::Running);
    // A state's name beside a number is no sentence: another message tells of the end.
    for name in ["running", "Processing", "completed", "done", "finished"] {
        assert_eq!(said(100, name), Status::Running, "{name}");
    }
    assert_eq!(said(0, "failed"), Status::Running);
    for word in ["Complete", "Done", "SUCCESS"] {
        assert_eq!(said(100, word), Status::Completed, "{word}");
    }
    for word in ["Failed", "Error", "FAILURE"] {
        assert_eq!(said(0, word), Status::Failed, "{word}");
    }
    let failed = one(r#"{"type":"progress","progress":0,"status":"Extraction failed"}"#).unwrap();
    assert_eq!(failed.texts[1].as_deref(), Some("Extraction failed"));
}

#[test]
fn a_frame_holds_one_message_or_an_array_or_lines() {
    let (a, b) = (
        r#"{"type":"heartbeat"}"#,
        r#"{"type":"progress","progress":1}"#,
    );
    for frame in [
        format!("{a}\n{b}"),
        format!("[{a},{b}]"),
        format!("[ {a} ]\n[{b}]\n"),
        format!("\r\n{a}{b}"),
    ] {
        let kinds: Vec<Kind> = all(&frame).into_iter().map(|m| m.unwrap().kind).collect();
        assert_eq!(kinds, [Kind::Heartbeat, Kind::Progress], "{frame}");
    }
    assert!(all("[]").is_empty());
}

#[test]
fn a_break_costs_only_the_rest_of_its_frame() {
    let found = all("{\"type\":\"heartbeat\"}\n{\"type\":");
    assert!(found[0].is_ok());
    assert_eq!(found[1].as_ref().err().unwrap().code, "not-json");
    assert_eq!(found.len(), 2);
}

#[test]
fn a_wrong_element_costs_only_itself() {
    let found =
        all(r#"[{"type":"heartbeat"},7,{"type":"progress","progress":"45"},{"type":"pong"}]"#);
    let codes: Vec<&str> = found
        .iter()
        .map(|m| m.as_ref().map_or_else(|e| e.code, |_| "ok"))
        .collect();
    assert_eq!(codes, ["ok", "not-an-object", "wrong-type", "ok"]);
}

#[test]
fn a_frame_of_many_values_that_are_no_messages_is_read_in_one_go() {
    let frame = "1 ".repeat(200_000);
    assert_eq!(all(&frame).len(), 200_000);
}

#[test]
fn says_what_is_wrong() {
    for (frame, code, reason) in [
        (
            r#"{"type":"progress","progress":"45"}"#,
            "wrong-type",
            r#"progress: expected a number from 0 to 100, got a string ("45")"#,
        ),
        (
            r#"{"type":"progress","progress":-1}"#,
            "out-of-range",
            "progress: expected a number from 0 to 100, got a number (-1)",
        ),
        (
            r#"{"type":"progress","progress":1e9}"#,
            "out-of-range",
            "progress: expected a number from 0 to 100, got a number (1000000000)",
        ),
        (
            r#"{"type":"progress","progress":1e999}"#,
            "out-of-range",
            "progress: expected a number from 0 to 100, got a number",
        ),
        (r#"{"type":"progress"}"#, "wrong-type", "progress: missing"),
        (
            r#"{"type":"progress","progress":NaN}"#,
            "not-json",
            "not JSON at byte 30",
        ),
        (
            r#"{"type":"progress","progress":1,"stage":7}"#,
            "wrong-type",
            "stage: expected a string, got a number (7)",
        ),
        (
            r#"{"type":"progress","progress":1,"job_id":{}}"#,
            "wrong-type",
            "job_id: expected a string or a number, got an object",
        ),
        (
            r#"{"type":"progress","progress":1,"attempt":1.5}"#,
            "out-of-range",
            "attempt: expected a whole number, got a number (1.5)",
        ),
        (r#"{"type":"error"}"#, "wrong-type", "error: missing"),
        (
            r#"{"type":"error","error":"boom"}"#,
            "wrong-type",
            r#"error: expected an object, got a string ("boom")"#,
        ),
        (
            r#"{"type":"error","error":{}}"#,
            "wrong-type",
            "error.message: expected a string, got nothing",
        ),
        (
            r#"{"type":"error","error":{"message":"m","retryable":"yes"}}"#,
            "wrong-type",
            r#"error.retryable: expected a boolean, got a string ("yes")"#,
        ),
        (
            r#"{"type":7}"#,
            "no-type",
            "type: expected a string, got a number (7)",
        ),
        ("{}", "no-type", "type: missing"),
        (
            "\"hello\"",
            "not-an-object",
            r#"expected an object, got a string ("hello")"#,
        ),
        ("", "empty", "an empty frame"),
        (" \n ", "empty", "an empty frame"),
        ("hello", "not-json", "not JSON at byte 0"),
    ] {
        let invalid = one(frame).err().unwrap();
        assert_eq!(
            (invalid.code, invalid.reason.as_str()),
            (code, reason),
            "{frame}"
        );
    }
}

#[test]
fn ids_are_strings_or_numbers_as_written() {
    for (frame, id) in [
        (
            r#"{"type":"progress","progress":1,"job_id":"a\u0062"}"#,
            "ab",
        ),
        (
            r#"{"type":"progress","progress":1,"jobId": 12345678901234567890 }"#,
            "12345678901234567890",
        ),
        (
            r#"{"id":3,"type":"progress","progress":1,"session_id":"s"}"#,
            "s",
        ),
        (
            r#"{"type":"progress","progress":1,"session_id":"s","id":3}"#,
            "s",
        ),
    ] {
        assert_eq!(one(frame).unwrap().job.as_deref(), Some(id), "{frame}");
    }
}

#[test]
fn an_unknown_event_may_use_any_field_as_it_likes() {
    let message = one(r#"{"type":"party","job_id":[1],"progress":"lots","error":0}"#).unwrap();
    assert_eq!(
        (message.kind, message.name.as_str(), message.job),
        (Kind::Other, "party", None)
    );
}

#[test]
fn reads_a_snapshot() {
    let message = snapshot(r#"{"job_id":"j","status":"RUNNING","progress":12.5,"stage":"hash","message":null,"attempt":1,"error":null}"#).unwrap();
    assert_eq!(message.status, Status::Running);
    assert_eq!(message.progress, 12.5);
    for (body, code) in [
        ("", "empty"),
        ("[]", "not-an-object"),
        ("{\"status\":\"asleep\"}", "wrong-type"),
        ("{}", "wrong-type"),
        ("{}{}", "not-json"),
        ("<html>", "not-an-object"),
    ] {
        assert_eq!(snapshot(body).err().unwrap().code, code, "{body}");
    }
}

#[test]
fn our_messages_are_flat_like_the_servers() {
    for (data, text) in [
        (None, r#"{"type":"go \"on\""}"#),
        (Some("{}"), r#"{"type":"go \"on\""}"#),
        (Some(r#"{"a":1}"#), r#"{"type":"go \"on\"","a":1}"#),
        (Some("[1]"), r#"{"type":"go \"on\"","data":[1]}"#),
        (Some("7"), r#"{"type":"go \"on\"","data":7}"#),
    ] {
        assert_eq!(encode("go \"on\"", data), text);
        serde_json::from_str::<serde_json::Value>(text).unwrap();
    }
}

proptest! {
    #[test]
    fn never_panics_and_always_answers(frame in any::<String>()) {
        prop_assert!(!all(&frame).is_empty() || frame.trim().starts_with('['));
    }

    #[test]
    fn every_valid_progress_is_read(progress in 0.0..=100.0f64, stage in any::<String>(), id in any::<String>(), attempt in 0u32..1_000_000) {
        let frame = serde_json::json!({"type": "progress", "job_id": id, "progress": progress, "stage": stage, "attempt": attempt}).to_string();
        let message = one(&frame).unwrap();
        prop_assert_eq!(message.job.as_deref(), Some(id.as_str()));
        prop_assert_eq!(message.texts[0].as_deref(), Some(stage.as_str()));
        prop_assert!((message.progress - progress).abs() < 1e-9);
        prop_assert_eq!(message.attempt, f64::from(attempt));
    }
}

#[test]
fn frames_of_one_text_are_kept_apart() {
    let text = "{\"type\":\"ping\"}\u{1e}{\"type\":\u{1e} \u{1e}[{\"type\":\"pong\"}\u{1e}7\u{1e}8";
    let mut scanner = Scanner::new(text);
    let mut found = Vec::new();
    for frame in 0..5 {
        decode(&mut scanner, frame == 4, &mut |message| {
            found.push(
                message.map_or_else(|e| (e.code, e.raw.to_owned()), |m| ("ok", m.raw.to_owned())),
            );
        });
        scanner.step();
    }
    let found: Vec<_> = found.iter().map(|(c, raw)| (*c, raw.as_str())).collect();
    assert_eq!(
        found,
        [
            ("ok", "{\"type\":\"ping\"}"),
            ("not-json", "{\"type\":"),
            ("empty", " "),
            ("ok", "{\"type\":\"pong\"}"),
            ("not-json", "[{\"type\":\"pong\"}"),
            ("not-an-object", "7\u{1e}8"),
            ("not-json", "7\u{1e}8"),
        ]
    );
}
