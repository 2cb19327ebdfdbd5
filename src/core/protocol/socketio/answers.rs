//! What a server answers to CONNECT ("Connection to a namespace" of the protocol).

use crate::core::json::{Raw, Scanner, Str, Value};
use crate::core::protocol::socketio::Error;

/// The client is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session<'a> {
    /// The id of the socket.
    pub sid: Str<'a>,
    /// Its secret id, by which it is recovered after a short loss; empty when the server does not do that.
    pub pid: Str<'a>,
}

impl<'a> Session<'a> {
    /// Reads what [`Body::Connect`](crate::core::protocol::socketio::Body::Connect) holds.
    ///
    /// # Errors
    /// [`Error::OldServer`] without an id: servers of older revisions say CONNECT by themselves and with nothing.
    pub fn read(data: &'a str) -> Result<Self, Error> {
        let [(_, sid), (_, pid)] = members(data, ["sid", "pid"])?;
        let session = Self {
            sid: text(sid),
            pid: text(pid),
        };
        if session.sid.raw.is_empty() {
            return Err(Error::OldServer);
        }
        Ok(session)
    }
}

/// The client is not let in, or put out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal<'a> {
    /// Why, for people; may be empty.
    pub message: Str<'a>,
    /// More for the application, a JSON value; may be empty.
    pub data: &'a str,
}

impl<'a> Refusal<'a> {
    /// Reads what [`Body::ConnectError`](crate::core::protocol::socketio::Body::ConnectError) holds, or
    /// [`Body::Disconnect`](crate::core::protocol::socketio::Body::Disconnect) may hold: an object (Node), or the message alone (Python).
    ///
    /// # Errors
    /// What is not JSON.
    pub fn read(data: &'a str) -> Result<Self, Error> {
        if let Ok(Value::String(message)) = Scanner::new(data).value() {
            return Ok(Self { message, data: "" });
        }
        let [(_, message), (data, _)] = members(data, ["message", "data"])?;
        Ok(Self {
            message: text(message),
            data,
        })
    }
}

fn text(value: Value<'_>) -> Str<'_> {
    match value {
        Value::String(text) => text,
        _ => Str::plain(""),
    }
}

/// Two members of an object, each as text and as value; of no object, nothing.
fn members<'a>(data: &'a str, names: [&str; 2]) -> Result<[(&'a str, Value<'a>); 2], Error> {
    let mut found = [("", Value::Null); 2];
    let mut scanner = Scanner::new(data);
    let mut first = scanner.eat(b'{');
    if !first {
        return Ok(found);
    }
    while let Some((name, value)) = scanner.member(&mut first)? {
        let text = match value {
            Value::Object(Raw(text)) | Value::Array(Raw(text)) => text,
            _ => scanner.last_scalar(),
        };
        for (slot, wanted) in found.iter_mut().zip(names) {
            if name.raw == wanted {
                *slot = (text, value);
            }
        }
    }
    Ok(found)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn a_session_has_an_id_and_may_have_a_secret_one() {
        let session = Session::read(r#"{"sid":"a","pid":"b"}"#).unwrap();
        assert_eq!((session.sid.raw, session.pid.raw), ("a", "b"));
        let session = Session::read(r#"{"pid":null,"sid":"a"}"#).unwrap();
        assert_eq!((session.sid.raw, session.pid.raw), ("a", ""));
    }

    #[test]
    fn a_connect_without_an_id_gives_an_old_server_away() {
        for data in ["", "{}", r#"{"sid":""}"#, r#"{"sid":1}"#] {
            assert_eq!(Session::read(data), Err(Error::OldServer));
        }
    }

    #[test]
    fn a_refusal_is_an_object_or_a_sentence() {
        for (data, message, more) in [
            (r#""Unable to connect""#, "Unable to connect", ""),
            (r#"{"message":"no"}"#, "no", ""),
            (
                r#"{"message":"n\u00f6","data":{"a":[1]}}"#,
                "nö",
                r#"{"a":[1]}"#,
            ),
            (r#"{"data":"x","message":{}}"#, "", r#""x""#),
            (r#"{"data": 17 }"#, "", "17"),
            ("{}", "", ""),
            ("", "", ""),
        ] {
            let refusal = Refusal::read(data).unwrap();
            assert_eq!(
                (refusal.message.get().as_ref(), refusal.data),
                (message, more),
                "{data}"
            );
        }
        assert_eq!(Refusal::read("{"), Err(Error::NotJson));
    }
}
