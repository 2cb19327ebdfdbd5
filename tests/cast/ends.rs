//! Ends where there is no room: no bound keeps them back, and the audit counts nothing that was dropped as delivered.

use crate::rig::Rig;
use jobwire::core::{Ask, Gen, Input};

fn large() -> String {
    format!(
        "{{\"event\":\"note\",\"data\":{{\"text\":\"{}\"}}}}",
        "x".repeat(3 << 20)
    )
}

fn figures(rig: &Rig, event: &str) -> (u64, u64) {
    let rows = rig.engine.audit();
    let row = rows.iter().find(|row| row.event == event).unwrap();
    (row.received, row.delivered)
}

fn frames(rig: &mut Rig, socket: Gen, frames: &[String]) {
    rig.input(Input::Frames {
        text: frames.join("\u{1e}"),
        gens: vec![socket; frames.len()],
    });
}

#[test]
fn an_end_passes_where_nothing_else_does() {
    let (mut rig, socket) = Rig::open(&[]);
    rig.command(Ask::Follow, 0.0, "7");
    let mut messages = vec![large(); 4];
    for end in [
        r#"{"event":"job_status","data":{"jobId":7,"status":"completed"}}"#,
        r#"{"event":"batch_complete","data":{}}"#,
    ] {
        messages.push(end.into());
    }
    frames(&mut rig, socket, &messages);
    let told: Vec<String> = rig.events().into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        told,
        ["note", "note", "note", "job_status", "batch_complete"]
    );
    assert_eq!(
        (figures(&rig, "job_status"), figures(&rig, "note")),
        ((1, 1), (4, 3))
    );
    assert_eq!(figures(&rig, "batch_complete"), (1, 1));
}

#[test]
fn what_was_replaced_before_it_was_handed_over_does_not_count_as_delivered() {
    let (mut rig, socket) = Rig::open(&[]);
    for n in 0..3 {
        rig.event(
            socket,
            "track_enriched",
            &format!(r#"{{"trackId":1,"n":{n}}}"#),
        );
    }
    assert_eq!(rig.take().len(), 1);
    assert_eq!(figures(&rig, "track_enriched"), (3, 1));
}

/// Each end takes along what names its job, and leaves the rest where it is.
#[test]
fn ends_among_ten_thousand_held_events_take_along_their_own() {
    let (mut rig, socket) = Rig::open(&[]);
    let updates = |n: u32| -> Vec<String> {
        (0..10_000)
            .map(|job| format!(r#"{{"event":"metric_update","data":{{"jobId":"j{job}","playlistId":{job},"value":{n}}}}}"#))
            .collect()
    };
    frames(&mut rig, socket, &updates(1));
    assert_eq!(rig.take().len(), 10_000);
    // Their interval is a second: each of these waits.
    frames(&mut rig, socket, &updates(2));
    assert_eq!(rig.take().len(), 0);
    let end = |job: u32| {
        format!(r#"{{"event":"job_status","data":{{"jobId":"j{job}","status":"completed"}}}}"#)
    };
    for job in 0..100 {
        frames(&mut rig, socket, &[end(job)]);
        let told: Vec<String> = rig.events().into_iter().map(|(name, _)| name).collect();
        assert_eq!(told, ["metric_update", "job_status"], "{job}");
    }
    // Very many at once cost no more each.
    let ends: Vec<String> = (100..9000).map(end).collect();
    frames(&mut rig, socket, &ends);
    let told: Vec<String> = rig.events().into_iter().map(|(name, _)| name).collect();
    let (updates, ends) = told.split_at(8900);
    assert!(updates.iter().all(|name| name == "metric_update"));
    assert!(ends.iter().all(|name| name == "job_status") && ends.len() == 8900);
    rig.pass(1000);
    assert_eq!(rig.take().len(), 1000);
}
