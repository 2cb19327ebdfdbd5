//! Reads over HTTP: when they are sent, and that whoever asked for one is answered.

use crate::rig::{Rig, answer, config, progress, shared, snapshot, tagged, with_token};
use jobwire::core::{Ask, Backoff, Command, Config, HttpOutcome, HttpRefusal, Output, Problem};

#[test]
fn a_refresh_under_way_is_answered_when_the_client_is_closed() {
    let mut rig = Rig::new(config());
    let rid = rig.refresh("a");
    rig.command(Command::new(Ask::Shutdown, 0.0, ""));
    let replies = rig.replies(rid);
    assert_eq!((replies.len(), replies[0][2].as_bool()), (1, Some(false)));
}

#[test]
fn a_refresh_of_a_job_that_nobody_follows_survives_a_token_that_ran_out() {
    let mut rig = Rig::new(with_token());
    let first = rig.refresh("a");
    let second = rig.refresh("b");
    let req = rig.token("Connect");
    rig.give_token(req);
    let reads = rig.fetches();
    rig.http(reads[0].0, answer(401, ""));
    let req = rig.token("Refresh");
    rig.give_token(req);
    let again = rig.fetch();
    rig.http(again, answer(200, &snapshot("a", "running", 1, 1)));
    // This one was sent with the old token, and is refused after the new one has come.
    rig.http(reads[1].0, answer(401, ""));
    rig.pass(10_000);
    let again = rig.fetch();
    rig.http(again, answer(200, &snapshot("b", "running", 1, 1)));
    assert_eq!(
        (rig.replies(first).len(), rig.replies(second).len()),
        (1, 1)
    );
}

#[test]
fn failing_handshakes_do_not_put_off_the_next_read() {
    let quick = Backoff {
        base_delay: 100,
        max_delay: 100,
        jitter: 0,
        ..Backoff::default()
    };
    let mut rig = Rig::new(Config {
        backoff: quick,
        ..config()
    });
    rig.follow("a");
    for _ in 0..25 {
        if let Some((r#gen, _)) = rig.sockets().pop() {
            rig.closed(r#gen, 1006);
        }
        rig.pass(100);
    }
    assert_eq!(rig.fetches().len(), 1, "read within one interval of 2 s");
}

#[test]
fn failing_handshakes_do_not_overrule_retry_after() {
    let mut rig = Rig::new(config());
    rig.follow("a");
    let r#gen = rig.socket();
    rig.closed(r#gen, 1006);
    while rig
        .asked
        .iter()
        .all(|output| !matches!(output, jobwire::core::Output::Fetch { .. }))
    {
        rig.pass(100);
    }
    let req = rig.fetch();
    rig.http(
        req,
        HttpOutcome {
            status: 429,
            etag: None,
            retry_after: Some(60_000),
            body: String::new(),
            refused: None,
        },
    );
    for _ in 0..59 {
        if let Some((r#gen, _)) = rig.sockets().pop() {
            rig.closed(r#gen, 1006);
        }
        rig.pass(1000);
    }
    assert!(rig.fetches().is_empty());
    rig.pass(1000);
    assert_eq!(rig.fetches().len(), 1);
}

#[test]
fn a_polling_interval_above_the_longest_wait_is_no_reason_to_panic() {
    let mut rig = Rig::new(Config {
        interval: 600_000,
        max_sockets: 0,
        ..config()
    });
    rig.follow("a");
    let req = rig.fetch();
    rig.http(
        req,
        HttpOutcome {
            status: 503,
            etag: None,
            retry_after: Some(1000),
            body: String::new(),
            refused: None,
        },
    );
    assert_eq!(rig.until_asked(1_000_000), 600_000);
}

#[test]
fn a_job_followed_while_the_shared_socket_is_down_is_read_at_once() {
    let mut rig = Rig::new(shared());
    rig.follow("a");
    let r#gen = rig.socket();
    rig.closed(r#gen, 1006);
    rig.follow("b");
    assert!(rig.fetches().iter().any(|(_, url)| url.ends_with("/b")));
}

#[test]
fn without_sockets_a_shared_path_is_read() {
    let mut rig = Rig::new(Config {
        max_sockets: 0,
        ..shared()
    });
    rig.follow("a");
    let req = rig.fetch();
    rig.http(req, answer(200, &snapshot("a", "running", 1, 1)));
    assert_eq!(rig.until_asked(10_000), 2000);
}

#[test]
fn a_connect_with_nobody_listening_holds_no_socket_beyond_the_linger_time() {
    let mut rig = Rig::new(shared());
    let rid = rig.connect();
    let r#gen = rig.socket();
    rig.opened(r#gen);
    assert_eq!(rig.replies(rid).len(), 1);
    rig.pass(1001);
    assert!(rig.found().connections == 0);
}

#[test]
fn the_shared_socket_lingers_once_not_twice() {
    let mut rig = Rig::new(shared());
    rig.serve("a", 10);
    rig.unfollow("a");
    rig.pass(1000);
    assert!(rig.found().connections == 0);
}

#[test]
fn a_new_attempt_keeps_the_shared_socket() {
    let mut rig = Rig::new(shared());
    let r#gen = rig.serve("a", 10);
    rig.frame(
        r#gen,
        r#"{"type":"error","job_id":"a","attempt":1,"error":{"message":"no","retryable":true}}"#,
    );
    rig.frame(
        r#gen,
        r#"{"type":"progress","job_id":"a","attempt":2,"progress":5}"#,
    );
    rig.pass(3000);
    assert_eq!(rig.found().connections, 1);
}

#[test]
fn a_failed_refresh_does_not_overrule_retry_after() {
    let mut rig = Rig::new(Config {
        max_sockets: 0,
        ..config()
    });
    rig.follow("a");
    let req = rig.fetch();
    rig.http(
        req,
        HttpOutcome {
            status: 429,
            etag: None,
            retry_after: Some(60_000),
            body: String::new(),
            refused: None,
        },
    );
    rig.refresh("a");
    let req = rig.fetch();
    rig.http(req, HttpOutcome::default());
    assert_eq!(rig.until_asked(100_000), 60_000);
}

#[test]
fn a_read_that_was_not_believed_is_repeated_in_full() {
    let mut rig = Rig::new(config());
    let r#gen = rig.serve("a", 10);
    rig.refresh("a");
    let req = rig.fetch();
    rig.pass(10);
    rig.frame(r#gen, &progress("a", 20));
    rig.http(req, tagged(&snapshot("a", "running", 15, 1), "\"x\""));
    assert_eq!(rig.job("a")["progress"], 20);
    rig.refresh("a");
    let tags: Vec<_> = rig
        .asked()
        .into_iter()
        .filter_map(|output| match output {
            Output::Fetch { etag, .. } => Some(etag),
            _ => None,
        })
        .collect();
    assert_eq!(tags, [None]);
}

fn refused(status: u16, refused: HttpRefusal) -> HttpOutcome {
    HttpOutcome {
        refused: Some(refused),
        ..answer(status, "")
    }
}

#[test]
fn an_answer_that_was_not_taken_in_is_a_failed_read_with_words_of_its_own() {
    for (refusal, problem) in [
        (HttpRefusal::Redirect, Problem::Redirected),
        (HttpRefusal::TooLarge, Problem::AnswerTooLarge),
    ] {
        let mut rig = Rig::new(config());
        rig.listen("*");
        rig.connect();
        let rid = rig.refresh("a");
        let req = rig.fetch();
        rig.http(req, refused(200, refusal));
        let reply = rig.replies(rid).remove(0);
        assert_eq!(reply[3]["problem"], problem as u8, "{reply}");
        assert_eq!(rig.job("a"), serde_json::Value::Null);
        let invalid = rig.heard("invalid");
        let too_large = refusal == HttpRefusal::TooLarge;
        assert_eq!(invalid.len(), usize::from(too_large), "{invalid:?}");
        assert!(!too_large || invalid[0]["code"] == "too-large");
    }
}
