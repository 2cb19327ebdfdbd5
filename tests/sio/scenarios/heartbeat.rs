//! Heartbeats: the server's pings are answered at once, and its silence means that it is gone.

use crate::rig::{Rig, config, joined, open, queued, with};
use jobwire::core::Output;
use jobwire::core::io::config::Transports;

#[test]
fn a_ping_is_answered_at_once() {
    let mut rig = Rig::new(config());
    let socket = rig.serve();
    rig.frame(socket, "2");
    assert_eq!(rig.sent(), ["3"]);
}

#[test]
fn over_polling_with_the_next_post_that_can_go() {
    let mut rig = Rig::new(with(Transports::PollingOnly));
    let get = rig.serve_by_polling();
    rig.send("a", "1");
    let (post, _) = rig.post();
    rig.answer(get, 200, "2");
    rig.get();
    rig.answer(post, 200, "ok");
    assert_eq!(rig.post().1, "3");
}

#[test]
fn a_server_that_says_nothing_for_too_long_is_left() {
    let mut rig = Rig::new(config());
    let socket = rig.serve();
    rig.pass(44_999);
    assert!(rig.asked().is_empty());
    rig.pass(1);
    let closes =
        |output: &Output| matches!(output, Output::Close { r#gen, .. } if *r#gen == socket);
    assert!(rig.asked().iter().any(closes));
    assert_eq!(rig.page.status.state, "waiting");
}

#[test]
fn a_wake_does_not_put_that_off() {
    let mut rig = Rig::new(config());
    rig.serve();
    for _ in 0..20 {
        rig.pass(2250);
        rig.wake();
    }
    assert_ne!(rig.page.status.state, "open", "45 s of silence");
}

#[test]
fn a_ping_that_waited_while_the_page_slept_is_no_sign_of_life() {
    let mut rig = Rig::new(config());
    let slept_through = rig.serve();
    rig.now += 46_000;
    let message = rig.send("a", "1");
    assert_eq!(rig.told(message), queued());
    rig.frame(slept_through, "2");
    assert_eq!(rig.sent(), ["3"]);
    rig.pass(2000);
    let next = rig.socket();
    rig.opened(next);
    rig.frame(next, &open("t"));
    rig.sent();
    rig.frame(next, &joined("/jobs"));
    assert_eq!(rig.sent(), [r#"42/jobs,["a",1]"#]);
}
