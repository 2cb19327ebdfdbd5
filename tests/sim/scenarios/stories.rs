//! The stories of system D (SYSTEMS.md), with exact times where chance is off.

use crate::rig::{
    HEARTBEAT, Rig, answer, completed, config, progress, shared, snapshot, with_token,
};
use jobwire::core::io::config::RateLimit;
use jobwire::core::{Ask, Command, Config, Gen, HttpOutcome, Input, Output, Problem};

#[test]
fn five_tries_then_reads_every_two_seconds_while_probing_and_back_to_the_socket() {
    let mut rig = Rig::new(config());
    let first = rig.serve("a", 10);
    rig.pass(6000);
    rig.closed(first, 1006);
    // The connection held, so the count begins with its loss.
    let mut pauses = Vec::new();
    let mut since = rig.now;
    while pauses.len() < 7 {
        rig.pass(100);
        for (req, _) in rig.fetches() {
            rig.http(req, answer(200, &snapshot("a", "running", 10, 1)));
        }
        if let Some((r#gen, _)) = rig.sockets().pop() {
            pauses.push(rig.now - since);
            since = rig.now;
            rig.closed(r#gen, 1006);
            let expected = if pauses.len() < 5 {
                "waiting"
            } else {
                "polling"
            };
            assert_eq!(rig.state(), expected, "after {} failures", pauses.len() + 1);
        }
    }
    assert_eq!(pauses, [1000, 2000, 4000, 8000, 10_000, 10_000, 10_000]);
    // Reads come every two seconds meanwhile.
    let mut reads = Vec::new();
    let probe = loop {
        rig.pass(10);
        for (req, _) in rig.fetches() {
            reads.push(rig.now);
            rig.http(req, answer(304, ""));
        }
        if let Some((r#gen, _)) = rig.sockets().pop() {
            break r#gen;
        }
    };
    assert!(
        reads.len() >= 4 && reads.windows(2).all(|pair| pair[1] - pair[0] == 2000),
        "{reads:?}"
    );
    rig.listen("gap");
    rig.opened(probe);
    assert_eq!(rig.state(), "open");
    let req = rig.fetch();
    rig.http(req, answer(200, &snapshot("a", "running", 60, 1)));
    assert_eq!(rig.heard("gap")[0]["healed"], true);
    assert_eq!(rig.job("a")["progress"], 60);
    rig.pass(20_000);
    assert!(
        rig.fetches().is_empty(),
        "no read while the socket is open and nothing was missed"
    );
}

#[test]
fn silence_beyond_the_heartbeat_means_dead() {
    let mut rig = Rig::new(config());
    let r#gen = rig.serve("a", 10);
    rig.pass(30_000);
    rig.frame(r#gen, HEARTBEAT);
    assert_eq!(rig.sent().len(), 1, "a heartbeat is answered");
    rig.pass(39_999);
    assert!(rig.asked().is_empty());
    rig.pass(1);
    assert!(matches!(rig.asked()[..], [Output::Close { .. }]));
}

#[test]
fn a_late_timer_waits_for_the_frames_queued_behind_it() {
    let mut rig = Rig::new(config());
    let r#gen = rig.serve("a", 10);
    rig.freeze(60_000);
    rig.input(Input::Timer);
    rig.frame(r#gen, &progress("a", 20));
    rig.pass(5000);
    assert!(
        !rig.asked()
            .iter()
            .any(|output| matches!(output, Output::Close { .. }))
    );
    assert_eq!(rig.job("a")["progress"], 20);
}

#[test]
fn a_refused_token_is_refreshed_once_and_a_second_refusal_is_final() {
    let mut rig = Rig::new(with_token());
    rig.follow("a");
    for reason in ["Connect", "Refresh"] {
        assert_ne!(rig.state(), "failed");
        let req = rig.token(reason);
        rig.give_token(req);
        let r#gen = rig.socket();
        rig.opened(r#gen);
        rig.closed(r#gen, 4401);
        rig.fetches();
    }
    assert_eq!(rig.state(), "failed");
    let status = rig
        .page
        .records
        .iter()
        .rfind(|record| record[0] == "status")
        .unwrap();
    assert_eq!(status[1]["problem"], Problem::TokenRefused as u8);
    rig.asked();
    rig.pass(100_000);
    assert!(rig.asked().is_empty());
    rig.connect();
    rig.token("Connect");
}

#[test]
fn a_token_function_that_rejects_is_asked_again_after_a_pause() {
    let mut rig = Rig::new(with_token());
    rig.follow("a");
    for pause in [1000, 2000, 4000] {
        let req = rig.token("Connect");
        rig.input(Input::Token {
            req,
            error: Some("signed out".into()),
        });
        let begun = rig.now;
        while rig.tokens_waiting() == 0 {
            rig.pass(10);
        }
        assert!(
            rig.now - begun <= pause,
            "{} instead of {pause}",
            rig.now - begun
        );
    }
}

#[test]
fn retry_after_is_honoured() {
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
            retry_after: Some(7000),
            body: String::new(),
            refused: None,
        },
    );
    assert_eq!(rig.until_asked(60_000), 7000);
}

#[test]
fn a_late_joiner_reads_once() {
    let mut rig = Rig::new(config());
    rig.serve("a", 70);
    assert_eq!(rig.job("a")["progress"], 70);
    rig.pass(25_000);
    assert!(rig.asked().is_empty());
}

#[test]
fn jobs_above_the_cap_are_read_fairly_and_get_sockets_in_turn() {
    let mut rig = Rig::new(Config {
        max_sockets: 1,
        ..config()
    });
    let ids: Vec<String> = (0..51).map(|n| format!("j{n}")).collect();
    for id in &ids {
        rig.follow(id);
    }
    let mut socket = rig.socket();
    rig.opened(socket);
    let mut read = vec![0; ids.len()];
    let mut under_way = Vec::new();
    for _ in 0..600 {
        under_way.extend(rig.fetches());
        assert!(under_way.len() <= 4);
        if !under_way.is_empty() {
            let (req, url) = under_way.remove(0);
            let place = ids
                .iter()
                .position(|id| url.ends_with(&format!("/{id}")))
                .unwrap();
            read[place] += 1;
            rig.http(req, answer(200, &snapshot(&ids[place], "running", 5, 1)));
        }
        rig.pass(50);
    }
    let (least, most) = (
        read[1..].iter().min().unwrap(),
        read[1..].iter().max().unwrap(),
    );
    assert!(*least > 5 && most - least <= 1, "{read:?}");
    for (place, id) in ids.iter().enumerate().take(5) {
        rig.frame(socket, &completed(id));
        let opens = rig.sockets();
        assert!(
            opens[0].1.contains(&format!("/{}/", ids[place + 1])),
            "{opens:?}"
        );
        socket = opens[0].0;
        rig.opened(socket);
    }
}

#[test]
fn a_socket_lingers_and_is_taken_up_again() {
    let mut rig = Rig::new(config());
    rig.serve("a", 10);
    rig.unfollow("a");
    rig.pass(900);
    rig.follow("a");
    rig.pass(5000);
    assert!(rig.asked().is_empty(), "the same socket still serves");
    rig.unfollow("a");
    assert_eq!(rig.until_asked(10_000), 1000);
    assert!(matches!(rig.asked()[..], [Output::Close { .. }]));
}

#[test]
fn an_end_ends_the_socket_at_once_and_nothing_follows() {
    let mut rig = Rig::new(config());
    let r#gen = rig.serve("a", 10);
    rig.asked();
    let told = rig.page.records.len();
    rig.frame(r#gen, &completed("a"));
    assert!(
        rig.page.records[told..]
            .iter()
            .any(|record| record[0] == "job" && record[1]["status"] == "completed"),
        "without a frame's wait"
    );
    assert!(matches!(rig.asked()[..], [Output::Close { .. }]));
    rig.closed(r#gen, 1000);
    rig.pass(100_000);
    assert!(rig.asked().is_empty());
}

#[test]
fn several_servers_are_tried_in_turn_and_the_one_that_works_is_kept() {
    let server = |name: &str| format!("://{name}");
    let mut rig = Rig::new(Config {
        servers: vec![server("a"), server("b"), server("c")],
        interval: 0,
        ..config()
    });
    rig.follow("j");
    let mut tried = Vec::new();
    for _ in 0..4 {
        rig.until_asked(20_000);
        let (r#gen, url) = rig.sockets().remove(0);
        tried.push(url[5..6].to_owned());
        if tried.len() < 3 {
            rig.closed(r#gen, 1006);
            rig.probes();
        } else {
            rig.opened(r#gen);
            // The probe is given up.
            rig.asked();
            rig.closed(r#gen, 1006);
        }
    }
    assert_eq!(tried, ["a", "b", "c", "c"]);
}

#[test]
fn the_back_forward_cache_is_no_error() {
    let mut rig = Rig::new(config());
    rig.serve("a", 10);
    rig.command(Command::new(Ask::Suspend, 0.0, ""));
    assert_eq!(rig.state(), "suspended");
    assert!(matches!(rig.asked()[..], [Output::Close { .. }]));
    rig.pass(100_000);
    assert!(rig.asked().is_empty());
    rig.wake(1.0);
    let r#gen = rig.socket();
    rig.opened(r#gen);
    assert_eq!(rig.fetches().len(), 1);
}

#[test]
fn the_outgoing_queue_keeps_order_age_and_pace() {
    let rate_limit = Some(RateLimit {
        per_second: 1.0,
        burst: 2.0,
    });
    let mut rig = Rig::new(Config {
        rate_limit,
        ..shared()
    });
    rig.follow("a");
    let r#gen = rig.socket();
    let kept = rig.send("one", "{}", None, None);
    rig.send("two", "{\"v\":1}", Some("k"), None);
    rig.send("old", "{}", None, Some(100));
    rig.send("three", "{}", None, None);
    rig.send("two", "{\"v\":2}", Some("k"), None);
    assert_eq!(rig.replies(kept)[0][3], "queued");
    rig.pass(200);
    rig.opened(r#gen);
    assert_eq!(
        rig.sent(),
        ["{\"type\":\"one\"}", "{\"type\":\"two\",\"v\":2}"]
    );
    rig.pass(1001);
    assert_eq!(rig.sent(), ["{\"type\":\"three\"}"]);
}

#[test]
fn frames_of_one_and_of_several_messages_are_read() {
    let mut rig = Rig::new(shared());
    rig.listen("progress");
    let r#gen = rig.serve("a", 1);
    rig.frame(r#gen, &progress("a", 2));
    rig.frame(
        r#gen,
        &format!("[{},{}]", progress("a", 3), progress("a", 4)),
    );
    rig.frame(
        r#gen,
        &format!("{}\n{}\n", progress("a", 5), progress("a", 6)),
    );
    let (one, two) = (progress("a", 7), progress("a", 8));
    rig.input(Input::Frames {
        text: format!("{one}\u{1e}{two}"),
        gens: vec![r#gen, r#gen],
    });
    let heard: Vec<u64> = rig
        .heard("progress")
        .iter()
        .filter_map(|payload| payload["progress"].as_u64())
        .collect();
    assert_eq!(heard, [2, 3, 4, 5, 6, 7, 8]);
}

#[test]
fn frames_of_an_old_socket_are_dropped_and_counted() {
    let mut rig = Rig::new(config());
    let old = rig.serve("a", 10);
    rig.closed(old, 1006);
    rig.pass(1000);
    let new: Gen = rig.socket();
    rig.opened(new);
    rig.frame(old, &progress("a", 50));
    assert_eq!(rig.job("a")["progress"], 10);
    assert_eq!(rig.found().stale, 1);
}
