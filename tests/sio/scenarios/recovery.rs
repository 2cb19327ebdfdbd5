//! Recovery of what a short loss has missed.

use crate::rig::{Rig, config, open};
use jobwire::core::{Gen, Input};
use serde_json::json;

/// Marks as Node's adapter makes them a few seconds after the beginning of these stories.
const MARKS: [&str; 3] = ["PHfWJV0", "PHfWJl0", "PHfWJl0.0"];

fn event(k: u32, mark: &str) -> String {
    format!("42/jobs,[\"news\",{k},\"{mark}\"]")
}

fn in_again(sid: &str, pid: &str) -> String {
    format!("40/jobs,{{\"sid\":\"{sid}\",\"pid\":\"{pid}\"}}")
}

/// A session that can be recovered.
fn recoverable(rig: &mut Rig) -> Gen {
    rig.listen("*");
    let socket = rig.socket();
    rig.opened(socket);
    rig.frame(socket, &open("s"));
    rig.frame(socket, &in_again("x", "secret"));
    rig.sent();
    socket
}

/// The session is lost, and the next one opened; what the client asks for there.
fn again(rig: &mut Rig, socket: Gen) -> (Gen, Vec<String>) {
    rig.pass(6000);
    rig.closed(socket, 1006);
    rig.pass(1000);
    let socket = rig.socket();
    rig.opened(socket);
    rig.frame(socket, &open("t"));
    (socket, rig.sent())
}

#[test]
fn events_come_without_their_marks() {
    let mut rig = Rig::new(config());
    let socket = recoverable(&mut rig);
    rig.frame(socket, &event(1, MARKS[0]));
    assert_eq!(rig.args("news"), [json!([1])]);
}

#[test]
fn what_was_missed_comes_once_and_before_the_client_is_in() {
    let mut rig = Rig::new(config());
    let socket = recoverable(&mut rig);
    rig.frame(socket, &event(1, MARKS[0]));
    let (socket, asked) = again(&mut rig, socket);
    let expected = format!("40/jobs,{{\"pid\":\"secret\",\"offset\":\"{}\"}}", MARKS[0]);
    assert_eq!(asked, [expected]);
    rig.frame(socket, &event(2, MARKS[1]));
    rig.frame(socket, &event(3, MARKS[2]));
    assert_eq!(rig.page.status.state, "connecting");
    rig.frame(socket, &in_again("x", "secret"));
    assert_eq!(rig.page.status.state, "open");
    assert_eq!(rig.args("news"), [json!([1]), json!([2]), json!([3])]);
    // The next loss is recovered from there.
    let (_, asked) = again(&mut rig, socket);
    assert!(asked[0].contains(MARKS[2]), "{asked:?}");
}

#[test]
fn a_session_that_cannot_be_had_again_begins_anew() {
    let mut rig = Rig::new(config());
    let socket = recoverable(&mut rig);
    rig.frame(socket, &event(1, MARKS[0]));
    let (socket, _) = again(&mut rig, socket);
    rig.frame(socket, &in_again("y", "other"));
    let (_, asked) = again(&mut rig, socket);
    assert_eq!(
        asked,
        ["40/jobs,"],
        "of the new session nothing has been heard"
    );
}

#[test]
fn a_volatile_event_that_ends_in_a_string_keeps_it_and_moves_no_mark() {
    let mut rig = Rig::new(config());
    let socket = recoverable(&mut rig);
    rig.frame(socket, &event(1, MARKS[0]));
    for text in ["Playing", "a text", "2024-01"] {
        rig.frame(socket, &format!("42/jobs,[\"tick\",\"{text}\"]"));
    }
    let ticks = [json!(["Playing"]), json!(["a text"]), json!(["2024-01"])];
    assert_eq!(rig.args("tick"), ticks);
    let (_, asked) = again(&mut rig, socket);
    assert!(asked[0].contains(MARKS[0]), "{asked:?}");
}

#[test]
fn marks_are_known_after_the_clock_was_set() {
    let mut rig = Rig::new(config());
    let socket = recoverable(&mut rig);
    rig.frame(socket, &event(1, MARKS[0]));
    rig.input(Input::Clock {
        wall: 1_736_937_000_000 + 86_400_000,
    });
    rig.frame(socket, &event(2, MARKS[1]));
    assert_eq!(rig.args("news"), [json!([1]), json!([2])]);
}

#[test]
fn a_channel_that_was_left_is_not_recovered() {
    let mut rig = Rig::new(config());
    let socket = rig.serve();
    rig.channel("/chat", true);
    rig.frame(socket, r#"40/chat,{"sid":"c","pid":"secret"}"#);
    rig.frame(socket, &format!("42/chat,[\"news\",1,\"{}\"]", MARKS[0]));
    rig.channel("/chat", false);
    rig.pass(1000);
    rig.sent();
    rig.pass(100);
    rig.channel("/chat", true);
    assert_eq!(rig.sent(), ["40/chat,"]);
}
