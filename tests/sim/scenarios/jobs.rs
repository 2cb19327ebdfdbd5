//! Jobs: attempts, ends, the line for a socket.

use crate::rig::{Rig, answer, completed, config, progress, shared, snapshot, tagged};
use jobwire::core::{Ask, Command, Config};

#[test]
fn a_job_in_line_for_a_socket_is_served_again_after_a_suspension() {
    let mut rig = Rig::new(Config {
        max_sockets: 1,
        interval: 0,
        ..config()
    });
    rig.follow("a");
    rig.follow("b");
    let first = rig.socket();
    rig.opened(first);
    rig.command(Command::new(Ask::Suspend, 0.0, ""));
    rig.asked();
    rig.wake(1.0);
    let second = rig.socket();
    rig.opened(second);
    rig.frame(second, &completed("a"));
    assert_eq!(
        rig.sockets().len(),
        1,
        "b gets the socket that a no longer needs"
    );
}

#[test]
fn a_new_attempt_that_is_only_queued_is_shown() {
    let mut rig = Rig::new(config());
    let r#gen = rig.serve("a", 10);
    rig.frame(
        r#gen,
        r#"{"type":"error","job_id":"a","attempt":1,"error":{"message":"no","retryable":true}}"#,
    );
    assert_eq!(rig.job("a")["status"], "failed");
    rig.asked();
    rig.refresh("a");
    let req = rig.fetch();
    rig.http(
        req,
        answer(200, r#"{"job_id":"a","status":"queued","attempt":2}"#),
    );
    let job = rig.job("a");
    assert_eq!(
        (job["status"].as_str(), job["attempt"].as_u64()),
        (Some("queued"), Some(2))
    );
    assert_eq!(rig.sockets().len(), 1, "the new attempt is watched");
}

#[test]
fn an_attempt_that_ended_between_two_reads_is_told_to_listeners() {
    let mut rig = Rig::new(config());
    rig.listen("*");
    let r#gen = rig.serve("a", 10);
    rig.frame(
        r#gen,
        r#"{"type":"error","job_id":"a","attempt":1,"error":{"message":"no","retryable":true}}"#,
    );
    rig.refresh("a");
    let req = rig.fetch();
    rig.http(req, answer(200, &snapshot("a", "completed", 100, 2)));
    assert_eq!(rig.job("a")["status"], "completed");
    assert_eq!(rig.heard("completed").len(), 1);
}

#[test]
fn attempts_are_counted_as_the_server_counts_them() {
    let mut rig = Rig::new(shared());
    let r#gen = rig.serve("a", 10);
    rig.frame(
        r#gen,
        r#"{"type":"error","job_id":"a","attempt":1,"error":{"message":"no","retryable":true}}"#,
    );
    rig.retry("a");
    rig.frame(
        r#gen,
        r#"{"type":"progress","job_id":"a","attempt":3,"progress":4}"#,
    );
    assert_eq!(rig.job("a")["attempt"], 3);
}

#[test]
fn late_progress_of_the_old_attempt_is_not_the_new_ones() {
    let mut rig = Rig::new(shared());
    let r#gen = rig.serve("a", 10);
    rig.frame(
        r#gen,
        r#"{"type":"error","job_id":"a","attempt":1,"error":{"message":"no","retryable":true}}"#,
    );
    rig.retry("a");
    rig.frame(
        r#gen,
        r#"{"type":"progress","job_id":"a","attempt":1,"progress":90}"#,
    );
    assert_eq!(rig.job("a")["status"], "queued");
    rig.frame(
        r#gen,
        r#"{"type":"progress","job_id":"a","attempt":2,"progress":5}"#,
    );
    let job = rig.job("a");
    assert_eq!(
        (job["progress"].as_u64(), job["attempt"].as_u64()),
        (Some(5), Some(2))
    );
}

#[test]
fn a_retry_the_server_never_heard_of_ends_as_the_attempt_before_it() {
    let mut rig = Rig::new(config());
    let r#gen = rig.serve("a", 10);
    rig.frame(
        r#gen,
        r#"{"type":"error","job_id":"a","attempt":1,"error":{"message":"no","retryable":true}}"#,
    );
    rig.retry("a");
    let r#gen = rig.socket();
    rig.opened(r#gen);
    for _ in 0..6 {
        if let Some((req, _)) = rig.fetches().pop() {
            rig.http(req, tagged(&snapshot("a", "failed", 10, 1), "\"1\""));
        }
        rig.pass(2000);
    }
    assert_eq!(rig.job("a")["status"], "failed");
}

#[test]
fn news_that_came_before_a_retry_was_called_is_read_again() {
    let mut rig = Rig::new(shared());
    let r#gen = rig.serve("a", 10);
    let failed = r#"{"type":"error","job_id":"a","error":{"message":"no","retryable":true}}"#;
    rig.frame(r#gen, failed);
    // The page's own request for a retry was answered late: the new attempt has already failed.
    rig.frame(r#gen, &progress("a", 5));
    rig.frame(r#gen, failed);
    rig.retry("a");
    for _ in 0..6 {
        if let Some((req, _)) = rig.fetches().pop() {
            rig.http(
                req,
                tagged(r#"{"job_id":"a","status":"failed","progress":5}"#, "\"9\""),
            );
        }
        rig.pass(2000);
    }
    assert_eq!(rig.job("a")["status"], "failed");
}

#[test]
fn a_ping_after_the_end_in_the_same_frame_is_not_answered_on_the_closed_socket() {
    let mut rig = Rig::new(config());
    let r#gen = rig.serve("a", 10);
    rig.asked();
    rig.frame(r#gen, &format!("{}\n{{\"type\":\"ping\"}}", completed("a")));
    assert!(rig.sent().is_empty());
}

#[test]
fn a_job_that_was_left_and_is_followed_again_on_the_shared_socket_is_read() {
    let mut rig = Rig::new(shared());
    rig.listen("*");
    let r#gen = rig.serve("a", 10);
    rig.unfollow("a");
    rig.pass(2000);
    // What the socket carried while nobody followed is known; what happened while it was down is not.
    rig.frame(r#gen, &progress("a", 20));
    rig.closed(r#gen, 1006);
    rig.pass(1000);
    let r#gen = rig.socket();
    rig.opened(r#gen);
    rig.asked();
    rig.follow("a");
    let req = rig.fetch();
    rig.http(req, answer(200, &snapshot("a", "completed", 100, 1)));
    assert_eq!(rig.job("a")["status"], "completed");
}

#[test]
fn a_job_refreshed_while_the_shared_socket_was_down_is_read_when_it_is_followed() {
    let mut rig = Rig::new(shared());
    rig.listen("*");
    let r#gen = rig.socket();
    rig.closed(r#gen, 1006);
    rig.refresh("a");
    let req = rig.fetch();
    rig.http(req, answer(200, &snapshot("a", "running", 10, 1)));
    rig.pass(1000);
    let r#gen = rig.socket();
    rig.opened(r#gen);
    rig.follow("a");
    assert_eq!(rig.fetches().len(), 1);
}

#[test]
fn the_first_number_heard_after_an_unnumbered_end_begins_the_attempt_it_names() {
    let mut rig = Rig::new(config());
    rig.follow("a");
    let r#gen = rig.socket();
    rig.opened(r#gen);
    rig.frame(
        r#gen,
        r#"{"type":"error","job_id":"a","error":{"message":"no","retryable":true}}"#,
    );
    rig.asked();
    rig.refresh("a");
    let req = rig.fetch();
    rig.http(req, answer(200, &snapshot("a", "queued", 0, 2)));
    let job = rig.job("a");
    assert_eq!(
        (job["status"].as_str(), job["attempt"].as_u64()),
        (Some("queued"), Some(2))
    );
}

#[test]
fn a_back_off_outlives_the_linger_time_until_connect() {
    for config in [config(), shared()] {
        let mut rig = Rig::new(config);
        rig.follow("a");
        for pause in [1000, 2000, 4000] {
            let r#gen = rig.socket();
            rig.closed(r#gen, 1006);
            rig.pass(pause);
        }
        let r#gen = rig.socket();
        rig.closed(r#gen, 1006);
        rig.unfollow("a");
        rig.pass(5000);
        assert_eq!(rig.state(), "idle");
        rig.follow("a");
        assert_eq!(rig.state(), "waiting");
        rig.pass(2999);
        assert!(rig.sockets().is_empty(), "followed anew, opened too soon");
        rig.pass(1);
        let r#gen = rig.socket();
        rig.closed(r#gen, 1006);
        rig.unfollow("a");
        rig.pass(2000);
        rig.follow("a");
        assert!(rig.sockets().is_empty());
        rig.connect();
        rig.socket();
    }
}

#[test]
fn a_socket_given_up_stays_so_for_whoever_follows_until_connect() {
    for config in [config(), shared()] {
        let mut rig = Rig::new(Config {
            reconnects: false,
            interval: 0,
            ..config
        });
        rig.follow("a");
        let r#gen = rig.socket();
        rig.closed(r#gen, 1006);
        assert_eq!(rig.state(), "failed");
        rig.unfollow("a");
        rig.pass(2000);
        rig.follow("a");
        assert_eq!(rig.state(), "failed");
        assert!(rig.sockets().is_empty());
        rig.connect();
        rig.socket();
    }
}

#[test]
fn an_end_told_by_two_events_reaches_the_listeners_of_both_once() {
    let mut rig = Rig::new(shared());
    rig.listen("*");
    let r#gen = rig.serve("a", 10);
    let done = r#"{"type":"progress","job_id":"a","progress":100,"status":"All stems are ready"}"#;
    for text in [done, &completed("a"), done, &completed("a")] {
        rig.frame(r#gen, text);
    }
    assert_eq!(rig.job("a")["status"], "completed");
    let told = rig.heard("completed").len();
    assert_eq!((rig.heard("progress").len(), told), (1, 1));
}
