//! Where tokens live: here and nowhere else. The core knows them by number. What leaves for the page is cleaned of them as
//! they are and percent-encoded; the page itself, which has them as well, cleans it of every other form (redact.ts).

use crate::core::config::SOCKETIO;
use crate::core::json::{Scanner, Value};
use js_sys::encode_uri_component;
use std::cell::{Cell, RefCell};

/// A token shorter than this is not looked for in texts: it would match by chance.
const SHORTEST: usize = 6;

/// How many are kept: sockets may still be named by the one before the last, and what a server said of older ones may
/// still be told.
const KEPT: usize = 8;

/// The tokens of the last requests.
#[derive(Default)]
pub(crate) struct Tokens {
    kept: RefCell<Vec<(u32, String)>>,
    /// The last request whose token must not be used any more. What a server says of it must not be told either.
    forgotten: Cell<u32>,
}

impl Tokens {
    pub(super) fn keep(&self, req: u32, token: String) {
        let mut kept = self.kept.borrow_mut();
        // A late answer to an older request must not push out the token in use.
        if kept.last().is_some_and(|(newest, _)| *newest > req) {
            return;
        }
        kept.push((req, token));
        if kept.len() > KEPT {
            kept.remove(0);
        }
    }

    /// Nothing is told any more, and nothing asked.
    pub(super) fn clear(&self) {
        self.kept.take();
    }

    /// Those of requests up to this one are not used any more.
    pub(super) fn forget(&self, until: u32) {
        self.forgotten.set(self.forgotten.get().max(until));
    }

    pub(super) fn get(&self, req: u32) -> Option<String> {
        if req <= self.forgotten.get() {
            return None;
        }
        self.kept
            .borrow()
            .iter()
            .rfind(|(kept, _)| *kept == req)
            .map(|(_, token)| token.clone())
    }

    /// The text without any token in it.
    pub(crate) fn redact(&self, mut text: String) -> String {
        for (_, token) in self.kept.borrow().iter() {
            // A number alone may stand anywhere in a text, and for anything.
            let telling =
                token.len() >= SHORTEST && token.bytes().any(|byte| !byte.is_ascii_digit());
            if telling {
                for form in [token, &String::from(encode_uri_component(token))] {
                    text = crate::core::text::replace(&text, form, "***");
                }
            }
        }
        text
    }

    /// A batch without any token in its notices (status, log, replies); jobs, events and acknowledgements pass as the
    /// server sent them.
    pub(super) fn redact_notices(&self, json: String) -> String {
        // Behind a job or an event there are no notices, behind an acknowledgement there may be.
        let passes = is_the_servers(&json) && json.as_bytes().get(2) == Some(&b',');
        if passes || self.kept.borrow().is_empty() {
            return json;
        }
        if !SOCKETIO {
            return self.redact(json);
        }
        let mut out = String::new();
        let mut read = 0;
        let mut scanner = Scanner::new(&json);
        let mut first = true;
        while let Ok(Some(Value::Array(record))) = scanner.element(&mut first) {
            read += record.0.len() + 1;
            if !out.is_empty() {
                out.push(',');
            }
            if is_the_servers(record.0) {
                out.push_str(record.0);
            } else {
                out.push_str(&self.redact(record.0.into()));
            }
        }
        // What is nested too deep to be told apart.
        if read == json.len() + 1 {
            out
        } else {
            self.redact(json)
        }
    }
}

/// Whether a record tells what the server sent.
fn is_the_servers(record: &str) -> bool {
    matches!(record.as_bytes(), [_, b'0' | b'1' | b'6' | b'9', ..])
}

/// Adds the token to an address.
pub(super) fn push_token(url: &mut String, token: &str) {
    let query = url.bytes().any(|byte| byte == b'?');
    url.push_str(if query { "&token=" } else { "?token=" });
    url.push_str(&String::from(encode_uri_component(token)));
}

/// The first message of a socket whose server wants the token that way.
pub(super) fn auth_message(token: &str) -> String {
    let mut out = String::from("{\"type\":\"auth\",\"token\":");
    crate::core::json::push_string(&mut out, token);
    out.push('}');
    out
}
