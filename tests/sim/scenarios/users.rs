//! Another user: what begins after `connect()` has a token that was given after it, and nothing of the user before is
//! taken for true.

use crate::rig::{Rig, answer, snapshot, tagged, with_token};
use jobwire::core::{Ask, Command, Config, Input, Output};

/// The requests whose tokens sockets and reads took since the last look; all of it is forgotten.
fn tokens_used(rig: &mut Rig) -> Vec<u32> {
    let used = |output: Output| match output {
        Output::Open { auth, .. } | Output::Fetch { auth, .. } => Some(auth),
        _ => None,
    };
    rig.asked().into_iter().filter_map(used).collect()
}

fn disconnect(rig: &mut Rig) {
    rig.command(Command::new(Ask::Disconnect, 0.0, ""));
}

/// A job is followed, and its socket open, with a token.
fn served(rig: &mut Rig) -> u32 {
    rig.follow("a");
    let req = rig.token("Connect");
    rig.give_token(req);
    let r#gen = rig.socket();
    rig.opened(r#gen);
    req
}

#[test]
fn every_read_and_socket_after_connect_has_the_new_users_token() {
    let mut rig = Rig::new(with_token());
    let ours = served(&mut rig);
    assert_eq!(tokens_used(&mut rig), [ours]);
    disconnect(&mut rig);
    rig.asked();
    rig.connect();
    rig.refresh("a");
    let theirs = rig.token("Connect");
    rig.pass(5000);
    assert!(tokens_used(&mut rig).is_empty());
    rig.give_token(theirs);
    for _ in 0..20 {
        rig.pass(1000);
        let used = tokens_used(&mut rig);
        assert!(used.iter().all(|auth| *auth == theirs), "{used:?}");
    }
}

#[test]
fn a_read_that_was_under_way_is_aborted_and_its_late_answer_ignored() {
    let mut rig = Rig::new(with_token());
    served(&mut rig);
    let read = rig.fetch();
    disconnect(&mut rig);
    assert!(rig.asked().contains(&Output::Abort { req: read }));
    rig.connect();
    rig.http(read, answer(200, &snapshot("a", "running", 77, 1)));
    assert_ne!(rig.job("a")["progress"], 77);
}

#[test]
fn of_requests_that_wait_the_newest_alone_is_answered() {
    let mut rig = Rig::new(with_token());
    rig.follow("a");
    let ours = rig.token("Connect");
    disconnect(&mut rig);
    rig.connect();
    let theirs = rig.token("Connect");
    rig.give_token(ours);
    assert!(tokens_used(&mut rig).is_empty());
    rig.input(Input::Token {
        req: ours,
        error: Some("signed out".into()),
    });
    rig.give_token(theirs);
    assert_eq!(tokens_used(&mut rig), [theirs]);
}

#[test]
fn the_driver_is_told_what_to_forget() {
    let mut rig = Rig::new(with_token());
    let ours = served(&mut rig);
    disconnect(&mut rig);
    assert!(rig.asked().contains(&Output::ForgetTokens { until: ours }));
}

#[test]
fn connecting_again_without_leaving_takes_a_new_token_for_what_begins() {
    let mut rig = Rig::new(Config {
        max_sockets: 0,
        ..with_token()
    });
    rig.follow("a");
    let ours = rig.token("Connect");
    rig.give_token(ours);
    let req = rig.fetch();
    rig.http(req, tagged(&snapshot("a", "running", 7, 1), "\"7\""));
    rig.connect();
    rig.pass(2000);
    let theirs = rig.token("Connect");
    rig.give_token(theirs);
    assert_eq!(tokens_used(&mut rig), [theirs]);
}

#[test]
fn nobody_asks_whether_what_the_user_before_was_shown_is_still_true() {
    let mut rig = Rig::new(Config {
        max_sockets: 0,
        ..with_token()
    });
    rig.follow("a");
    let ours = rig.token("Connect");
    rig.give_token(ours);
    let req = rig.fetch();
    rig.http(req, tagged(&snapshot("a", "running", 7, 1), "\"7\""));
    disconnect(&mut rig);
    rig.asked();
    rig.connect();
    rig.refresh("a");
    let theirs = rig.token("Connect");
    rig.give_token(theirs);
    let tags = rig.pick_out(|output| match output {
        Output::Fetch { etag, .. } => Some(etag.clone()),
        _ => None,
    });
    assert_eq!(tags, [None]);
}
