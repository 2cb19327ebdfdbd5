//! The codecs against what real servers and the reference client said (README.md), and against what that becomes when
//! it is damaged.
//!
//! `JOBWIRE_FUZZ_RUNS` says how often a line is damaged (100), `JOBWIRE_FUZZ_SEED` by which chance (1).

#![cfg(not(target_arch = "wasm32"))]
// A test may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
#![allow(missing_docs, unreachable_pub)]

mod checks;
mod damage;
mod lines;

use jobwire::core::protocol::socketio::engineio::{self, Batch, Error, Handshake, Packet, Payload};
use jobwire::core::protocol::socketio::{self, Body, Inbox, Refusal, Session};
use lines::{Direction, Line, Transport, file};

/// What a line holds, as packets of Engine.IO.
fn packets(line: &Line) -> Result<Vec<Packet<'_>>, Error> {
    match (&line.binary, line.transport) {
        (Some(bytes), _) => Ok(vec![Packet::Binary(bytes.as_slice().into())]),
        (None, Transport::Polling) => Payload::new(&line.text).collect(),
        (None, Transport::WebSocket) => engineio::decode(&line.text).map(|packet| vec![packet]),
    }
}

/// A packet of Socket.IO, in words without the ids that differ between runs; `args` as written.
fn told(packet: &socketio::Packet<'_>, attachments: &[Vec<u8>]) -> String {
    let words = match packet.body {
        Body::Connect(data) => match Session::read(data) {
            Ok(session) if session.pid.raw.is_empty() => "connected".into(),
            Ok(_) => "connected, recoverable".into(),
            Err(error) => format!("{error:?}"),
        },
        Body::Disconnect("") => "disconnected".into(),
        Body::Disconnect(data) | Body::ConnectError(data) => {
            let refusal = Refusal::read(data).unwrap();
            let when = matches!(packet.body, Body::Disconnect(_));
            let what = if when { "disconnected" } else { "refused" };
            format!("{what}: {} {}", refusal.message.get(), refusal.data)
        }
        Body::Event { name, args, ack } => {
            let asks = if ack.is_some() { " asks" } else { "" };
            format!("{}({args}){asks}", name.get())
        }
        Body::Ack { args, .. } => format!("answer({args})"),
    };
    let mut words = format!("{} {}", packet.namespace, words.trim_end());
    if packet.attachments > 0 {
        assert_eq!(attachments.len(), packet.attachments as usize);
        words += &format!(" {attachments:?}");
    }
    words
}

/// What the client was told in one direction of a recording, connection by connection.
fn story(lines: &[Line], direction: Direction) -> Vec<Vec<String>> {
    let mut stories: Vec<Vec<String>> = Vec::new();
    let mut inbox = Inbox::default();
    for line in lines {
        let opens = line.direction == Direction::In && line.text.starts_with("0{");
        if opens {
            stories.push(Vec::new());
            assert!(!inbox.awaits());
        }
        if line.direction != direction {
            continue;
        }
        let story = stories.last_mut().unwrap();
        for packet in packets(line).unwrap() {
            match packet {
                Packet::Message(text) => {
                    if let Some(packet) = inbox.text(text).unwrap() {
                        story.push(told(&packet, &[]));
                    }
                }
                Packet::Binary(bytes) => {
                    if let Some(whole) = inbox.binary(bytes.to_vec(), bytes.len() as u64).unwrap() {
                        story.push(told(&whole.packet().unwrap(), &whole.attachments));
                    }
                }
                _ => {}
            }
        }
    }
    stories
}

/// What every server says in the full story.
const HEARD: &[&str] = &[
    "/ connected",
    "/nope refused: *",
    r#"/guarded refused: not for you {"code":17}"#,
    "/jobs connected",
    "/ several(1,*,[],2.5)",
    r#"/ answer("got",{"n":1})"#,
    "/ question(7) asks",
    "/ answered([7,null])",
    "/jobs several(1,*,[],2.5)",
    r#"/jobs answer("got",{"n":1})"#,
    "/jobs question(7) asks",
    "/jobs answered([7,null])",
    "/ nothing()",
    r#"/ bytes({"_placeholder":true,"num":0},{"deep":[{"_placeholder":true,"num":1}]},"end") [[1, 2, 3, 250], []]"#,
    r#"/jobs answer({"_placeholder":true,"num":0},{"more":{"_placeholder":true,"num":1}}) [[30, 0], [0, 255]]"#,
    r#"/jobs question({"_placeholder":true,"num":0}) asks [[9]]"#,
    "/jobs answered()",
    "/ disconnected",
];

fn matches(text: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        Some((start, end)) => text.starts_with(start) && text.ends_with(end),
        None => text == pattern,
    }
}

#[test]
fn servers_say_the_same_over_both_transports() {
    for name in ["node", "python"] {
        let stories = story(&file(name), Direction::In);
        for heard in &stories[..2] {
            assert_eq!(heard.len(), HEARD.len(), "{heard:#?}");
            for (text, pattern) in heard.iter().zip(HEARD) {
                assert!(matches(text, pattern), "{name}: {text}");
            }
        }
        // Then the upgrade, without events.
        let upgraded: Vec<_> = HEARD[..4].iter().chain(HEARD.last()).collect();
        assert_eq!(stories[2].len(), upgraded.len());
        assert!(
            stories[2]
                .iter()
                .zip(upgraded)
                .all(|(text, pattern)| matches(text, pattern))
        );
    }
}

#[test]
fn servers_differ_where_it_is_known() {
    let all = |name| story(&file(name), Direction::In).concat();
    let (node, python) = (all("node"), all("python"));
    let has = |told: &[String], text: &str| told.iter().any(|told| told == text);
    assert!(has(&node, "/nope refused: Invalid namespace"));
    assert!(has(&python, "/nope refused: Unable to connect"));
    // A namespace with a query: Node does not know it, Python takes the query off.
    assert!(has(&node, "/jobs refused: Invalid namespace"));
    // `always_connect` lets in first and puts out then.
    assert!(has(&python, "/guarded connected"));
    assert!(has(
        &python,
        r#"/guarded disconnected: not for you {"code":17}"#
    ));
    // With connection state recovery an offset comes last.
    assert!(has(&node, "/jobs connected, recoverable"));
    assert!(
        node.iter()
            .any(|told| matches(told, r#"/jobs news({"progress":50},"*")"#))
    );
}

#[test]
fn handshakes_are_read() {
    for name in ["node", "python", "node-2"] {
        let lines = file(name);
        let mut seen = 0;
        for line in lines.iter().filter(|line| line.direction == Direction::In) {
            if let Ok([Packet::Open(json)]) = packets(line).as_deref() {
                let found = Handshake::read(json).unwrap();
                let polling = line.transport == Transport::Polling;
                assert_eq!(found.websocket, polling);
                assert!(found.sid.get().len() == 20 && found.ping_interval >= 1000);
                assert_eq!(
                    found.max_payload,
                    if name == "node-2" { 0 } else { 1_000_000 }
                );
                seen += 1;
            }
        }
        assert!(seen > 0, "{name}");
    }
}

#[test]
fn an_old_server_is_told_apart_over_both_transports() {
    let lines = file("node-2");
    assert_eq!(packets(&lines[0]), Err(Error::Revision3));
    // Over WebSocket its handshake is like any other; that it connects by itself and with nothing is not.
    let Ok(Packet::Message(text)) = engineio::decode(&lines[2].text) else {
        panic!("{}", lines[2].text)
    };
    let Body::Connect(data) = socketio::decode(text).unwrap().body else {
        panic!("{text}")
    };
    assert_eq!(Session::read(data), Err(socketio::Error::OldServer));
}

/// Ours are the very bytes of the reference implementations: those of the client, and of both servers.
#[test]
fn what_was_said_is_written_the_same() {
    for line in ["node", "python"].iter().flat_map(|name| file(name)) {
        let mut batch = Batch::default();
        let mut frame = String::new();
        for packet in packets(&line).unwrap() {
            let mut message = String::new();
            let packet = match packet {
                Packet::Message(text) => {
                    let read = socketio::decode(text).unwrap();
                    // The query of a namespace is not kept.
                    if !text.contains('?') {
                        socketio::encode(&read, &mut message).unwrap();
                        assert_eq!(message, text);
                    }
                    Packet::Message(text)
                }
                other => other,
            };
            frame.clear();
            engineio::encode(&packet, &mut frame);
            assert!(batch.push(&frame, &[], 1_000_000));
        }
        let body = batch.take();
        if line.transport == Transport::Polling {
            assert_eq!(body, line.text);
        } else if line.binary.is_none() {
            assert_eq!(frame, line.text);
        }
    }
}

#[test]
fn damaged_recordings_break_nothing() {
    damage::all();
}
