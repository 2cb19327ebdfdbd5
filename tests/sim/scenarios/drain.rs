//! A socket that takes what it is given and does not send it: what waits stays within the bounds of the queue.

use crate::rig::{Rig, config};
use jobwire::core::{Ask, Command, Config, Gen, Input, Output, Problem};
use serde_json::Value;

/// Above what a socket may hold.
const FULL: u64 = (1 << 20) + 1;

fn measures(rig: &mut Rig) -> usize {
    let measure = |output: &Output| matches!(output, Output::Measure { .. }).then_some(());
    rig.pick_out(measure).len()
}

fn holds(rig: &mut Rig, r#gen: Gen, bytes: u64) {
    rig.input(Input::Buffered { r#gen, bytes });
}

fn told(rig: &Rig, rid: u32) -> Value {
    rig.replies(rid)[0][3].clone()
}

/// A quarter of what a socket may hold.
fn quarter() -> String {
    format!("{{\"jobId\":\"a\",\"text\":\"{}\"}}", "x".repeat(1 << 18))
}

fn served() -> (Rig, Gen) {
    let mut rig = Rig::new(Config {
        queue_items: 6,
        queue_bytes: 1 << 21,
        queue_age: 60_000,
        ..config()
    });
    let r#gen = rig.serve("a", 1);
    rig.asked();
    (rig, r#gen)
}

/// The socket has been given more than it may hold, and has sent nothing.
fn full() -> (Rig, Gen) {
    let (mut rig, r#gen) = served();
    for _ in 0..4 {
        let rid = rig.send("note", &quarter(), None, None);
        assert_eq!(told(&rig, rid), "sent");
    }
    assert_eq!(measures(&mut rig), 1);
    rig.sent();
    holds(&mut rig, r#gen, FULL);
    (rig, r#gen)
}

#[test]
fn a_socket_that_sends_what_it_is_given_is_given_more() {
    let (mut rig, r#gen) = served();
    for _ in 0..40 {
        let rid = rig.send("note", &quarter(), None, None);
        assert_eq!(told(&rig, rid), "sent");
        if measures(&mut rig) > 0 {
            holds(&mut rig, r#gen, 0);
        }
    }
}

#[test]
fn messages_for_a_full_socket_wait_within_the_bounds_of_the_queue() {
    let (mut rig, _) = full();
    for _ in 0..6 {
        let rid = rig.send("note", r#"{"jobId":"a"}"#, None, None);
        assert_eq!(told(&rig, rid), "queued");
    }
    let rid = rig.send("note", r#"{"jobId":"a"}"#, None, None);
    assert_eq!(told(&rig, rid)["problem"], Problem::QueueFull as u8);
    let rid = rig.rid();
    rig.command(Command {
        data: Some(r#"{"jobId":"a"}"#.into()),
        ..Command::new(Ask::SendVolatile, rid.into(), "note")
    });
    assert_eq!(told(&rig, rid), "dropped");
    assert!(rig.sent().is_empty());
}

#[test]
fn what_waits_leaves_in_order_when_the_socket_has_drained() {
    let (mut rig, r#gen) = full();
    for name in ["first", "second"] {
        rig.send(name, r#"{"jobId":"a"}"#, None, None);
    }
    for _ in 0..3 {
        rig.pass(50);
        assert_eq!(measures(&mut rig), 1, "it is looked at again");
        holds(&mut rig, r#gen, FULL);
    }
    assert!(rig.sent().is_empty());
    rig.pass(50);
    holds(&mut rig, r#gen, FULL / 2);
    let sent = rig.sent();
    assert!(
        sent[0].contains("first") && sent[1].contains("second"),
        "{sent:?}"
    );
}

#[test]
fn what_waits_too_long_for_a_socket_to_drain_is_dropped() {
    let (mut rig, r#gen) = full();
    rig.send("late", r#"{"jobId":"a"}"#, None, Some(100));
    rig.pass(120);
    holds(&mut rig, r#gen, 0);
    assert!(!rig.sent().iter().any(|text| text.contains("late")));
}

#[test]
fn a_server_that_pings_and_does_not_read_gets_no_pile_of_answers() {
    let (mut rig, r#gen) = full();
    for _ in 0..100 {
        rig.frame(r#gen, r#"{"type":"ping"}"#);
    }
    assert!(rig.sent().is_empty());
    holds(&mut rig, r#gen, 0);
    rig.frame(r#gen, r#"{"type":"ping"}"#);
    assert_eq!(rig.sent().len(), 1);
}

#[test]
fn the_next_socket_begins_empty() {
    let (mut rig, r#gen) = full();
    rig.closed(r#gen, 1006);
    rig.pass(1000);
    let r#gen = rig.socket();
    rig.opened(r#gen);
    let rid = rig.send("note", r#"{"jobId":"a"}"#, None, None);
    assert_eq!(told(&rig, rid), "sent");
    rig.asked();
    rig.unfollow("a");
    rig.pass(2000);
    assert_eq!(measures(&mut rig), 0);
}
