//! What must hold of the codecs for any input; the fuzz targets run the same. Nothing here may panic but an assertion.

use jobwire::core::io::config::Maps;
use jobwire::core::protocol::Protocol;
use jobwire::core::protocol::socketio::engineio::{self, Handshake, Payload};
use jobwire::core::protocol::socketio::{self, Body, Inbox, Packet, Refusal, Session};
use jobwire::core::{Ask, Command, Config, Engine, Gen, Input, Output, Time};

/// Packets of Engine.IO: a frame and a body.
pub fn engineio(text: &str) {
    if let Ok(packet) = engineio::decode(text) {
        let mut again = String::new();
        engineio::encode(&packet, &mut again);
        assert_eq!(again, text);
        if let engineio::Packet::Open(json) = packet
            && let Ok(handshake) = Handshake::read(json)
        {
            assert!(!handshake.sid.raw.is_empty());
        }
    }
    let mut packets = Vec::new();
    for packet in Payload::new(text) {
        let Ok(packet) = packet else { return };
        packets.push(packet);
    }
    let mut body = String::new();
    for packet in &packets {
        if !body.is_empty() {
            body.push('\u{1e}');
        }
        engineio::encode(packet, &mut body);
    }
    assert_eq!(body, if text.is_empty() { "1" } else { text });
}

/// Messages of Socket.IO, with 0x1e between them; one that begins with 0xff is binary.
pub fn socketio(messages: &[u8]) {
    let mut inbox = Inbox::default();
    for message in messages.split(|byte| *byte == 0x1e) {
        if let Some(bytes) = message.strip_prefix(&[0xff]) {
            if let Ok(Some(whole)) = inbox.binary(bytes.to_vec(), bytes.len() as u64) {
                let packet = whole.packet().expect("what was held has been read");
                assert_eq!(packet.attachments as usize, whole.attachments.len());
                read_packet(&packet);
            }
        } else {
            let text = String::from_utf8_lossy(message);
            if let Ok(Some(packet)) = inbox.text(&text) {
                assert_eq!(packet.attachments, 0);
                read_packet(&packet);
            }
        }
    }
}

fn read_packet(packet: &Packet<'_>) {
    match packet.body {
        Body::Connect(data) => {
            let _ = Session::read(data);
        }
        Body::Disconnect(data) | Body::ConnectError(data) => {
            let refusal = Refusal::read(data).expect("it has been checked");
            let _ = refusal.message.get();
        }
        Body::Event { name, args, .. } => {
            let _ = name.get();
            let _: Vec<serde::de::IgnoredAny> = json(args);
        }
        Body::Ack { args, .. } => {
            let _: Vec<serde::de::IgnoredAny> = json(args);
        }
    }
    // A namespace may hold control characters when it is read, not when it is written.
    let mut text = String::new();
    match socketio::encode(packet, &mut text) {
        Ok(()) => {
            let again = socketio::decode(&text).expect("what is written can be read");
            let mut twice = String::new();
            socketio::encode(&again, &mut twice).expect("and written again");
            assert_eq!(text, twice);
            assert_eq!(again.attachments, packet.attachments);
        }
        Err(error) => assert_eq!(error, socketio::Error::Namespace),
    }
}

/// What was cut out as arguments is an array's inside.
fn json(args: &str) -> Vec<serde::de::IgnoredAny> {
    serde_json::from_str(&format!("[{args}]")).expect("arguments are JSON values")
}

/// Frames of the `stream` protocol, taken by the engine.
pub fn stream(text: &str) {
    frames(Protocol::Stream, text);
}

/// Frames of the `broadcast` protocol, taken by the engine.
pub fn broadcast(text: &str) {
    frames(Protocol::Broadcast, text);
}

fn frames(protocol: Protocol, text: &str) {
    let config = Config {
        servers: vec!["://a".into()],
        path: "/stream".into(),
        protocol,
        maps: Some(Maps {
            fields: r#"{"jobId":"job","status":"trackId"}"#.into(),
            ..Maps::default()
        }),
        ..Config::default()
    };
    let mut engine = Engine::new(config, 1);
    let mut now = 0;
    let mut socket: Option<Gen> = None;
    let mut step = |engine: &mut Engine, input: Input| {
        now += 100;
        engine.handle(Time(now), input);
        while let Some(output) = engine.poll_output() {
            match output {
                Output::Open { r#gen, .. } => socket = Some(r#gen),
                // What is spliced together from frames is JSON.
                Output::Batch(records) => drop(json(&records)),
                _ => {}
            }
        }
        socket
    };
    step(
        &mut engine,
        Input::Command(Command::new(Ask::WatchAll, 1.0, "")),
    );
    for (ask, text) in [
        (Ask::Listen, "*"),
        (Ask::WatchEntities, "track"),
        (Ask::WatchEntities, "playlist"),
    ] {
        step(&mut engine, Input::Command(Command::new(ask, 1.0, text)));
    }
    let follow = Command::new(Ask::Follow, 1.0, "1");
    if let Some(r#gen) = step(&mut engine, Input::Command(follow)) {
        step(&mut engine, Input::Opened { r#gen });
        let gens = vec![r#gen; text.split('\u{1e}').count()];
        let text = text.into();
        step(&mut engine, Input::Frames { text, gens });
        step(&mut engine, Input::Take { late: false });
    }
}
