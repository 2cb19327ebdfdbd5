//! What the server says when it opens a session ("Handshake" of the protocol).

use crate::core::json::{Raw, Scanner, Str, Value};
use crate::core::protocol::socketio::engineio::Error;

/// A session and how to keep it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handshake<'a> {
    /// Its id, for every further request.
    pub sid: Str<'a>,
    /// Whether the server offers WebSocket beside polling.
    pub websocket: bool,
    /// Between two pings, ms. Servers that count in seconds round it down, even to 0.
    pub ping_interval: u32,
    /// How much later than that a ping may come, ms.
    pub ping_timeout: u32,
    /// The largest body or frame the server takes, bytes; 0: it does not say, as before Engine.IO 6.1. So does a
    /// server of revision 3, whose handshake over WebSocket looks the same: it gives itself away by its CONNECT.
    pub max_payload: u32,
}

impl<'a> Handshake<'a> {
    /// Reads what [`Packet::Open`](crate::core::protocol::socketio::engineio::Packet::Open) holds.
    ///
    /// # Errors
    /// [`Error::Handshake`] when it is no JSON object, or the id or a time is missing or of another type.
    pub fn read(json: &'a str) -> Result<Self, Error> {
        read(json).ok_or(Error::Handshake)
    }
}

/// Larger numbers are no times.
const MOST: f64 = 1e9;

/// As many milliseconds or bytes; −1 for what is neither.
fn whole(value: &Value<'_>) -> f64 {
    match value {
        Value::Number(number) if (0.0..f64::INFINITY).contains(number) => number.min(MOST),
        _ => -1.0,
    }
}

fn read(json: &str) -> Option<Handshake<'_>> {
    let mut scanner = Scanner::new(json);
    let mut sid = Str::plain("");
    let (mut interval, mut timeout, mut most) = (-1.0, -1.0, 0.0);
    let mut websocket = false;
    let mut first = scanner.eat(b'{');
    if !first {
        return None;
    }
    while let Some((name, value)) = scanner.member(&mut first).ok()? {
        match (name.raw, value) {
            ("sid", Value::String(text)) => sid = text,
            ("upgrades", Value::Array(list)) => websocket = offers_websocket(list),
            ("pingInterval", value) => interval = whole(&value),
            ("pingTimeout", value) => timeout = whole(&value),
            ("maxPayload", value) => most = whole(&value).max(0.0),
            _ => {}
        }
    }
    scanner.end().ok()?;
    // A session that nothing keeps alive is none.
    if sid.raw.is_empty() || interval < 0.0 || timeout < 0.0 || interval + timeout < 1.0 {
        return None;
    }
    Some(Handshake {
        sid,
        websocket,
        ping_interval: interval as u32,
        ping_timeout: timeout as u32,
        max_payload: most as u32,
    })
}

fn offers_websocket(Raw(list): Raw<'_>) -> bool {
    let mut scanner = Scanner::new(list);
    let mut first = scanner.eat(b'[');
    while let Ok(Some(value)) = scanner.element(&mut first) {
        if let Value::String(Str {
            raw: "websocket", ..
        }) = value
        {
            return true;
        }
    }
    false
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_field_is_read() {
        let json = r#"{"sid":"a-B_1","upgrades":["x","websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000,"more":{}}"#;
        assert_eq!(
            Handshake::read(json),
            Ok(Handshake {
                sid: Str::plain("a-B_1"),
                websocket: true,
                ping_interval: 25_000,
                ping_timeout: 20_000,
                max_payload: 1_000_000,
            })
        );
    }

    #[test]
    fn what_a_session_can_do_without_may_be_missing() {
        let found = Handshake::read(r#"{"sid":"s","pingInterval":0,"pingTimeout":300}"#).unwrap();
        assert!(!found.websocket);
        assert_eq!((found.ping_interval, found.max_payload), (0, 0));
        let large = Handshake::read(
            r#"{"sid":"s","pingInterval":1e300,"pingTimeout":1,"maxPayload":1e12}"#,
        )
        .unwrap();
        assert_eq!(
            (large.ping_interval, large.max_payload),
            (1_000_000_000, 1_000_000_000)
        );
    }

    #[test]
    fn what_it_cannot_do_without_is_demanded() {
        for json in [
            "",
            "null",
            "[]",
            "{}",
            "\"sid\"",
            r#"{"sid":"s","pingInterval":1}"#,
            r#"{"sid":"","pingInterval":1,"pingTimeout":1}"#,
            r#"{"sid":7,"pingInterval":1,"pingTimeout":1}"#,
            r#"{"sid":"s","pingInterval":"1","pingTimeout":1}"#,
            r#"{"sid":"s","pingInterval":-1,"pingTimeout":1}"#,
            r#"{"sid":"s","pingInterval":1e999,"pingTimeout":1}"#,
            r#"{"sid":"s","pingInterval":0,"pingTimeout":0}"#,
            r#"{"sid":"s","pingInterval":1,"pingTimeout":1"#,
            r#"{"sid":"s","pingInterval":1,"pingTimeout":1}2:40"#,
        ] {
            assert_eq!(Handshake::read(json), Err(Error::Handshake), "{json}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(json in r#"\{?("sid":|"upgrades":|"s"|\["websocket"\]|[0-9e]|[\[\]{},:"a])*"#) {
            let _ = Handshake::read(&json);
        }
    }
}
