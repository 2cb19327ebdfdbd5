//! Binary data of Socket.IO: it stays here under a number until the core says what becomes of it. What the core itself
//! has to say of bytes, their place in a text, is filled in here, and so are tokens.

use super::frames::Data;
use super::table::Table;
use super::{ATTACHMENT, Driver};
use crate::core::json::push_string;
use crate::core::protocol::socketio::engineio::push_base64;
use crate::core::{FILL, Input};
use js_sys::Uint8Array;
use std::cell::Cell;
use wasm_bindgen::{JsCast, JsValue};

/// Numbers from here on are the core's to give.
const END: u32 = 1 << 31;

/// What is kept: buffers by number.
#[derive(Default)]
pub(super) struct Attachments {
    list: Table<JsValue>,
    last: Cell<u32>,
}

impl Attachments {
    /// Keeps a buffer under a number of its own.
    pub(super) fn add(&self, buffer: &JsValue) -> u32 {
        let id = (self.last.get() + 1) % END;
        self.last.set(id);
        self.list.insert(id.into(), buffer.clone());
        id
    }

    pub(super) fn keep(&self, id: u32, bytes: &[u8]) {
        let buffer = Uint8Array::from(bytes).buffer();
        self.list.insert(id.into(), buffer.into());
    }

    pub(super) fn forget(&self, id: u32) -> Option<JsValue> {
        self.list.remove(id.into())
    }
}

impl Driver {
    /// An attachment of the message that the page sends next.
    #[cfg_attr(not(feature = "socketio"), expect(dead_code))]
    pub(crate) fn attach(&self, buffer: JsValue) {
        let id = self.attachments.add(&buffer);
        let size = buffer.unchecked_into::<Data>().byte_length();
        self.later(Input::Attached {
            id,
            size: size.unwrap_or(0).into(),
        });
    }

    /// The page takes an attachment over.
    pub(super) fn hand(&self, id: u32) {
        if let Some(buffer) = self.attachments.forget(id) {
            self.say(ATTACHMENT, id.into(), &buffer);
        }
    }

    /// Puts attachments, which go with it, and the token in their places.
    pub(super) fn fill(&self, text: &str, auth: u32, attachments: &[u32]) -> String {
        let mut out = String::with_capacity(text.len());
        let mut attachments = attachments.iter();
        for letter in text.chars() {
            if letter != FILL {
                out.push(letter);
            } else if out.as_bytes().last() == Some(&b'b') {
                let kept = attachments
                    .next()
                    .and_then(|id| self.attachments.forget(*id));
                push_base64(
                    &mut out,
                    &Uint8Array::new(&kept.unwrap_or_default()).to_vec(),
                );
            } else if let Some(token) = self.tokens.get(auth) {
                push_string(&mut out, &token);
            } else {
                out.push_str("null");
            }
        }
        out
    }
}
