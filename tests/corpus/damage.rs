//! Fuzzing without a fuzzer: recordings damaged by a seeded chance, through the checks of the fuzz targets.

use crate::checks;
use crate::lines::{Transport, file};
use jobwire::core::Rng;

/// A piece to put somewhere: what the grammars are made of, and what they are not.
const PIECES: &[&str] = &[
    "0",
    "1",
    "9",
    "00",
    "18446744073709551616",
    "-",
    "/",
    ",",
    "?",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    ":",
    "null",
    "true",
    "1e999",
    "{\"_placeholder\":true,\"num\":0}",
    "\"_placeholder\":",
    "\"num\":",
    "{\"sid\":\"a\"}",
    "51-",
    "\u{1e}",
    "\u{1e}b",
    "=",
    "==",
    "b",
    "2probe",
    "97:0{",
    "\u{0}",
    "é",
    "😀",
    " ",
    "\n",
];

fn setting(name: &str, default: u64) -> u64 {
    let value = std::env::var(name).ok().and_then(|text| text.parse().ok());
    value.unwrap_or(default)
}

fn damaged(rng: &mut Rng, seeds: &[Vec<u8>]) -> Vec<u8> {
    let any = |rng: &mut Rng, most: usize| rng.up_to(most as u64) as usize;
    let mut bytes = seeds[any(rng, seeds.len() - 1)].clone();
    for _ in 0..=rng.up_to(3) {
        let (a, b) = (any(rng, bytes.len()), any(rng, bytes.len()));
        let (from, to) = (a.min(b), a.max(b));
        match rng.up_to(6) {
            0 => bytes.truncate(a),
            1 => drop(bytes.drain(from..to.min(from + 8))),
            2 => {
                let copy = bytes[from..to].to_vec();
                bytes.splice(from..from, copy);
            }
            3 if a < bytes.len() => bytes[a] ^= 1 << rng.up_to(7),
            4 => {
                let other = &seeds[any(rng, seeds.len() - 1)];
                let tail = other[any(rng, other.len())..].to_vec();
                bytes.truncate(a);
                bytes.extend(tail);
            }
            _ => {
                let piece = PIECES[any(rng, PIECES.len() - 1)];
                bytes.splice(a..a, piece.bytes());
            }
        }
    }
    bytes
}

fn run(name: &str, seeds: &[Vec<u8>], check: fn(&[u8])) {
    for seed in seeds {
        check(seed);
    }
    let mut rng = Rng::new(setting("JOBWIRE_FUZZ_SEED", 1));
    for _ in 0..setting("JOBWIRE_FUZZ_RUNS", 100) * seeds.len() as u64 {
        let bytes = damaged(&mut rng, seeds);
        let caught = std::panic::catch_unwind(|| check(&bytes));
        assert!(
            caught.is_ok(),
            "{name}: {:?}",
            String::from_utf8_lossy(&bytes)
        );
    }
}

pub fn all() {
    // As `checks::engineio` takes it, and as `checks::socketio` does: a binary message begins with 0xff.
    let (mut frames, mut messages) = (Vec::new(), Vec::new());
    for line in ["node", "python", "node-2"]
        .iter()
        .flat_map(|name| file(name))
    {
        if let Some(bytes) = line.binary {
            let mut message: Vec<u8> = messages.pop().unwrap_or_default();
            message.extend([0x1e, 0xff]);
            message.extend(bytes);
            messages.push(message);
            continue;
        }
        if line.transport == Transport::WebSocket
            && let Some(message) = line.text.strip_prefix('4')
        {
            messages.push(message.as_bytes().to_vec());
        }
        frames.push(line.text.into_bytes());
    }
    run("engineio", &frames, |bytes| {
        checks::engineio(&String::from_utf8_lossy(bytes))
    });
    run("socketio", &messages, checks::socketio);
    let bytes_of = |frames: &[&str]| -> Vec<_> {
        let bytes = frames.iter().map(|frame| frame.as_bytes().to_vec());
        bytes.collect()
    };
    run("stream", &bytes_of(STREAM), |bytes| {
        checks::stream(&String::from_utf8_lossy(bytes))
    });
    run("broadcast", &bytes_of(BROADCAST), |bytes| {
        checks::broadcast(&String::from_utf8_lossy(bytes))
    });
}

const BROADCAST: &[&str] = &[
    r#"{"type":"job_status","data":{"job":1,"status":"running","progress":{"tracksProcessed":3,"total":9}}}"#,
    r#"{"event":"playlist_updated","data":{"playlistId":"p","id":1,"updates":{"name":"ü\"}}}"#,
    "{\"type\":\"track_enriched\",\"track_id\":7,\"trackName\":\"m\\\"\"}\n{\"type\":\"metric_update\",\"id\":2}",
    r#"[{"event":"job_status_changed","data":{"job_id":"j","newStatus":"failed","error":{"message":"m"}}},{"type":"own"}]"#,
    "{\"event\":\"bulk_import_progress\",\"data\":{\"importId\":1,\"completed\":2,\"total\":2}}\u{1e}{\"type\":\"ping\"}",
];

const STREAM: &[&str] = &[
    r#"{"type":"progress","job_id":"1","progress":12.5,"stage":"load","message":"ü😀","attempt":1}"#,
    r#"[{"type":"progress","jobId":1,"progress":1},{"type":"completed","id":"1","result_url":"/r","duration_seconds":3}]"#,
    r#"{"type":"error","job_id":"1","error":{"message":"m\"","retryable":true,"stage":"s"}}"#,
    "{\"type\":\"progress\",\"job_id\":\"1\",\"status\":\"running\",\"progress\":3}\n{\"type\":\"heartbeat\"}",
    "{\"type\":\"cancelled\",\"session_id\":\"1\"}\u{1e}{\"type\":\"own\",\"x\":[[1],{\"a\":null}]}",
];
