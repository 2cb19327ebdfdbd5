//! WebSockets of the browser. Handlers are detached before they are dropped, and carry the generation of their
//! socket.

use super::Driver;
use super::table::Table;
use crate::core::io::config::TokenIn;
use crate::core::protocol::PLAIN;
use crate::core::{Gen, Input};
use wasm_bindgen::prelude::{Closure, wasm_bindgen};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BinaryType, WebSocket};

#[wasm_bindgen]
extern "C" {
    /// What a socket tells: each kind has some of these members.
    type Event;
    #[wasm_bindgen(method, getter)]
    fn data(this: &Event) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn code(this: &Event) -> u16;
    #[wasm_bindgen(method, getter)]
    fn reason(this: &Event) -> JsValue;
}

/// One type for every kind of event: each type costs glue.
type Handler = Closure<dyn Fn(Event)>;

/// What a handler is for.
enum Kind {
    /// The first message, if there is one.
    Open(Option<String>),
    Message,
    Close,
}

struct Socket {
    ws: WebSocket,
    _handlers: [Handler; 3],
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.ws.set_onopen(None);
        self.ws.set_onmessage(None);
        self.ws.set_onclose(None);
    }
}

/// The sockets that exist, by generation.
#[derive(Default)]
pub(super) struct Sockets {
    open: Table<Socket>,
}

impl Sockets {
    fn get(&self, r#gen: Gen) -> Option<WebSocket> {
        self.open.with(r#gen.id(), |socket| socket.ws.clone())
    }

    pub(super) fn send(&self, r#gen: Gen, text: &str) {
        if let Some(ws) = self.get(r#gen) {
            // It throws only before the socket is open, when the core sends nothing.
            let _ = ws.send_with_str(text);
        }
    }

    pub(super) fn send_bytes(&self, r#gen: Gen, buffer: &JsValue) {
        if let Some(ws) = self.get(r#gen) {
            let _ = ws.send_with_array_buffer(buffer.unchecked_ref());
        }
    }

    /// How many bytes a socket has taken in and not sent.
    pub(super) fn buffered(&self, r#gen: Gen) -> u64 {
        self.get(r#gen)
            .map_or(0, |ws| u64::from(ws.buffered_amount()))
    }

    /// What it still tells before it has closed, the core does not hear: its generation is over.
    pub(super) fn close(&self, r#gen: Gen, reason: &str) {
        if let Some(ws) = self.get(r#gen) {
            let _ = ws.close_with_code_and_reason(1000, reason);
        }
    }
}

impl Driver {
    pub(super) fn open_socket(&self, r#gen: Gen, mut url: String, auth: u32) {
        let token = self.tokens.get(auth);
        let (mut protocol, mut first) = (JsValue::UNDEFINED, None);
        if let Some(token) = &token {
            match self.settings.token_in {
                TokenIn::Query => super::tokens::push_token(&mut url, token),
                _ if !PLAIN => {}
                TokenIn::Subprotocol => protocol = JsValue::from_str(token),
                TokenIn::Message => first = Some(super::tokens::auth_message(token)),
                TokenIn::Auth => {}
            }
        }
        let made = WebSocket::new_with_str_sequence(&url, &protocol);
        let Ok(ws) = made else {
            // A malformed address, a plain one on a secure page, or a Node without WebSocket.
            let reason = String::from("no WebSocket, or a bad address");
            return self.later(Input::Closed {
                r#gen,
                code: 1006,
                reason,
            });
        };
        ws.set_binary_type(BinaryType::Arraybuffer);
        let handlers = [
            self.handler(r#gen, Kind::Open(first)),
            self.handler(r#gen, Kind::Message),
            self.handler(r#gen, Kind::Close),
        ];
        let [open, message, close] = &handlers;
        ws.set_onopen(Some(open.as_ref().unchecked_ref()));
        ws.set_onmessage(Some(message.as_ref().unchecked_ref()));
        ws.set_onclose(Some(close.as_ref().unchecked_ref()));
        let socket = Socket {
            ws,
            _handlers: handlers,
        };
        self.show_resource(&socket.ws, true);
        self.sockets.open.insert(r#gen.id(), socket);
    }

    fn handler(&self, r#gen: Gen, kind: Kind) -> Handler {
        let me = self.me.clone();
        Closure::new(move |event: Event| {
            if let Some(driver) = me.upgrade() {
                driver.enter(|driver| driver.happened(r#gen, &kind, &event));
            }
        })
    }

    /// A socket tells something.
    fn happened(&self, r#gen: Gen, kind: &Kind, event: &Event) {
        match kind {
            Kind::Message => self.arrived(r#gen, event.data()),
            Kind::Open(first) => {
                if let Some(text) = first {
                    self.sockets.send(r#gen, text);
                }
                self.now(Input::Opened { r#gen });
            }
            Kind::Close => {
                let gone = self.sockets.open.remove(r#gen.id());
                if let Some(socket) = &gone {
                    self.show_resource(&socket.ws, false);
                }
                let reason = event.reason().as_string().unwrap_or_default();
                self.after_frames(Input::Closed {
                    r#gen,
                    code: event.code(),
                    reason,
                });
                drop(gone);
            }
        }
    }
}
