//! Socket.IO over WebSocket and over long-polling.

use crate::rig::Rig;
use crate::{Most, within};
use jobwire::core::io::config::Transports;
use jobwire::core::protocol::Protocol;
use jobwire::core::{Ask, Config, Input, LARGEST};

const LARGE: usize = LARGEST as usize - 4096;

/// The server's handshake.
const OPEN: &str =
    r#"0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;

fn config(transports: Transports) -> Config {
    Config {
        servers: vec!["://s".into()],
        path: "/socket.io".into(),
        protocol: Protocol::SocketIo,
        namespace: "/".into(),
        transports,
        ..Config::default()
    }
}

/// A page that listens to everything and follows one job.
fn page(transports: Transports) -> Rig {
    let mut rig = Rig::new(config(transports));
    rig.command(Ask::Listen, 1.0, "*");
    rig.command(Ask::Follow, 0.0, "followed");
    rig.command(Ask::WatchAll, 1.0, "");
    rig
}

fn socket() -> Rig {
    let mut rig = page(Transports::SocketOnly);
    rig.opened();
    rig.frame(OPEN.into());
    rig.frame(r#"40{"sid":"x"}"#.into());
    rig
}

fn polling() -> Rig {
    let mut rig = page(Transports::PollingOnly);
    poll(&mut rig, OPEN.into());
    poll(&mut rig, r#"40{"sid":"x"}"#.into());
    rig
}

/// Answers the GET that waits.
fn poll(rig: &mut Rig, body: String) {
    let req = rig.polls.remove(0);
    rig.http(req, body);
    rig.pass(1);
}

fn job(id: &str, rest: &str) -> String {
    let head = r#"42["job_updated",{"id":""#;
    let state = r#"","status":"running","progress":1"#;
    [head, id, state, rest, "}]"].concat()
}

const END: &str = r#"42["job_completed",{"id":"followed","status":"completed"}]"#;

fn end(rig: &mut Rig) {
    let before = rig.ends;
    rig.frame(END.into());
    rig.pass(20);
    assert_eq!(rig.ends, before + 1, "the end of the job was not told");
}

#[test]
fn giant_texts() {
    let frames = |rig: &mut Rig| {
        for number in 0..675 {
            let text = "x".repeat(LARGE);
            rig.frame(job(
                &format!("job-{number}"),
                &[r#","message":""#, &text, "\""].concat(),
            ));
        }
    };
    within(
        "giant texts (Socket.IO)",
        Most { live: 48, peak: 64 },
        socket,
        frames,
        |rig| {
            assert_eq!(rig.counter("cutTexts"), 675);
            end(rig);
        },
    );
}

#[test]
fn jobs_by_the_million() {
    let frames = |rig: &mut Rig| {
        for number in 0..300_000 {
            rig.frame(job(&format!("job-{number}"), ""));
        }
    };
    within(
        "jobs (Socket.IO)",
        Most { live: 32, peak: 64 },
        socket,
        frames,
        |rig| {
            assert_eq!(rig.counter("jobs"), 10_000);
            end(rig);
        },
    );
}

#[test]
fn giant_names() {
    let frames = |rig: &mut Rig| {
        for _ in 0..100 {
            let long = "x".repeat(LARGE);
            rig.frame(format!(r#"42["{long}"]"#));
            rig.frame(format!(r#"42/{long},["a"]"#));
            rig.frame(format!(r#"40/{long},{{"sid":"x"}}"#));
            rig.frame(format!(r#"43{}["{long}"]"#, 7));
            rig.frame(job(&long, ""));
            rig.frame(long);
        }
    };
    within(
        "giant names (Socket.IO)",
        Most { live: 40, peak: 64 },
        socket,
        frames,
        |rig| {
            assert!(
                rig.logs.iter().all(|detail| detail.len() < 200),
                "{:?}",
                rig.logs
            );
            end(rig);
        },
    );
}

#[test]
fn acknowledgements_that_are_asked_for_and_never_given() {
    let frames = |rig: &mut Rig| {
        for number in 0..150_000 {
            rig.frame_at_once(format!(r#"42{number}["ask"]"#));
        }
    };
    within(
        "acknowledgements",
        Most { live: 40, peak: 64 },
        socket,
        frames,
        |rig| {
            assert!(rig.counter("droppedReplies") > 0 && rig.said("droppedReplies: "));
            end(rig);
        },
    );
}

#[test]
fn attachments_that_never_come_or_come_unasked() {
    let frames = |rig: &mut Rig| {
        let r#gen = rig.r#gen.unwrap();
        for id in 0..50_000 {
            rig.frame(r#"451-["a",{"_placeholder":true,"num":0}]"#.into());
            if id % 2 == 0 {
                let size = 4 << 20;
                rig.input(Input::Binary { r#gen, id, size });
                rig.input(Input::Binary { r#gen, id, size });
            }
        }
        for _ in 0..100 {
            let text = "x".repeat(LARGE);
            rig.frame(format!(
                r#"451-["a",{{"_placeholder":true,"num":0}},"{text}"]"#
            ));
        }
    };
    within(
        "attachments",
        Most { live: 48, peak: 64 },
        socket,
        frames,
        end,
    );
}

#[test]
fn refusals_with_giant_data() {
    let make = || {
        let mut rig = socket();
        rig.command(Ask::Channel, 1.0, "/a");
        rig
    };
    let frames = |rig: &mut Rig| {
        for _ in 0..100 {
            let text = "x".repeat(LARGE);
            rig.frame(format!(r#"44/a,{{"message":"{text}"}}"#));
            rig.command(Ask::Channel, 1.0, "/a");
            rig.frame(format!(r#"44/a,{{"message":"no","data":"{text}"}}"#));
            rig.command(Ask::Channel, 1.0, "/a");
            rig.frame(format!(r#"40/a,{{"sid":"x","pid":"{text}"}}"#));
            rig.frame("41/a,".into());
            rig.command(Ask::Channel, 1.0, "/a");
        }
    };
    within("refusals", Most { live: 24, peak: 64 }, make, frames, end);
}

#[test]
fn namespaces_that_were_left_are_forgotten() {
    let frames = |rig: &mut Rig| {
        for number in 0..20_000 {
            let name = format!("/namespace-{number}");
            rig.command(Ask::Channel, 1.0, &name);
            rig.command(Ask::Listen, 1.0, &format!("{name},*"));
            rig.command(Ask::Listen, -1.0, &format!("{name},*"));
            rig.command(Ask::Channel, 0.0, &name);
            rig.frame(format!(r#"40{name},{{"sid":"x"}}"#));
            rig.pass(1200);
            rig.frame("2".into());
        }
    };
    within("namespaces", Most { live: 2, peak: 8 }, socket, frames, end);
}

#[test]
fn marks_of_recovery_that_are_no_marks() {
    let make = || {
        let mut rig = page(Transports::SocketOnly);
        rig.opened();
        rig.frame(OPEN.into());
        rig.frame(r#"40{"sid":"x","pid":"p"}"#.into());
        rig
    };
    let frames = |rig: &mut Rig| {
        for _ in 0..50 {
            let digits = "7".repeat(LARGE);
            rig.frame(format!(r#"42["a","1000000-{digits}"]"#));
        }
    };
    within("marks", Most { live: 40, peak: 64 }, make, frames, end);
}

#[test]
fn bodies_of_long_polling_full_of_packets() {
    let bodies = |rig: &mut Rig| {
        let packets = [
            r#"40/left,{"sid":"x"}"#,
            "bAAAA",
            "b",
            r#"42[""]"#,
            r#"421["a"]"#,
            "2",
            "4",
            r#"451-["a",{"_placeholder":true,"num":0}]"#,
        ];
        for packet in packets {
            let count = LARGE / (packet.len() + 1);
            let body = vec![packet; count].join("\u{1e}");
            poll(rig, body);
        }
        let giant = "x".repeat(2 * LARGE);
        poll(rig, format!(r#"42["a","{giant}"]"#));
    };
    let make = || {
        let mut rig = polling();
        // A namespace that was left: whatever joins it is told so.
        rig.command(Ask::Channel, 1.0, "/left");
        rig.command(Ask::Channel, 0.0, "/left");
        rig.pass(3000);
        rig
    };
    within(
        "bodies of long-polling",
        Most { live: 40, peak: 64 },
        make,
        bodies,
        |rig| {
            poll(rig, END.into());
            rig.pass(20);
            assert_eq!(rig.ends, 1);
        },
    );
}

#[test]
fn a_handshake_with_a_giant_id_is_none() {
    let make = || {
        let mut rig = page(Transports::SocketOnly);
        rig.opened();
        rig
    };
    let frames = |rig: &mut Rig| {
        let id = "x".repeat(LARGE);
        rig.frame(format!(
            r#"0{{"sid":"{id}","pingInterval":25000,"pingTimeout":20000}}"#
        ));
    };
    within(
        "handshakes",
        Most { live: 8, peak: 24 },
        make,
        frames,
        |rig| {
            assert_ne!(rig.counter("state"), 2);
        },
    );
}

#[test]
fn a_packet_that_is_too_large_is_made_up_for() {
    let mut rig = socket();
    let r#gen = rig.r#gen.unwrap();
    rig.reads.clear();
    rig.input(Input::Oversize {
        r#gen,
        size: 5_000_000,
    });
    rig.pass(12_000);
    assert_eq!(rig.counter("invalid"), 1);
    assert!(rig.counter("reads") > 1, "{} reads", rig.counter("reads"));
}
