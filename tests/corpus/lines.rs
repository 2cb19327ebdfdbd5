//! The recordings as they lie in socketio/.

use jobwire::core::protocol::socketio::engineio::from_base64;
use serde_json::Value;

#[derive(Clone, Copy, PartialEq)]
pub enum Transport {
    Polling,
    WebSocket,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Direction {
    In,
    Out,
}

/// One frame or body.
pub struct Line {
    pub transport: Transport,
    pub direction: Direction,
    pub text: String,
    /// Instead of the text.
    pub binary: Option<Vec<u8>>,
}

/// A recording.
pub fn file(name: &str) -> Vec<Line> {
    let path = format!(
        "{}/tests/corpus/socketio/{name}.jsonl",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let lines: Vec<Line> = text.lines().map(line).collect();
    assert!(!lines.is_empty());
    lines
}

fn line(json: &str) -> Line {
    let value: Value = serde_json::from_str(json).unwrap();
    let text = |name: &str| value[name].as_str();
    Line {
        transport: match text("transport") {
            Some("polling") => Transport::Polling,
            _ => Transport::WebSocket,
        },
        direction: match text("direction") {
            Some("in") => Direction::In,
            _ => Direction::Out,
        },
        text: text("text").unwrap_or_default().into(),
        binary: text("base64").map(|bytes| from_base64(bytes).unwrap()),
    }
}
