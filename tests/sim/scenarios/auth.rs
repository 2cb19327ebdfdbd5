//! Tokens: one fresh one for each that is refused, then no more; never one again that was refused.

use crate::rig::{Rig, answer, config, shared, snapshot, with_token};
use jobwire::core::{Backoff, Config, Input, Output};

fn failed(rig: &Rig) -> bool {
    rig.state() == "failed"
}

#[test]
fn a_token_that_serves_unchanged_answers_is_good() {
    let mut rig = Rig::new(Config {
        max_sockets: 0,
        ..with_token()
    });
    rig.follow("a");
    let req = rig.token("Connect");
    rig.give_token(req);
    for refusals in 0..3 {
        let req = rig.fetch();
        rig.http(req, answer(401, ""));
        assert!(!failed(&rig), "after {refusals} tokens that had served");
        let req = rig.token("Refresh");
        rig.give_token(req);
        let req = rig.fetch();
        rig.http(req, answer(304, ""));
        rig.pass(2000);
    }
}

#[test]
fn a_refresh_that_fails_once_is_not_the_end() {
    let mut rig = Rig::new(Config {
        max_sockets: 0,
        ..with_token()
    });
    rig.follow("a");
    let req = rig.token("Connect");
    rig.give_token(req);
    let req = rig.fetch();
    rig.http(req, answer(401, ""));
    let req = rig.token("Refresh");
    rig.input(Input::Token {
        req,
        error: Some("the token endpoint is busy".into()),
    });
    rig.pass(2000);
    assert!(
        rig.fetches().is_empty(),
        "the refused token is not sent again"
    );
    let req = rig.token("Connect");
    rig.give_token(req);
    let req = rig.fetch();
    rig.http(req, answer(200, &snapshot("a", "running", 1, 1)));
    assert!(!failed(&rig));
}

#[test]
fn a_read_that_was_refused_waits_for_the_token_that_is_asked_for() {
    let mut rig = Rig::new(with_token());
    rig.follow("a");
    let req = rig.token("Connect");
    rig.give_token(req);
    let r#gen = rig.socket();
    rig.closed(r#gen, 1006);
    rig.pass(1000);
    // The next attempt asks for a token, which takes its time; a read meanwhile is refused.
    let slow = rig.token("Connect");
    while rig.asked.is_empty() {
        rig.pass(100);
    }
    let req = rig.fetch();
    rig.http(req, answer(401, ""));
    rig.pass(5000);
    assert!(rig.fetches().is_empty());
    rig.give_token(slow);
    assert_eq!(rig.fetches().len(), 1);
}

#[test]
fn a_job_followed_later_on_an_open_socket_gets_a_fresh_token_for_its_read() {
    let mut rig = Rig::new(Config {
        token: true,
        ..shared()
    });
    rig.follow("a");
    let req = rig.token("Connect");
    rig.give_token(req);
    let r#gen = rig.socket();
    rig.opened(r#gen);
    let req = rig.fetch();
    rig.http(req, answer(200, &snapshot("a", "running", 1, 1)));
    rig.follow("b");
    let req = rig.fetch();
    rig.http(req, answer(401, ""));
    let req = rig.token("Refresh");
    rig.give_token(req);
    let req = rig.fetch();
    rig.http(req, answer(200, &snapshot("b", "running", 7, 1)));
    assert_eq!(rig.job("b")["progress"], 7);
}

#[test]
fn a_socket_that_is_held_proves_its_token() {
    let mut rig = Rig::new(Config {
        interval: 0,
        ..with_token()
    });
    rig.follow("a");
    let req = rig.token("Connect");
    rig.give_token(req);
    let r#gen = rig.socket();
    rig.closed(r#gen, 4401);
    let req = rig.token("Refresh");
    rig.give_token(req);
    let r#gen = rig.socket();
    rig.opened(r#gen);
    for _ in 0..4 {
        rig.pass(10_000);
        rig.frame(r#gen, crate::rig::HEARTBEAT);
    }
    rig.asked();
    rig.follow("b");
    let req = rig.token("Connect");
    rig.give_token(req);
    let r#gen = rig.socket();
    rig.closed(r#gen, 4401);
    assert!(
        !failed(&rig),
        "the refreshed token of the first socket has worked"
    );
    rig.token("Refresh");
}

#[test]
fn a_server_that_accepts_and_refuses_is_not_hammered() {
    let backoff = Backoff {
        min_uptime: 0,
        jitter: 0,
        ..Backoff::default()
    };
    let mut rig = Rig::new(Config {
        backoff,
        interval: 0,
        ..with_token()
    });
    rig.follow("a");
    let mut opened = 0;
    for _ in 0..100 {
        for output in rig.asked() {
            match output {
                Output::NeedToken { req, .. } => rig.give_token(req),
                Output::Open { r#gen, .. } => {
                    opened += 1;
                    rig.opened(r#gen);
                    rig.closed(r#gen, 4401);
                }
                _ => {}
            }
        }
        rig.pass(10);
    }
    assert!(opened <= 3, "{opened} attempts within a second");
}

#[test]
fn without_a_token_option_a_refusal_is_final() {
    let mut rig = Rig::new(config());
    rig.follow("a");
    let r#gen = rig.socket();
    rig.closed(r#gen, 4401);
    assert!(failed(&rig));
    rig.pass(60_000);
    assert!(rig.asked().is_empty());
}

#[test]
fn a_second_refusal_of_the_same_token_is_not_one_of_the_new_token() {
    let mut rig = Rig::new(Config {
        max_sockets: 0,
        ..with_token()
    });
    rig.follow("a");
    rig.follow("b");
    let req = rig.token("Connect");
    rig.give_token(req);
    let reads = rig.fetches();
    rig.http(reads[0].0, answer(401, ""));
    let req = rig.token("Refresh");
    rig.input(Input::Token {
        req,
        error: Some("the token endpoint is busy".into()),
    });
    rig.http(reads[1].0, answer(401, ""));
    assert!(!failed(&rig));
}

#[test]
fn a_job_whose_reads_are_refused_while_its_socket_serves_is_stale_until_news_comes() {
    let mut rig = Rig::new(with_token());
    rig.listen("gap");
    rig.follow("a");
    let req = rig.token("Connect");
    rig.give_token(req);
    let r#gen = rig.socket();
    rig.opened(r#gen);
    let req = rig.fetch();
    rig.http(req, answer(200, &snapshot("a", "running", 10, 1)));
    rig.closed(r#gen, 1006);
    rig.pass(1000);
    let req = rig.token("Connect");
    rig.give_token(req);
    let r#gen = rig.socket();
    rig.opened(r#gen);
    for reason in ["Refresh", "none"] {
        for (req, _) in rig.fetches() {
            rig.http(req, answer(403, ""));
        }
        if reason != "none" {
            let req = rig.token(reason);
            rig.give_token(req);
        }
    }
    assert_eq!(rig.state(), "open");
    assert_eq!(rig.heard("gap").last().unwrap()["healed"], false);
    assert_eq!(rig.job("a")["stale"], true);
    rig.frame(r#gen, &crate::rig::progress("a", 20));
    assert_eq!(rig.job("a")["stale"], false);
}
