//! `stream`: one socket that carries every job, and one socket a job.

use crate::rig::Rig;
use crate::{Most, within, within_a_hidden_page};
use jobwire::core::{Ask, Backoff, Config, Input, LARGEST};

/// Where a frame is refused unread.
const LARGE: usize = LARGEST as usize - 4096;

fn config(path: &str) -> Config {
    Config {
        servers: vec!["://s".into()],
        path: path.into(),
        backoff: Backoff {
            jitter: 0,
            ..Backoff::default()
        },
        ..Config::default()
    }
}

/// A page that listens to everything and follows one job.
fn page(config: Config) -> Rig {
    let mut rig = Rig::new(config);
    rig.command(Ask::Listen, 1.0, "*");
    rig.command(Ask::Follow, 0.0, "followed");
    rig.opened();
    rig
}

fn shared() -> Rig {
    page(config("/stream"))
}

/// The same, and it looks at every job.
fn all() -> Rig {
    let mut rig = shared();
    rig.command(Ask::WatchAll, 1.0, "");
    rig
}

fn own() -> Rig {
    page(config("/{id}"))
}

fn end(rig: &mut Rig) {
    let before = rig.ends;
    rig.frame(r#"{"type":"completed","job_id":"followed"}"#.into());
    rig.pass(20);
    assert_eq!(rig.ends, before + 1, "the end of the job was not told");
}

#[test]
fn giant_texts() {
    let frames = |rig: &mut Rig| {
        for number in 0..675 {
            let text = "x".repeat(LARGE);
            rig.frame(format!(
                r#"{{"type":"progress","job_id":"job-{number}","progress":1,"message":"{text}"}}"#
            ));
        }
    };
    let most = Most { live: 40, peak: 64 };
    within("giant texts", most, shared, frames, |rig| {
        assert_eq!(rig.counter("cutTexts"), 675);
        assert!(rig.said("cutTexts: "), "{:?}", rig.bounds);
        assert!(rig.counter("unkeptEvents") > 600 && rig.said("unkeptEvents"));
        end(rig);
    });
}

#[test]
fn giant_texts_of_escapes() {
    let frames = |rig: &mut Rig| {
        for number in 0..100 {
            let text = r"\u0001".repeat(LARGE / 6);
            rig.frame(format!(
                r#"{{"type":"progress","job_id":"job-{number}","progress":1,"message":"{text}","stage":"s"}}"#
            ));
        }
    };
    within(
        "giant texts of escapes",
        Most { live: 40, peak: 64 },
        all,
        frames,
        end,
    );
}

#[test]
fn texts_of_jobs_as_long_as_they_may_be() {
    let frames = |rig: &mut Rig| {
        // A control character takes six bytes in a batch.
        let text = r"\u0001".repeat(65_536);
        for number in 0..1000 {
            rig.frame(format!(
                r#"{{"type":"progress","job_id":"job-{number}","progress":1,"message":"{text}","stage":"s"}}"#
            ));
        }
    };
    within(
        "texts of jobs",
        Most { live: 40, peak: 64 },
        all,
        frames,
        |rig| {
            assert!(rig.counter("forgottenJobs") > 700 && rig.said("forgottenJobs: "));
            assert!(rig.longest < 16 << 20, "a batch of {} bytes", rig.longest);
            end(rig);
        },
    );
}

#[test]
fn texts_of_one_socket_a_job() {
    let frames = |rig: &mut Rig| {
        for number in 0..100 {
            let text = "é".repeat(LARGE / 2);
            rig.frame(format!(
                r#"{{"type":"progress","progress":{number},"message":"{text}","stage":"s"}}"#
            ));
        }
    };
    within(
        "texts of one job",
        Most { live: 24, peak: 64 },
        own,
        frames,
        |rig| {
            assert_eq!(rig.counter("cutTexts"), 100);
            end(rig);
        },
    );
}

#[test]
fn a_giant_text_does_not_cost_the_end() {
    let frames = |rig: &mut Rig| {
        let text = "x".repeat(1 << 20);
        rig.frame(format!(
            r#"{{"type":"error","job_id":"failed","error":{{"message":"{text}","stage":"{text}"}}}}"#
        ));
        rig.frame(format!(
            r#"{{"type":"completed","job_id":"followed","message":"{text}","result_url":"{text}"}}"#
        ));
    };
    within(
        "an end with giant texts",
        Most { live: 24, peak: 64 },
        shared,
        frames,
        |rig| {
            assert_eq!(rig.ends, 1);
            assert_eq!(rig.counter("invalid"), 0);
            assert_eq!(rig.counter("cutTexts"), 4);
        },
    );
}

#[test]
fn jobs_by_the_million() {
    let frames = |rig: &mut Rig| {
        for number in 0..1_000_000 {
            let what = if number % 3 == 0 {
                "completed"
            } else {
                "progress"
            };
            rig.frame(format!(
                r#"{{"type":"{what}","job_id":"a-job-of-somebody-else-{number}","progress":1}}"#
            ));
        }
    };
    within(
        "jobs by the million",
        Most { live: 32, peak: 64 },
        all,
        frames,
        |rig| {
            assert_eq!(rig.counter("jobs"), 10_000);
            assert_eq!(rig.counter("refusedJobs"), 0);
            assert_eq!(rig.counter("forgottenJobs"), 990_001);
            assert!(rig.said("forgottenJobs: "), "{:?}", rig.bounds);
            end(rig);
        },
    );
}

#[test]
fn ends_by_the_thousand_in_one_frame() {
    let frames = |rig: &mut Rig| {
        for batch in 0..4 {
            let ends: Vec<String> = (0..20_000)
                .map(|job| format!(r#"{{"type":"completed","job_id":"job-{batch}-{job}"}}"#))
                .collect();
            rig.frame(ends.join("\n"));
        }
    };
    within(
        "ends in one frame",
        Most { live: 32, peak: 64 },
        all,
        frames,
        |rig| {
            assert_eq!(rig.counter("refusedJobs"), 0);
            end(rig);
        },
    );
}

#[test]
fn giant_ids_names_and_stages() {
    let frames = |rig: &mut Rig| {
        for number in 0..200 {
            let long = format!("{number}{}", "x".repeat(LARGE / 2));
            rig.frame(format!(
                r#"{{"type":"progress","job_id":"{long}","progress":1}}"#
            ));
            rig.frame(format!(r#"{{"type":"{long}","job_id":"a"}}"#));
            rig.frame(format!(
                r#"{{"type":"progress","job_id":"a","progress":1,"stage":"{long}"}}"#
            ));
            let digits = "7".repeat(LARGE / 2);
            rig.frame(format!(
                r#"{{"type":"progress","job_id":{digits},"progress":1}}"#
            ));
        }
    };
    within(
        "giant ids",
        Most { live: 24, peak: 64 },
        shared,
        frames,
        |rig| {
            assert_eq!(rig.counter("invalid"), 800);
            assert!(
                rig.logs.iter().all(|detail| detail.len() < 200),
                "{:?}",
                rig.logs
            );
            assert!(
                rig.logs
                    .iter()
                    .any(|detail| detail.starts_with("too-large "))
            );
            end(rig);
        },
    );
}

#[test]
fn ids_as_long_as_they_may_be() {
    let frames = |rig: &mut Rig| {
        for number in 0..40_000 {
            let id = format!("{number:0>1024}");
            rig.frame(format!(
                r#"{{"type":"progress","job_id":"{id}","progress":1,"stage":"{id}"}}"#
            ));
        }
    };
    within(
        "long ids",
        Most { live: 48, peak: 64 },
        all,
        frames,
        |rig| {
            assert_eq!(rig.counter("invalid"), 0);
            end(rig);
        },
    );
}

#[test]
fn event_names_by_the_million() {
    let frames = |rig: &mut Rig| {
        for number in 0..1_000_000 {
            rig.frame(format!(r#"{{"type":"an_event_of_nobody_{number}"}}"#));
        }
    };
    within_a_hidden_page(
        "names of events",
        Most { live: 32, peak: 64 },
        shared,
        frames,
        |rig| {
            assert!(rig.counter("unnamedEvents") > 999_000 && rig.said("unnamedEvents: "));
            end(rig);
        },
    );
}

#[test]
fn nested_payloads_and_broken_frames() {
    let frames = |rig: &mut Rig| {
        for _ in 0..100 {
            let deep = "[".repeat(LARGE);
            rig.frame(format!(r#"{{"type":"progress","extra":{deep}"#));
            rig.frame("7,".repeat(LARGE / 2));
            rig.frame(format!(r#"{{"type":{}"#, "\"".repeat(LARGE)));
            rig.frame("[1]".repeat(LARGE / 30));
        }
    };
    within(
        "broken frames",
        Most { live: 24, peak: 64 },
        shared,
        frames,
        end,
    );
}

#[test]
fn pings_by_the_thousand_in_one_frame() {
    let frames = |rig: &mut Rig| {
        rig.frame("{\"type\":\"ping\"}".repeat(LARGE / 16));
    };
    within(
        "pings",
        Most { live: 24, peak: 64 },
        shared,
        frames,
        |rig| {
            assert_eq!(rig.sent, LARGE as u64 / 16);
            end(rig);
        },
    );
}

#[test]
fn events_that_ended_jobs_are_read_again() {
    // One job, ended and begun anew in one frame, as often as there is room.
    let frames = |rig: &mut Rig| {
        let steps: Vec<String> = (2..50_000)
            .flat_map(|attempt| {
                [
                    format!(
                        r#"{{"type":"progress","job_id":"a","progress":1,"attempt":{attempt}}}"#
                    ),
                    format!(r#"{{"type":"completed","job_id":"a","attempt":{attempt}}}"#),
                ]
            })
            .collect();
        for _ in 0..2 {
            rig.frame(steps.join("\n"));
        }
    };
    within("attempts", Most { live: 40, peak: 64 }, all, frames, end);
}

#[test]
fn a_frame_that_is_too_large_is_made_up_for() {
    let mut rig = shared();
    let r#gen = rig.r#gen.unwrap();
    rig.answer(r#"{"job_id":"followed","status":"running","progress":5}"#.into());
    assert!(rig.reads.is_empty());
    let size = 5_000_000;
    rig.input(Input::Oversize { r#gen, size });
    rig.pass(2000);
    assert_eq!(rig.counter("invalid"), 1);
    assert!(
        rig.logs
            .iter()
            .any(|detail| detail.starts_with("too-large ")),
        "{:?}",
        rig.logs
    );
    assert_eq!(rig.reads.len(), 1);
    // Another one while that read is under way, which may have been answered before.
    rig.input(Input::Oversize { r#gen, size });
    rig.answer(r#"{"job_id":"followed","status":"running","progress":6}"#.into());
    rig.pass(2000);
    assert_eq!(rig.reads.len(), 1);
    rig.answer(r#"{"job_id":"followed","status":"completed"}"#.into());
    rig.pass(2000);
    assert_eq!((rig.ends, rig.reads.len()), (1, 0));
}

#[test]
fn jobs_that_are_tried_again_leave_nothing_behind() {
    let mut rig = shared();
    rig.frame(r#"{"type":"progress","job_id":"other","progress":1}"#.into());
    let text = "x".repeat(60_000);
    for attempt in 1..500 {
        rig.frame(format!(
            r#"{{"type":"error","job_id":"followed","attempt":{attempt},"error":{{"message":"{text}"}}}}"#
        ));
        rig.command(Ask::Retry, 0.0, "followed");
    }
    assert_eq!(rig.counter("forgottenJobs"), 0);
    assert_eq!(rig.counter("cutTexts"), 0);
}
