//! `broadcast`: one socket for every job, track and playlist.

use crate::rig::Rig;
use crate::{Most, within, within_a_hidden_page};
use jobwire::core::io::config::Maps;
use jobwire::core::protocol::Protocol;
use jobwire::core::{Ask, Config, Input, LARGEST};

const LARGE: usize = LARGEST as usize - 4096;

fn config() -> Config {
    Config {
        servers: vec!["://s".into()],
        path: "/".into(),
        protocol: Protocol::Broadcast,
        maps: Some(Maps {
            intervals: r#"{"metric_update":60000}"#.into(),
            ..Maps::default()
        }),
        ..Config::default()
    }
}

/// A page that looks at everything.
fn page() -> Rig {
    let mut rig = Rig::new(config());
    rig.command(Ask::Listen, 1.0, "*");
    rig.command(Ask::Follow, 0.0, "followed");
    rig.command(Ask::WatchAll, 1.0, "");
    rig.command(Ask::WatchEntities, 1.0, "track");
    rig.command(Ask::WatchEntities, 1.0, "playlist");
    rig.opened();
    rig
}

fn event(rig: &mut Rig, name: &str, payload: &str) {
    rig.frame([r#"{"event":""#, name, r#"","data":"#, payload, "}"].concat());
}

fn end(rig: &mut Rig) {
    let before = rig.ends;
    event(
        rig,
        "job_status",
        r#"{"jobId":"followed","status":"completed"}"#,
    );
    rig.pass(20);
    assert_eq!(rig.ends, before + 1, "the end of the job was not told");
}

#[test]
fn giant_texts() {
    let frames = |rig: &mut Rig| {
        for number in 0..675 {
            let text = "x".repeat(LARGE);
            event(
                rig,
                "job_status",
                &[
                    r#"{"jobId":"job-"#,
                    &number.to_string(),
                    r#"","status":"running","message":""#,
                    &text,
                    r#""}"#,
                ]
                .concat(),
            );
        }
    };
    within(
        "giant texts (broadcast)",
        Most { live: 48, peak: 64 },
        page,
        frames,
        |rig| {
            assert_eq!(rig.counter("cutTexts"), 675);
            end(rig);
        },
    );
}

#[test]
fn giant_members_of_entities() {
    let frames = |rig: &mut Rig| {
        for number in 0..200 {
            let text = "x".repeat(LARGE);
            event(
                rig,
                "playlist_updated",
                &format!(r#"{{"playlistId":"p{number}","updates":{{"name":"{text}"}}}}"#),
            );
            let text = "x".repeat(1_000_000);
            event(
                rig,
                "playlist_updated",
                &format!(r#"{{"playlistId":"q{number}","updates":{{"name":"{text}"}}}}"#),
            );
        }
    };
    within(
        "giant members",
        Most { live: 60, peak: 90 },
        page,
        frames,
        |rig| {
            assert_eq!(rig.counter("leftOutMembers"), 200);
            assert!(rig.counter("forgottenEntities") > 100 && rig.said("forgottenEntities: "));
            assert!(rig.longest < 16 << 20, "a batch of {} bytes", rig.longest);
            end(rig);
        },
    );
}

#[test]
fn entities_by_the_million() {
    let frames = |rig: &mut Rig| {
        for number in 0..1_000_000 {
            event(
                rig,
                "track_status_changed",
                &format!(r#"{{"trackId":"track-{number}","newStatus":"enriched","bpm":{number}}}"#),
            );
        }
    };
    within_a_hidden_page(
        "entities by the million",
        Most {
            live: 80,
            peak: 128,
        },
        page,
        frames,
        |rig| {
            assert_eq!(rig.counter("forgottenEntities"), 950_000);
            assert!(rig.said("forgottenEntities: "), "{:?}", rig.bounds);
            end(rig);
        },
    );
}

#[test]
fn long_ids_of_entities() {
    let frames = |rig: &mut Rig| {
        for number in 0..80_000 {
            let id = format!("{number:0>1020}");
            event(
                rig,
                "track_status_changed",
                &format!(r#"{{"trackId":"{id}","newStatus":"{id}","oldStatus":"{id}"}}"#),
            );
        }
    };
    within(
        "long ids of entities",
        Most {
            live: 80,
            peak: 128,
        },
        page,
        frames,
        end,
    );
}

#[test]
fn jobs_by_the_million() {
    let frames = |rig: &mut Rig| {
        for number in 0..1_000_000 {
            let state = if number % 3 == 0 {
                "completed"
            } else {
                "running"
            };
            event(
                rig,
                "job_status",
                &format!(r#"{{"jobId":"job-{number}","status":"{state}"}}"#),
            );
        }
    };
    within(
        "jobs by the million (broadcast)",
        Most { live: 64, peak: 96 },
        page,
        frames,
        |rig| {
            assert_eq!(rig.counter("jobs"), 10_000);
            assert_eq!(rig.counter("refusedJobs"), 0);
            end(rig);
        },
    );
}

#[test]
fn keys_that_wait_for_their_interval() {
    let frames = |rig: &mut Rig| {
        for number in 0..150_000 {
            let id = format!("{number:0>500}");
            event(
                rig,
                "metric_update",
                &format!(r#"{{"playlistId":"{id}","n":1}}"#),
            );
        }
    };
    within(
        "keys",
        Most {
            live: 100,
            peak: 160,
        },
        page,
        frames,
        end,
    );
}

#[test]
fn giant_ids_and_names() {
    let frames = |rig: &mut Rig| {
        for _ in 0..100 {
            let long = "x".repeat(LARGE);
            event(rig, &long, "{}");
            event(
                rig,
                "job_status",
                &format!(r#"{{"jobId":"{long}","status":"running"}}"#),
            );
            event(rig, "track_enriched", &format!(r#"{{"trackId":"{long}"}}"#));
            event(
                rig,
                "track_status_changed",
                &format!(r#"{{"trackId":"t","newStatus":"{long}"}}"#),
            );
            event(rig, "of_the_app", &format!(r#"{{"jobId":"{long}"}}"#));
        }
    };
    within(
        "giant ids (broadcast)",
        Most { live: 40, peak: 64 },
        page,
        frames,
        |rig| {
            assert_eq!(rig.counter("invalid"), 400);
            assert!(
                rig.logs.iter().all(|detail| detail.len() < 200),
                "{:?}",
                rig.logs
            );
            end(rig);
        },
    );
}

#[test]
fn event_names_by_the_million() {
    let frames = |rig: &mut Rig| {
        for number in 0..1_000_000 {
            event(rig, &format!("an_event_of_nobody_{number}"), "{}");
        }
    };
    within_a_hidden_page(
        "names of events (broadcast)",
        Most { live: 64, peak: 96 },
        page,
        frames,
        |rig| {
            assert!(rig.said("unnamedEvents: "));
            end(rig);
        },
    );
}

#[test]
fn a_frame_that_is_too_large_is_made_up_for() {
    let mut rig = page();
    let r#gen = rig.r#gen.unwrap();
    rig.answer(r#"{"jobId":"followed","status":"running"}"#.into());
    assert!(rig.reads.is_empty());
    rig.input(Input::Oversize {
        r#gen,
        size: 5_000_000,
    });
    rig.pass(2000);
    assert_eq!(rig.counter("invalid"), 1);
    rig.answer(r#"{"jobId":"followed","status":"completed"}"#.into());
    rig.pass(20);
    assert_eq!(rig.ends, 1);
}
