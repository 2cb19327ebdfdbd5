//! Tokens: one fresh one for each that is refused, then no more.

use crate::rig::{Rig, config, joined, open};
use jobwire::core::{Config, Problem};

fn with_token() -> Config {
    Config {
        token: true,
        token_in: jobwire::core::io::config::TokenIn::Auth,
        ..config()
    }
}

/// A session whose CONNECT was sent with the first token.
fn asking(rig: &mut Rig) -> jobwire::core::Gen {
    rig.listen("*");
    let (req, fresh) = rig.token();
    assert!(!fresh);
    rig.give_token(req);
    let socket = rig.socket();
    rig.opened(socket);
    rig.frame(socket, &open("s"));
    assert_eq!(rig.sent(), [r#"40/jobs,{"token":T}"#]);
    socket
}

const UNAUTHORIZED: &str = r#"44/jobs,{"message":"unauthorized"}"#;

#[test]
fn a_refused_token_is_refreshed_once_and_then_it_is_over() {
    let mut rig = Rig::new(with_token());
    let socket = asking(&mut rig);
    rig.frame(socket, UNAUTHORIZED);
    let (req, fresh) = rig.token();
    assert!(fresh);
    rig.give_token(req);
    assert_eq!(rig.sent(), [r#"40/jobs,{"token":T}"#]);
    rig.frame(
        socket,
        r#"44/jobs,{"message":"unauthorized","data":{"code":7}}"#,
    );
    assert_eq!(rig.page.status.state, "failed");
    assert_eq!(rig.page.status.problem, Problem::RefusedAuth as u8);
    assert_eq!(rig.page.status.said, "unauthorized");
    assert_eq!(rig.page.status.more["code"], 7);
    rig.asked();
    rig.pass(600_000);
    assert!(rig.asked().is_empty(), "nothing is tried any more");
}

#[test]
fn connect_tries_once_more() {
    let mut rig = Rig::new(with_token());
    let socket = asking(&mut rig);
    rig.frame(socket, UNAUTHORIZED);
    let (req, _) = rig.token();
    rig.give_token(req);
    rig.frame(socket, UNAUTHORIZED);
    rig.asked();
    rig.connect();
    let (req, fresh) = rig.token();
    assert!(!fresh);
    rig.give_token(req);
    let socket = rig.socket();
    rig.opened(socket);
    rig.frame(socket, &open("t"));
    rig.frame(socket, &joined("/jobs"));
    assert_eq!(rig.page.status.state, "open");
}

#[test]
fn a_token_that_ran_out_while_it_served_is_refreshed() {
    let mut rig = Rig::new(with_token());
    let mut socket = asking(&mut rig);
    for session in 0..3 {
        rig.frame(socket, &joined("/jobs"));
        rig.pass(20_000);
        rig.closed(socket, 1006);
        rig.pass(1000);
        let (req, _) = rig.token();
        rig.give_token(req);
        rig.sent();
        socket = rig.socket();
        rig.opened(socket);
        rig.frame(socket, &open("t"));
        rig.frame(socket, UNAUTHORIZED);
        let (req, fresh) = rig.token();
        assert!(fresh, "session {session}");
        rig.give_token(req);
    }
}

#[test]
fn a_server_that_lets_in_first_and_refuses_then_does_not_get_token_after_token() {
    let mut rig = Rig::new(with_token());
    let socket = asking(&mut rig);
    rig.frame(socket, &joined("/jobs"));
    rig.frame(socket, r#"41/jobs,{"message":"unauthorized"}"#);
    let (req, fresh) = rig.token();
    assert!(fresh);
    rig.give_token(req);
    rig.frame(socket, &joined("/jobs"));
    rig.frame(socket, r#"41/jobs,"unauthorized""#);
    assert_eq!(rig.page.status.state, "failed");
    assert_eq!(rig.page.status.problem, Problem::RefusedAuth as u8);
}

#[test]
fn a_door_that_stays_closed_is_not_knocked_at_again_and_disturbs_no_other() {
    let mut rig = Rig::new(config());
    let socket = rig.serve();
    rig.channel("/closed", true);
    assert_eq!(rig.sent(), ["40/closed,"]);
    rig.frame(socket, r#"44/closed,{"message":"not here"}"#);
    let closed = &rig.page.channels["/closed"];
    assert_eq!(
        (closed.state, closed.problem),
        ("failed", Problem::Refused as u8)
    );
    assert_eq!(closed.said, "not here");
    assert_eq!(rig.page.status.state, "open");
    // Nor with the next session.
    rig.pass(10_000);
    rig.closed(socket, 1006);
    rig.pass(1000);
    let socket = rig.socket();
    rig.opened(socket);
    rig.frame(socket, &open("t"));
    assert_eq!(rig.sent(), ["40/jobs,"]);
    // But when the page opens it again.
    rig.channel("/closed", true);
    assert_eq!(rig.sent(), ["40/closed,"]);
}

#[test]
fn a_refusal_that_says_it_may_pass_is_tried_again_after_a_pause() {
    let mut rig = Rig::new(config());
    let socket = rig.serve();
    rig.channel("/busy", true);
    rig.sent();
    for pause in [1000, 2000, 4000] {
        rig.frame(
            socket,
            r#"44/busy,{"message":"full","data":{"retryable":true}}"#,
        );
        assert_eq!(rig.page.channels["/busy"].state, "waiting");
        rig.pass(pause - 1);
        assert!(rig.sent().is_empty());
        rig.pass(1);
        assert_eq!(rig.sent(), ["40/busy,"]);
    }
}

#[test]
fn a_token_that_is_good_for_reads_of_jobs_does_not_keep_a_closed_door_busy() {
    let mut rig = Rig::new(Config {
        interval: 1000,
        ..with_token()
    });
    let socket = asking(&mut rig);
    for refusals in 0..3 {
        assert_ne!(rig.page.status.state, "failed", "after {refusals} refusals");
        rig.frame(socket, UNAUTHORIZED);
        if refusals < 2 {
            let (req, _) = rig.token();
            rig.give_token(req);
            rig.refresh("a");
            rig.read_all(r#"{"id":"a","status":"processing","progress":1}"#);
        }
    }
    assert_eq!(rig.page.status.problem, Problem::RefusedAuth as u8);
}

/// The token is in the address, so a fresh one takes a connection of its own: once.
#[test]
fn a_fresh_token_in_the_address_takes_another_session() {
    let mut rig = Rig::new(Config {
        token_in: jobwire::core::io::config::TokenIn::Query,
        ..with_token()
    });
    rig.listen("*");
    let (req, _) = rig.token();
    rig.give_token(req);
    let first = rig.socket();
    rig.opened(first);
    rig.frame(first, &open("s"));
    rig.frame(first, UNAUTHORIZED);
    let (req, fresh) = rig.token();
    assert!(fresh);
    rig.sent();
    rig.give_token(req);
    let asked = rig.asked();
    let opened = asked.iter().find_map(|output| match output {
        jobwire::core::Output::Open { r#gen, auth, .. } => Some((*r#gen, *auth)),
        _ => None,
    });
    let (second, auth) = opened.unwrap();
    assert_eq!(auth, req);
    let closes = |output: &jobwire::core::Output| matches!(output, jobwire::core::Output::Close { r#gen, .. } if *r#gen == first);
    assert!(asked.iter().any(closes), "{asked:?}");
    rig.opened(second);
    rig.frame(second, &open("t"));
    assert_eq!(rig.sent(), ["40/jobs,"]);
    rig.frame(second, UNAUTHORIZED);
    assert_eq!(rig.page.status.problem, Problem::RefusedAuth as u8);
    rig.asked();
    rig.pass(600_000);
    assert!(rig.asked().is_empty(), "nothing is tried any more");
}
