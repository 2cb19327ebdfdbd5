//! System E: one socket a session, sentences instead of states, no reads over HTTP.

use crate::rig::{Rig, answer, config};
use jobwire::core::{Config, Gen, Problem};
use serde_json::Value;

fn sessions() -> Config {
    Config {
        path: "/api/images_mvp/progress/{id}".into(),
        interval: 0,
        ..config()
    }
}

fn served() -> (Rig, Gen) {
    let mut rig = Rig::new(sessions());
    rig.follow("s");
    let r#gen = rig.socket();
    rig.opened(r#gen);
    rig.frame(
        r#gen,
        r#"{"type":"connected","sessionId":"s","timestamp":"2025-01-15T10:30:45Z"}"#,
    );
    (rig, r#gen)
}

fn says(rig: &mut Rig, r#gen: Gen, progress: u32, sentence: &str) -> Value {
    let text = format!(r#"{{"type":"progress","progress":{progress},"status":"{sentence}"}}"#);
    rig.frame(r#gen, &text);
    rig.job("s")
}

/// Of the last status told.
fn problem(rig: &Rig) -> u64 {
    let statuses = rig
        .page
        .records
        .iter()
        .rev()
        .filter(|record| record[0] == "status");
    statuses
        .filter_map(|record| record[1]["problem"].as_u64())
        .next()
        .unwrap_or(0)
}

#[test]
fn a_sentence_is_shown_and_a_hundred_is_the_end() {
    let (mut rig, r#gen) = served();
    let job = says(&mut rig, r#gen, 30, "Uploading file...");
    assert_eq!(
        (&job["status"], &job["progress"], &job["message"]),
        (&"running".into(), &30.into(), &"Uploading file...".into())
    );
    let job = says(&mut rig, r#gen, 100, "Extraction complete!");
    assert_eq!(job["status"], "completed");
    rig.asked();
    rig.pass(100_000);
    assert!(
        rig.asked().is_empty(),
        "an end is an end, whoever closes the socket"
    );
}

#[test]
fn a_failure_at_zero_fails_the_job_and_holds_the_bar() {
    let (mut rig, r#gen) = served();
    says(&mut rig, r#gen, 70, "Analyzing results...");
    let job = says(&mut rig, r#gen, 0, "Extraction failed");
    assert_eq!(
        (&job["status"], &job["progress"], &job["message"]),
        (&"failed".into(), &70.into(), &"Extraction failed".into())
    );
}

#[test]
fn a_zero_that_tells_of_no_failure_holds_the_bar() {
    let (mut rig, r#gen) = served();
    says(&mut rig, r#gen, 70, "Analyzing results...");
    let job = says(&mut rig, r#gen, 0, "Please wait");
    assert_eq!(
        (&job["status"], &job["progress"]),
        (&"running".into(), &70.into())
    );
}

#[test]
fn pings_are_answered_and_ours_measure_the_round_trip() {
    let (mut rig, r#gen) = served();
    rig.asked();
    rig.frame(r#gen, r#"{"type":"ping"}"#);
    assert!(rig.sent()[0].starts_with(r#"{"type":"pong","timestamp":"#));
    rig.send("ping", r#"{"jobId":"s"}"#, None, None);
    rig.pass(40);
    rig.frame(r#gen, r#"{"type":"pong"}"#);
    let last = |rig: &Rig| {
        let mut statuses = rig
            .page
            .records
            .iter()
            .rev()
            .filter(|record| record[0] == "status");
        statuses.next().map(|record| record[1]["roundTrip"].clone())
    };
    assert_eq!(last(&rig), Some(40.into()));
    // One that nobody asked for measures nothing.
    rig.pass(1000);
    rig.frame(r#gen, r#"{"type":"pong"}"#);
    assert_eq!(last(&rig), Some(40.into()));
}

#[test]
fn a_missing_endpoint_is_told_apart_from_a_network_that_is_down() {
    for (status, expected) in [(404, Problem::OnlyHttp), (0, Problem::Unreachable)] {
        let mut rig = Rig::new(sessions());
        rig.follow("s");
        let r#gen = rig.socket();
        rig.closed(r#gen, 1006);
        assert_eq!(problem(&rig), Problem::NotOpened as u64);
        let probes = rig.probes();
        assert_eq!(probes[0].1, "http://a/api/images_mvp/progress/s");
        rig.http(probes[0].0, answer(status, ""));
        assert_eq!(problem(&rig), expected as u64);
    }
}

#[test]
fn a_probe_that_nobody_answers_means_unreachable() {
    let mut rig = Rig::new(sessions());
    rig.follow("s");
    let r#gen = rig.socket();
    rig.closed(r#gen, 1006);
    assert_eq!(rig.probes().len(), 1);
    rig.pass(10_000);
    assert_eq!(problem(&rig), Problem::Unreachable as u64);
}

#[test]
fn no_such_job_has_words_of_its_own() {
    let mut rig = Rig::new(sessions());
    rig.follow("s");
    let r#gen = rig.socket();
    rig.opened(r#gen);
    rig.closed(r#gen, 4404);
    assert_eq!(problem(&rig), Problem::NoSuchJob as u64);
    assert_eq!(rig.state(), "waiting");
}
