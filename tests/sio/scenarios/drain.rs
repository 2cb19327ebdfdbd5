//! A WebSocket that takes what it is given and does not send it.

use crate::rig::{Reply, Rig, config, dropped, queued, sent};
use jobwire::core::{Config, Gen, Input, Output, Problem};

/// Above what a socket may hold.
const FULL: u64 = (1 << 20) + 1;

fn holds(rig: &mut Rig, r#gen: Gen, bytes: u64) {
    rig.input(Input::Buffered { r#gen, bytes });
}

/// Two attachments, each as large as the server takes, make the socket full.
fn full() -> (Rig, Gen) {
    let mut rig = Rig::new(Config {
        queue_items: 2,
        ..config()
    });
    let socket = rig.serve();
    rig.attach(600_000);
    rig.attach(600_000);
    let data = r#"{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}"#;
    let rid = rig.send("bin", data);
    assert_eq!(rig.told(rid), sent());
    let measure = Output::Measure { r#gen: socket };
    assert!(rig.asked().contains(&measure));
    holds(&mut rig, socket, FULL);
    (rig, socket)
}

#[test]
fn attachments_count_and_messages_wait() {
    let (mut rig, socket) = full();
    let first = rig.send("a", "1");
    let second = rig.request("b", "2", 60_000);
    assert_eq!(rig.told(first), queued());
    let third = rig.send("c", "3");
    assert_eq!(
        rig.told(third),
        Some(Reply::Refusal(Problem::QueueFull as u8))
    );
    let volatile = rig.send_volatile("d", "4");
    assert_eq!(rig.told(volatile), dropped());
    assert!(rig.sent().is_empty());
    holds(&mut rig, socket, 0);
    assert_eq!(rig.sent(), [r#"42/jobs,["a",1]"#, r#"42/jobs,0["b",2]"#]);
    assert_eq!(rig.told(second), None);
}

#[test]
fn pings_are_answered_when_somebody_reads_the_answers() {
    let (mut rig, socket) = full();
    for _ in 0..10 {
        rig.frame(socket, "2");
    }
    assert!(rig.sent().is_empty());
    holds(&mut rig, socket, 0);
    rig.frame(socket, "2");
    assert_eq!(rig.sent(), ["3"]);
}
