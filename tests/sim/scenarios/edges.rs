//! What falls between two stories: found by reading, each shown here before it was mended.

use crate::rig::{Rig, answer, completed, config, progress, shared, snapshot};
use jobwire::core::{Ask, Backoff, Command, Config, Output};

#[test]
fn a_message_whose_age_is_no_number_waits_as_long_as_any() {
    let mut rig = Rig::new(shared());
    rig.follow("a");
    let r#gen = rig.socket();
    rig.command(Command {
        max_age: f64::NAN,
        ..Command::new(Ask::Send, 90.0, "hello")
    });
    assert_eq!(rig.replies(90)[0][3], "queued");
    rig.pass(500);
    rig.opened(r#gen);
    assert_eq!(rig.sent(), ["{\"type\":\"hello\"}"]);
}

#[test]
fn a_volatile_message_does_not_wait_for_another_jobs() {
    let mut rig = Rig::new(config());
    rig.serve("a", 10);
    rig.follow("b");
    let waits = rig.send("hello", "{\"jobId\":\"b\"}", None, None);
    assert_eq!(rig.replies(waits)[0][3], "queued");
    rig.command(Command {
        data: Some("{\"jobId\":\"a\"}".into()),
        ..Command::new(Ask::SendVolatile, 91.0, "now")
    });
    assert_eq!(rig.replies(91)[0][3], "sent");
}

#[test]
fn messages_wait_for_the_socket_of_their_job_in_the_order_of_each() {
    let mut rig = Rig::new(config());
    for (job, event) in [("a", "one"), ("b", "two"), ("c", "three"), ("a", "four")] {
        let data = format!("{{\"jobId\":\"{job}\"}}");
        // The same key for another job is another message.
        let rid = rig.send(event, &data, Some("k").filter(|_| event != "four"), None);
        assert_eq!(rig.replies(rid)[0][3], "queued");
    }
    for (job, events) in [("b", vec!["two"]), ("a", vec!["one", "four"])] {
        rig.follow(job);
        let r#gen = rig.socket();
        rig.opened(r#gen);
        let sent: Vec<String> = events
            .iter()
            .map(|event| format!("{{\"type\":\"{event}\",\"jobId\":\"{job}\"}}"))
            .collect();
        assert_eq!(rig.sent(), sent);
    }
}

#[test]
fn what_waits_for_a_job_that_is_forgotten_is_dropped() {
    // One more than there are in the table.
    const JOBS: usize = 10_001;
    let mut rig = Rig::new(Config {
        queue_items: JOBS,
        queue_bytes: usize::MAX >> 1,
        ..config()
    });
    for job in 0..JOBS {
        rig.send("hello", &format!("{{\"jobId\":\"{job}\"}}"), None, None);
    }
    for (job, count) in [(0, 0), (JOBS - 1, 1)] {
        rig.follow(&job.to_string());
        let r#gen = rig.socket();
        rig.opened(r#gen);
        assert_eq!(rig.sent().len(), count, "{job}");
    }
}

#[test]
fn a_gap_is_told_when_the_socket_drops_before_its_first_read_was_answered() {
    let mut rig = Rig::new(config());
    rig.listen("gap");
    rig.follow("a");
    let first = rig.socket();
    rig.opened(first);
    rig.pass(100);
    rig.closed(first, 1006);
    rig.asked();
    rig.until_asked(10_000);
    let second = rig.socket();
    rig.opened(second);
    let (req, _) = rig.fetches().pop().unwrap();
    rig.http(req, answer(200, &snapshot("a", "running", 20, 1)));
    let gaps = rig.heard("gap");
    assert_eq!(gaps.len(), 1, "{gaps:?}");
}

#[test]
fn an_event_that_goes_along_with_something_urgent_finds_its_job() {
    let mut rig = Rig::new(config());
    rig.listen("progress");
    let a = rig.serve("a", 10);
    let b = rig.serve("b", 10);
    rig.take();
    let told = rig.page.records.len();
    rig.frame(b, &progress("b", 40));
    rig.frame(a, &completed("a"));
    let order: Vec<String> = rig.page.records[told..]
        .iter()
        .map(|record| format!("{} {}", record[0], record[1]["id"]))
        .collect();
    let job = order.iter().position(|record| record == "\"job\" \"b\"");
    let event = order
        .iter()
        .position(|record| record.starts_with("\"event\""));
    assert!(job.is_some() && job < event, "{order:?}");
}

#[test]
fn a_socket_let_go_during_its_handshake_keeps_its_back_off() {
    let mut rig = Rig::new(Config {
        interval: 0,
        linger: 0,
        backoff: Backoff {
            jitter: 0,
            ..Backoff::default()
        },
        ..config()
    });
    rig.follow("a");
    for _ in 0..3 {
        let r#gen = rig.socket();
        rig.closed(r#gen, 1006);
        rig.probes();
        rig.until_asked(20_000);
    }
    rig.socket();
    let mut opened = 0;
    for _ in 0..6 {
        rig.unfollow("a");
        rig.pass(10);
        rig.follow("a");
        rig.pass(10);
        opened += rig.sockets().len();
    }
    assert_eq!(opened, 0, "the back-off holds");
}

#[test]
fn a_place_that_comes_free_is_given_away_before_a_lingering_one_is_taken() {
    let mut rig = Rig::new(Config {
        max_sockets: 2,
        linger: 5000,
        ..config()
    });
    rig.serve("b", 10);
    let a = rig.serve("a", 10);
    rig.agrees = false;
    rig.frame(a, &completed("a"));
    rig.unfollow("b");
    rig.follow("c");
    rig.asked();
    rig.pass(1100);
    let asked = rig.asked();
    assert!(
        asked
            .iter()
            .any(|output| matches!(output, Output::Open { url, .. } if url.contains("/c/"))),
        "{asked:?}"
    );
    assert!(
        !asked
            .iter()
            .any(|output| matches!(output, Output::Close { .. })),
        "{asked:?}"
    );
}

#[test]
fn a_frame_of_very_many_pings_is_answered_in_one_go() {
    let mut rig = Rig::new(config());
    let r#gen = rig.serve("a", 10);
    rig.asked();
    rig.frame(r#gen, &"{\"type\":\"ping\"}".repeat(200_000));
    assert_eq!(rig.sent().len(), 200_000);
}
