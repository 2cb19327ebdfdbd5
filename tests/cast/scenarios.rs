//! Stories of systems A and C, step by step.

use crate::rig::Rig;
use jobwire::core::{Ask, Input, Output};
use serde_json::{Value, json};

fn names(events: &[(String, Value)]) -> Vec<&str> {
    events.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn a_burst_of_metrics_is_told_first_and_last_once_a_second() {
    let (mut rig, r#gen) = Rig::open(&[]);
    for value in 0..100 {
        rig.event(
            r#gen,
            "metric_update",
            &format!(r#"{{"playlistId":1,"value":{value}}}"#),
        );
    }
    rig.event(r#gen, "metric_update", r#"{"playlistId":2,"value":0}"#);
    assert!(rig.is_dirty());
    assert_eq!(
        rig.take(),
        [
            (
                "metric_update".into(),
                json!({"playlistId": 1, "value": 99})
            ),
            ("metric_update".into(), json!({"playlistId": 2, "value": 0})),
        ]
    );
    rig.event(r#gen, "metric_update", r#"{"playlistId":1,"value":100}"#);
    rig.event(r#gen, "metric_update", r#"{"playlistId":1,"value":101}"#);
    assert!(!rig.is_dirty());
    rig.pass(999);
    assert!(!rig.is_dirty() && rig.take().is_empty());
    rig.pass(1);
    assert!(rig.is_dirty());
    assert_eq!(
        rig.take(),
        [(
            "metric_update".into(),
            json!({"playlistId": 1, "value": 101})
        )]
    );
    let rows = rig.engine.audit();
    let row = rows
        .iter()
        .find(|row| row.event == "metric_update")
        .unwrap();
    assert_eq!((row.received, row.delivered), (103, 3));
}

#[test]
fn what_is_held_back_outlives_the_connection() {
    let (mut rig, r#gen) = Rig::open(&[]);
    rig.event(r#gen, "metric_update", r#"{"playlistId":1,"value":1}"#);
    rig.take();
    rig.event(r#gen, "metric_update", r#"{"playlistId":1,"value":2}"#);
    rig.input(Input::Closed {
        r#gen,
        code: 1006,
        reason: String::new(),
    });
    rig.is_dirty();
    rig.pass(1000);
    assert_eq!(
        rig.take(),
        [("metric_update".into(), json!({"playlistId": 1, "value": 2}))]
    );
}

#[test]
fn an_end_is_told_at_once_and_takes_what_came_before_along() {
    let (mut rig, r#gen) = Rig::open(&[]);
    rig.command(Ask::Follow, 0.0, "7");
    rig.told();
    rig.event(r#gen, "track_enriched", r#"{"trackId":1}"#);
    rig.event(r#gen, "job_status", r#"{"jobId":7,"status":"running"}"#);
    rig.event(r#gen, "activity_logged", r#"{"text":"a"}"#);
    assert!(rig.events().is_empty());
    rig.event(
        r#gen,
        "job_status",
        r#"{"jobId":7,"status":"failed","error":"no room"}"#,
    );
    let told = rig.told();
    let kinds: Vec<u64> = told
        .iter()
        .map(|record| record[0].as_u64().unwrap())
        .collect();
    assert_eq!(kinds, [0, 6, 6, 6]);
    assert_eq!((&told[0][2], &told[0][13]), (&json!(4), &json!("no room")));
    assert_eq!(told[3][2]["status"], "failed");
    // Said before the next frame, and then no more.
    rig.event(r#gen, "track_enriched", r#"{"trackId":1,"again":true}"#);
    assert_eq!(rig.take(), []);
    rig.pass(16);
    assert_eq!(
        rig.take(),
        [(
            "track_enriched".into(),
            json!({"trackId": 1, "again": true})
        )]
    );
    // An end is told once.
    rig.event(
        r#gen,
        "job_status",
        r#"{"jobId":7,"status":"failed","error":"no room"}"#,
    );
    rig.pass(16);
    assert_eq!(rig.take(), []);
}

/// From a worker, what a frame took reaches the page after it: perhaps together with what is told at once.
#[test]
fn what_is_told_at_once_takes_along_what_no_frame_of_the_page_was_told() {
    for late in [false, true] {
        let (mut rig, r#gen) = Rig::open(&[]);
        let enriched = |n: u32| format!(r#"{{"trackId":1,"n":{n}}}"#);
        for n in 0..3 {
            rig.event(r#gen, "track_enriched", &enriched(n));
            rig.pass(16);
            rig.told();
            rig.input(Input::Take { late });
            assert_eq!(names(&rig.events()), ["track_enriched"], "{n}");
            rig.event(r#gen, "track_enriched", &enriched(n + 10));
            rig.event(r#gen, "batch_complete", "{}");
            let told = rig.events();
            let all = ["track_enriched", "batch_complete"];
            assert_eq!(names(&told), all[usize::from(late)..], "{n}");
            if !late {
                // So it is not told with the next frame.
                rig.event(r#gen, "track_enriched", &enriched(n + 20));
                rig.input(Input::Take { late });
                assert_eq!(names(&rig.events()), [""; 0], "{n}");
            }
        }
        rig.pass(16);
        rig.input(Input::Take { late });
        assert_eq!(names(&rig.events()), ["track_enriched"]);
    }
}

#[test]
fn a_complete_batch_is_told_at_once_and_each_of_them() {
    let (mut rig, r#gen) = Rig::open(&[]);
    rig.frame(
        r#gen,
        "{\"type\":\"batch_complete\",\"batch\":1}\n{\"type\":\"batch_complete\",\"batch\":2}",
    );
    assert_eq!(names(&rig.events()), ["batch_complete", "batch_complete"]);
}

#[test]
fn events_of_the_app_are_all_told_in_order() {
    let (mut rig, r#gen) = Rig::open(&[]);
    for n in 0..3 {
        rig.event(r#gen, "party", &n.to_string());
        rig.event(r#gen, "track_enriched", r#"{"trackId":1}"#);
    }
    let told = rig.take();
    assert_eq!(names(&told), ["party", "party", "party", "track_enriched"]);
    assert_eq!(told[0].1, 0);
}

#[test]
fn an_event_of_the_app_may_have_an_interval() {
    let (mut rig, r#gen) = Rig::open(&[(30, r#""{\"party\":200}""#)]);
    rig.event(r#gen, "party", "1");
    rig.event(r#gen, "party", "2");
    assert_eq!(rig.take(), [("party".into(), json!(2))]);
    rig.event(r#gen, "party", "3");
    assert_eq!(rig.take(), []);
    rig.pass(200);
    assert_eq!(rig.take(), [("party".into(), json!(3))]);
}

#[test]
fn an_interval_of_nothing_means_that_each_is_told() {
    let (mut rig, r#gen) = Rig::open(&[(30, r#""{\"job_status\":0}""#)]);
    for progress in ["1", "2", "3"] {
        let payload = format!(r#"{{"jobId":7,"status":"running","progress":{progress}}}"#);
        rig.event(r#gen, "job_status", &payload);
        rig.event(r#gen, "job_status_changed", &payload);
    }
    let told = rig.take();
    let each = [
        "job_status",
        "job_status",
        "job_status",
        "job_status_changed",
    ];
    assert_eq!(names(&told), each);
    assert_eq!(
        (&told[0].1["progress"], &told[3].1["progress"]),
        (&json!(1), &json!(3))
    );
}

/// They name nothing, and have the same figures: those of all playlists.
#[test]
fn analytics_take_the_place_of_earlier_ones_and_what_is_logged_does_not() {
    let (mut rig, r#gen) = Rig::open(&[]);
    for n in 0..3 {
        rig.event(r#gen, "analytics_updated", &format!(r#"{{"tracks":{n}}}"#));
        rig.event(r#gen, "activity_logged", &format!(r#"{{"text":"{n}"}}"#));
    }
    let told = rig.take();
    let logged = "activity_logged";
    assert_eq!(names(&told), [logged, logged, "analytics_updated", logged]);
    assert_eq!(told[2].1["tracks"], 2);
}

#[test]
fn counts_are_kept_as_counts() {
    let (mut rig, r#gen) = Rig::open(&[]);
    rig.command(Ask::Follow, 0.0, "7");
    rig.take();
    let mut job = |progress: &str| {
        let payload =
            format!(r#"{{"jobId":7,"trackId":1,"status":"analyzed","progress":{progress}}}"#);
        rig.event(r#gen, "job_status", &payload);
        rig.input(Input::Take { late: false });
        let told = rig.told();
        let job = told.iter().find(|record| record[0] == 0);
        job.map(|job| json!([job[3], job[16], job[17], job[18], job[19]]))
    };
    let processed = r#"{"tracksProcessed":3,"tracksSucceeded":2,"tracksFailed":1}"#;
    assert_eq!(job(processed), Some(json!([null, null, 3, 2, 1])));
    assert_eq!(
        job(r#"{"tracksProcessed":2,"tracksSucceeded":2,"tracksFailed":0}"#),
        None
    );
    assert_eq!(
        job(r#"{"tracksProcessed":4,"total":8}"#),
        Some(json!([50, 8, 4, 2, 1]))
    );
    // The total grew: the bar holds.
    assert_eq!(
        job(r#"{"tracksProcessed":5,"total":50}"#),
        Some(json!([50, 50, 5, 2, 1]))
    );
    assert_eq!(job("70"), Some(json!([70, 50, 5, 2, 1])));
}

#[test]
fn a_track_that_failed_does_not_end_its_job() {
    let (mut rig, r#gen) = Rig::open(&[]);
    rig.command(Ask::Follow, 0.0, "7");
    rig.command(Ask::WatchEntities, 1.0, "track");
    rig.take();
    rig.event(
        r#gen,
        "job_status",
        r#"{"jobId":7,"trackId":5,"status":"failed","timestamp":"t"}"#,
    );
    rig.input(Input::Take { late: false });
    let told = rig.told();
    assert_eq!((&told[0][0], &told[0][2]), (&json!(0), &json!(2)));
    let data = json!({"jobId": 7, "trackId": 5, "status": "failed", "timestamp": "t"});
    assert_eq!(
        told[1],
        json!([11, "track", "5", "failed", null, 1_000_000, 0, data])
    );
    assert_eq!(told[2][1], "job_status");
}

#[test]
fn a_table_has_the_newest_of_each_member() {
    let (mut rig, r#gen) = Rig::open(&[]);
    rig.event(
        r#gen,
        "metric_update",
        r#"{"playlistId":"p","metrics":1,"seen":true}"#,
    );
    rig.frame(r#gen, r#"{"type":"playlist_updated","playlistId":"p","id":3,"updates":{"name":"n","seen":false}}"#);
    rig.event(
        r#gen,
        "playlist_error",
        r#"{"playlist_id":"p","error":"gone"}"#,
    );
    rig.command(Ask::WatchEntities, 1.0, "playlist");
    rig.input(Input::Take { late: false });
    let told = rig.told();
    let entity = told.iter().find(|record| record[0] == 11).unwrap();
    assert_eq!(
        entity[7],
        json!({"playlistId": "p", "playlist_id": "p", "id": 3, "metrics": 1, "seen": false, "name": "n", "error": "gone"})
    );
    assert_eq!(
        (&entity[1], &entity[3]),
        (&json!("playlist"), &json!("error"))
    );
    // Nothing changes, nothing is told.
    rig.event(
        r#gen,
        "playlist_error",
        r#"{"playlist_id":"p","error":"gone"}"#,
    );
    rig.input(Input::Take { late: false });
    assert!(rig.told().iter().all(|record| record[0] != 11));
}

#[test]
fn a_track_goes_from_one_state_to_another() {
    let (mut rig, r#gen) = Rig::open(&[]);
    rig.command(Ask::WatchEntities, 1.0, "track");
    let mut states = Vec::new();
    for (event, payload) in [
        (
            "track_status_changed",
            r#"{"trackId":1,"oldStatus":"pending","newStatus":"enriching"}"#,
        ),
        ("track_enriched", r#"{"trackId":"1"}"#),
    ] {
        rig.event(r#gen, event, payload);
        rig.input(Input::Take { late: false });
        let told = rig.told();
        let entity = told.iter().find(|record| record[0] == 11).unwrap();
        states.push(json!([entity[2], entity[4], entity[3]]));
    }
    assert_eq!(
        states,
        [
            json!(["1", "pending", "enriching"]),
            json!(["1", "enriching", "enriched"])
        ]
    );
}

#[test]
fn those_that_changed_longest_ago_are_forgotten() {
    let (mut rig, r#gen) = Rig::open(&[]);
    rig.command(Ask::WatchEntities, 1.0, "track");
    let lines = |ids: std::ops::Range<u32>| -> String {
        ids.map(|id| format!("{{\"type\":\"track_enriched\",\"trackId\":{id}}}\n"))
            .collect()
    };
    rig.frame(r#gen, &lines(0..50_000));
    // The first one changes, so the second one is the oldest.
    rig.frame(
        r#gen,
        r#"{"type":"track_enriched","trackId":0,"again":true}"#,
    );
    rig.input(Input::Take { late: false });
    rig.told();
    rig.frame(r#gen, &lines(50_000..50_001));
    rig.input(Input::Take { late: false });
    let told: Vec<Value> = rig
        .told()
        .into_iter()
        .filter(|record| record[0] == 11)
        .collect();
    assert_eq!(told.len(), 2);
    assert_eq!(told[0], json!([11, "track", "1", null, null, 0, 0, null]));
    assert_eq!(told[1][2], "50000");
}

#[test]
fn without_a_socket_jobs_are_read_and_an_end_is_told_as_the_server_would() {
    for (listened, told_as) in [
        ("", "job_status"),
        ("enrichment_job_completed", "enrichment_job_completed"),
        ("job_status_changed", "job_status_changed"),
        ("enrichment_job_failed", "job_status"),
    ] {
        let (mut rig, r#gen) = Rig::open(&[(1, r#""/jobs/{id}""#), (2, "3000")]);
        if !listened.is_empty() {
            rig.command(Ask::Listen, 1.0, listened);
        }
        rig.command(Ask::Follow, 0.0, "7");
        rig.answer(r#"{"id":7,"status":"running","progress":{"tracksProcessed":1,"total":4}}"#);
        rig.input(Input::Closed {
            r#gen,
            code: 1006,
            reason: String::new(),
        });
        rig.pass(3000);
        rig.told();
        rig.answer(r#"{"id":7,"status":"completed","progress":{"tracksProcessed":4,"total":4}}"#);
        let told = rig.told();
        let job = told.iter().find(|record| record[0] == 0).unwrap();
        assert_eq!(
            json!([job[2], job[3], job[16], job[17]]),
            json!([3, 100, 4, 4])
        );
        let event = told.iter().find(|record| record[0] == 7).unwrap();
        assert_eq!((&event[1], &event[6]), (&json!(told_as), &json!("7")));
        assert_eq!(
            event[2].as_array().unwrap()[..],
            job.as_array().unwrap()[1..]
        );
    }
}

#[test]
fn bad_messages_are_told_of_and_the_connection_lives_on() {
    let (mut rig, r#gen) = Rig::open(&[]);
    rig.frame(r#gen, "{oops");
    rig.event(r#gen, "job_status", r#"{"jobId":1,"status":"odd"}"#);
    rig.event(r#gen, "ping", "{}");
    let told = rig.take();
    assert_eq!(names(&told), ["invalid", "invalid", "ping"]);
    assert_eq!(
        (&told[0].1[2], &told[1].1[1]),
        (&json!("not-json"), &json!("job_status"))
    );
    let pong = |output: &Output| matches!(output, Output::Send { text, .. } if text.starts_with("{\"type\":\"pong\""));
    assert!(rig.asked.iter().any(pong));
}

/// What its policy says becomes of an event that does not fit; listeners of `invalid` hear of it in any case.
#[test]
fn what_does_not_fit_is_counted_as_it_was_told() {
    for (policy, is_told, is_kept) in [("0", 0, false), ("1", 1, true), ("2", 0, true)] {
        let (mut rig, r#gen) = Rig::open(&[(20, policy)]);
        rig.event(r#gen, "job_status", r#"{"jobId":1,"status":"odd"}"#);
        let told = rig.take();
        assert_eq!(
            names(&told),
            ["invalid", "job_status"][..1 + is_told],
            "{policy}"
        );
        let rows = rig.engine.audit();
        let figures = |event: &str| {
            let row = rows.iter().find(|row| row.event == event).unwrap();
            (row.received, row.delivered, row.invalid)
        };
        assert_eq!(figures("invalid"), (1, 1, 0), "{policy}");
        assert_eq!(figures("job_status"), (1, is_told as u64, 1), "{policy}");
        assert_eq!(rig.engine.inspect(1).contains("odd"), is_kept, "{policy}");
    }
}

#[test]
fn a_server_may_have_other_names() {
    let (mut rig, r#gen) = Rig::open(&[
        (28, r#""{\"type\":\"kind\",\"jobId\":\"task\"}""#),
        (29, r#""{\"task\":\"job_status\"}""#),
    ]);
    rig.command(Ask::Follow, 0.0, "7");
    rig.take();
    rig.frame(
        r#gen,
        r#"{"kind":"task","data":{"task":7,"status":"running"}}"#,
    );
    assert_eq!(
        rig.take(),
        [(
            "job_status".into(),
            json!({"jobId": 7, "status": "running"})
        )]
    );
}

#[test]
fn nothing_is_told_after_the_end() {
    let (mut rig, r#gen) = Rig::open(&[]);
    rig.command(Ask::WatchEntities, 1.0, "playlist");
    rig.event(r#gen, "metric_update", r#"{"playlistId":1}"#);
    rig.asked.clear();
    rig.command(Ask::Shutdown, 0.0, "");
    rig.input(Input::Take { late: false });
    assert!(rig.events().is_empty() && !rig.is_dirty());
    assert_eq!(rig.engine.next_deadline(), None);
}

#[test]
fn an_end_told_by_two_events_reaches_the_listeners_of_both_and_keeps_what_each_counts() {
    let (mut rig, r#gen) = Rig::open(&[]);
    rig.command(Ask::Follow, 0.0, "7");
    rig.told();
    rig.event(
        r#gen,
        "job_status_changed",
        r#"{"jobId":7,"status":"completed"}"#,
    );
    assert_eq!(names(&rig.events()), ["job_status_changed"]);
    let end = r#"{"jobId":7,"progress":{"processed":3,"succeeded":2,"failed":1,"total":3}}"#;
    rig.event(r#gen, "enrichment_job_completed", end);
    rig.input(Input::Take { late: false });
    let told = rig.told();
    let job = told.iter().find(|record| record[0] == 0).unwrap();
    assert_eq!(
        json!([job[16], job[17], job[18], job[19]]),
        json!([3, 3, 2, 1])
    );
    assert!(
        told.iter()
            .any(|record| record[1] == "enrichment_job_completed")
    );
    rig.event(r#gen, "enrichment_job_completed", end);
    rig.pass(16);
    assert_eq!(rig.take(), []);
}

#[test]
fn the_end_of_a_job_that_names_a_track_is_its_jobs() {
    let (mut rig, r#gen) = Rig::open(&[]);
    let said =
        |job: u32, status: &str| format!(r#"{{"jobId":{job},"trackId":5,"status":"{status}"}}"#);
    rig.event(r#gen, "job_status", &said(1, "completed"));
    assert_eq!(names(&rig.events()), ["job_status"], "at once");
    rig.event(r#gen, "job_status", &said(2, "processing"));
    rig.event(r#gen, "job_status", &said(1, "completed"));
    rig.pass(16);
    let told = rig.take();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].1["jobId"], 2);
}

#[test]
fn an_end_may_correct_what_was_counted() {
    let (mut rig, r#gen) = Rig::open(&[]);
    rig.command(Ask::Follow, 0.0, "7");
    let mut said = |status: &str, succeeded: u32, failed: u32| {
        rig.event(
            r#gen,
            "job_status",
            &format!(
                r#"{{"jobId":7,"status":"{status}","progress":{{"tracksProcessed":5,"tracksSucceeded":{succeeded},"tracksFailed":{failed}}}}}"#
            ),
        );
        rig.input(Input::Take { late: false });
        let told = rig.told();
        let job = told.iter().rev().find(|record| record[0] == 0);
        job.map(|job| json!([job[18], job[19]]))
    };
    assert_eq!(said("running", 4, 1), Some(json!([4, 1])));
    assert_eq!(said("completed", 5, 0), Some(json!([5, 0])));
}

#[test]
fn everyday_words_that_are_no_counts_spoil_no_end() {
    let (mut rig, r#gen) = Rig::open(&[]);
    rig.command(Ask::Follow, 0.0, "7");
    rig.take();
    rig.event(
        r#gen,
        "enrichment_job_failed",
        r#"{"jobId":7,"failed":true,"error":"no room"}"#,
    );
    assert_eq!(names(&rig.events()), ["enrichment_job_failed"]);
}
