//! Networks through which WebSockets do not get, for a while.

use crate::rig::{Rig, joined, open, with};
use jobwire::core::io::config::Transports;
use jobwire::core::{HttpOutcome, HttpRefusal, Input, Problem};

#[test]
fn where_websocket_is_blocked_polling_serves_and_websocket_is_tried_again() {
    let mut rig = Rig::new(with(Transports::SocketFirst));
    rig.listen("*");
    let socket = rig.socket();
    rig.closed(socket, 1006);
    // Within the same attempt, without a pause.
    let get = rig.get();
    rig.answer(get, 200, &open("s"));
    let polls = rig.polls();
    rig.answer(polls[1].0, 200, "ok");
    rig.answer(polls[0].0, 200, &joined("/jobs"));
    assert_eq!(
        (rig.page.status.state, rig.page.status.by_polling),
        ("open", true)
    );
    assert!(rig.sockets().is_empty(), "it has just failed");
    let mut pauses = Vec::new();
    let mut since = rig.now;
    while pauses.len() < 6 {
        // Polling goes on meanwhile.
        rig.pass(100);
        for (req, _, body) in rig.polls() {
            let answer = if body.is_some() { "ok" } else { "2" };
            rig.answer(req, 200, answer);
        }
        for (probe, _) in rig.sockets() {
            pauses.push((rig.now - since).div_ceil(1000) * 1000);
            since = rig.now;
            rig.closed(probe, 1006);
        }
    }
    assert_eq!(pauses, [5000, 5000, 10_000, 20_000, 40_000, 60_000]);
}

#[test]
fn a_websocket_that_hangs_is_given_up_for_polling() {
    let mut rig = Rig::new(with(Transports::SocketFirst));
    rig.listen("*");
    rig.socket();
    rig.pass(9999);
    assert!(rig.polls().is_empty());
    rig.pass(1);
    rig.get();
}

#[test]
fn when_it_is_free_again_the_session_goes_over_and_websocket_comes_first_from_then_on() {
    let mut rig = Rig::new(with(Transports::SocketFirst));
    rig.listen("*");
    let socket = rig.socket();
    rig.closed(socket, 1006);
    let get = rig.get();
    rig.answer(get, 200, &open("s"));
    let polls = rig.polls();
    rig.answer(polls[1].0, 200, "ok");
    rig.pass(5000);
    let probe = rig.socket();
    rig.opened(probe);
    rig.frame(probe, "3probe");
    rig.answer(polls[0].0, 200, "6");
    rig.frame(probe, &joined("/jobs"));
    assert_eq!(
        (rig.page.status.state, rig.page.status.by_polling),
        ("open", false)
    );
    rig.pass(10_000);
    rig.asked();
    rig.closed(probe, 1006);
    rig.pass(1000);
    rig.socket();
}

#[test]
fn a_wake_tries_websocket_at_once() {
    let mut rig = Rig::new(with(Transports::SocketFirst));
    rig.listen("*");
    let socket = rig.socket();
    rig.closed(socket, 1006);
    let get = rig.get();
    rig.answer(get, 200, &open("s"));
    rig.polls();
    rig.wake();
    let (_, url) = rig.sockets().pop().unwrap();
    assert!(url.ends_with("transport=websocket&sid=s"), "{url}");
}

#[test]
fn where_nothing_works_both_ways_are_tried_in_each_attempt() {
    let mut rig = Rig::new(with(Transports::SocketFirst));
    rig.listen("*");
    for pause in [1000, 2000, 4000] {
        let socket = rig.socket();
        rig.closed(socket, 1006);
        let get = rig.get();
        rig.answer(get, 0, "");
        assert_eq!(rig.page.status.state, "waiting");
        rig.pass(pause - 1);
        assert!(rig.asked().is_empty());
        rig.pass(1);
    }
}

#[test]
fn a_poll_that_is_redirected_or_too_large_says_so() {
    for (refusal, problem) in [
        (HttpRefusal::Redirect, Problem::Redirected),
        (HttpRefusal::TooLarge, Problem::AnswerTooLarge),
    ] {
        let refused = || HttpOutcome {
            status: 200,
            refused: Some(refusal),
            ..HttpOutcome::default()
        };
        let mut rig = Rig::new(with(Transports::PollingOnly));
        rig.listen("*");
        let req = rig.get();
        rig.input(Input::Http {
            req,
            outcome: refused(),
        });
        assert_eq!(rig.page.status.problem, problem as u8);
        // Nor does a session outlive it.
        let mut rig = Rig::new(with(Transports::PollingOnly));
        let req = rig.serve_by_polling();
        rig.input(Input::Http {
            req,
            outcome: refused(),
        });
        assert_eq!(rig.page.status.state, "waiting");
    }
}
