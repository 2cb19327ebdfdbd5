//! Where tokens live: here and nowhere else. The core knows them by number. What a server or the browser says may repeat
//! one: the page, which gave it, cleans what the core says of itself (redact.ts).

use js_sys::encode_uri_component;
use std::cell::{Cell, RefCell};

/// How many are kept: sockets may still be named by the one before the last.
const KEPT: usize = 8;

/// The tokens of the last requests.
#[derive(Default)]
pub(crate) struct Tokens {
    kept: RefCell<Vec<(u32, String)>>,
    /// The last request whose token must not be used any more.
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
