//! Another user: what begins after `connect()` has a token that was given after it.

use crate::rig::{Rig, config, joined, open};
use jobwire::core::io::config::{TokenIn, Transports};
use jobwire::core::{Config, Output};
use serde_json::json;

fn with_token(transports: Transports, token_in: TokenIn) -> Config {
    Config {
        token: true,
        token_in,
        transports,
        interval: 1000,
        ..config()
    }
}

/// The requests for tokens that what was asked for since the last look takes; all of it is forgotten.
fn tokens_used(rig: &mut Rig) -> Vec<u32> {
    let used = |output: Output| match output {
        Output::Open { auth, .. }
        | Output::Fetch { auth, .. }
        | Output::SendToken { auth, .. }
        | Output::Poll { auth, .. } => Some(auth),
        _ => None,
    };
    rig.asked().into_iter().filter_map(used).collect()
}

fn forgotten(rig: &mut Rig) -> Vec<u32> {
    rig.pick_out(|output| match output {
        Output::ForgetTokens { until } => Some(*until),
        _ => None,
    })
}

#[test]
fn namespaces_and_reads_take_the_new_users_token() {
    let mut rig = Rig::new(with_token(Transports::SocketOnly, TokenIn::Auth));
    rig.connect();
    let (ours, _) = rig.token();
    rig.give_token(ours);
    let socket = rig.socket();
    rig.opened(socket);
    rig.frame(socket, &open("s"));
    rig.frame(socket, &joined("/jobs"));
    rig.refresh("a");
    rig.read_all(r#"{"id":"a","status":"processing","progress":1}"#);
    rig.disconnect();
    assert_eq!(forgotten(&mut rig), [ours]);
    rig.asked();
    rig.connect();
    rig.refresh("a");
    let (theirs, fresh) = rig.token();
    assert!(!fresh && tokens_used(&mut rig).is_empty());
    rig.give_token(theirs);
    let socket = rig.socket();
    rig.opened(socket);
    rig.frame(socket, &open("t"));
    let used = tokens_used(&mut rig);
    assert!(
        used.len() >= 2 && used.iter().all(|auth| *auth == theirs),
        "{used:?}"
    );
}

#[test]
fn a_token_in_addresses_is_forgotten_when_the_session_is_closed() {
    let mut rig = Rig::new(with_token(Transports::PollingOnly, TokenIn::Query));
    rig.connect();
    let (ours, _) = rig.token();
    rig.give_token(ours);
    let handshake = rig.get();
    rig.disconnect();
    assert!(forgotten(&mut rig).is_empty());
    rig.connect();
    let (theirs, _) = rig.token();
    rig.give_token(theirs);
    assert_eq!(tokens_used(&mut rig), [theirs]);
    rig.answer(handshake, 200, &open("s"));
    assert_eq!(
        tokens_used(&mut rig),
        [ours],
        "the session is the old user's"
    );
}

#[test]
fn a_late_answer_to_an_older_request_is_nobodys_token() {
    let mut rig = Rig::new(with_token(Transports::PollingOnly, TokenIn::Query));
    rig.connect();
    let (ours, _) = rig.token();
    rig.disconnect();
    rig.connect();
    let (theirs, _) = rig.token();
    rig.give_token(ours);
    assert!(tokens_used(&mut rig).is_empty());
    rig.give_token(theirs);
    assert_eq!(tokens_used(&mut rig), [theirs]);
}

#[test]
fn the_other_way_of_an_attempt_waits_for_the_new_token_too() {
    let mut rig = Rig::new(with_token(Transports::SocketFirst, TokenIn::Query));
    rig.connect();
    let (ours, _) = rig.token();
    rig.give_token(ours);
    let socket = rig.socket();
    rig.connect();
    rig.closed(socket, 1006);
    assert!(tokens_used(&mut rig).is_empty());
    rig.pass(1000);
    let (theirs, _) = rig.token();
    rig.give_token(theirs);
    assert_eq!(tokens_used(&mut rig), [theirs]);
}

#[test]
fn the_session_of_the_user_before_is_not_recovered() {
    let mut rig = Rig::new(config());
    rig.listen("*");
    let socket = rig.socket();
    rig.opened(socket);
    rig.frame(socket, &open("s"));
    rig.frame(socket, r#"40/jobs,{"sid":"x","pid":"secret"}"#);
    rig.frame(socket, r#"42/jobs,["news",1,"PHfWJV0"]"#);
    assert_eq!(rig.args("news"), [json!([1])]);
    rig.disconnect();
    rig.asked();
    rig.connect();
    let socket = rig.socket();
    rig.opened(socket);
    rig.frame(socket, &open("t"));
    assert_eq!(rig.sent(), ["40/jobs,"]);
}
