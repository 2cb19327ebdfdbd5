//! WebSockets of the browser. Handlers hold the driver weakly, are detached before they are dropped, and carry the
//! generation of their socket.

use super::Driver;
use super::frames::{Frames, LARGEST, Taken};
use super::table::Table;
use crate::core::config::TokenIn;
use crate::core::{Gen, Input};
use gloo_timers::callback::Timeout;
use js_sys::{ArrayBuffer, JsString, Uint8Array};
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BinaryType, CloseEvent, Event, MessageEvent, WebSocket};

struct Socket {
    ws: WebSocket,
    _open: Closure<dyn Fn(Event)>,
    _message: Closure<dyn Fn(MessageEvent)>,
    _close: Closure<dyn Fn(CloseEvent)>,
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
    pub(super) fn send(&self, r#gen: Gen, text: &str) {
        let ws = self.open.with(r#gen.id(), |socket| socket.ws.clone());
        if let Some(ws) = ws {
            // It throws only before the socket is open, when the core sends nothing.
            let _ = ws.send_with_str(text);
        }
    }

    fn remove(&self, r#gen: Gen) -> Option<Socket> {
        self.open.remove(r#gen.id())
    }
}

fn handler<E: wasm_bindgen::convert::FromWasmAbi + 'static>(
    weak: Weak<Driver>,
    handle: impl Fn(&Rc<Driver>, E) + 'static,
) -> Closure<dyn Fn(E)> {
    Closure::new(move |event: E| {
        if let Some(driver) = weak.upgrade() {
            handle(&driver, event);
        }
    })
}

impl Driver {
    pub(super) fn open_socket(self: &Rc<Self>, r#gen: Gen, url: &str, auth: Option<u64>) {
        let token = auth.and_then(|req| self.tokens.get(req));
        let made = match (&token, self.settings.token_in) {
            (Some(token), TokenIn::Query) => WebSocket::new(&super::tokens::with_token(url, token)),
            (Some(token), TokenIn::Subprotocol) => WebSocket::new_with_str(url, token),
            _ => WebSocket::new(url),
        };
        let Ok(ws) = made else {
            // A malformed address, or a plain one on a secure page.
            let reason = String::from("the browser refused the address");
            return self.later(Input::Closed {
                r#gen,
                code: 1006,
                reason,
            });
        };
        ws.set_binary_type(BinaryType::Arraybuffer);
        let first = token
            .filter(|_| self.settings.token_in == TokenIn::Message)
            .map(|token| super::tokens::auth_message(&token));
        let weak = Rc::downgrade(self);
        let open = handler(weak.clone(), move |driver, _: Event| {
            if let Some(text) = &first {
                driver.sockets.send(r#gen, text);
            }
            driver.now(Input::Opened { r#gen });
        });
        let message = handler(weak.clone(), move |driver, event: MessageEvent| {
            driver.arrived(r#gen, event.data())
        });
        let close = handler(weak, move |driver, event: CloseEvent| {
            let gone = driver.sockets.remove(r#gen);
            if let Some(input) = driver.frames.flush() {
                driver.now(input);
            }
            driver.now(Input::Closed {
                r#gen,
                code: event.code(),
                reason: driver.tokens.redact(event.reason()),
            });
            drop(gone);
        });
        ws.set_onopen(Some(open.as_ref().unchecked_ref()));
        ws.set_onmessage(Some(message.as_ref().unchecked_ref()));
        ws.set_onclose(Some(close.as_ref().unchecked_ref()));
        let socket = Socket {
            ws,
            _open: open,
            _message: message,
            _close: close,
        };
        self.sockets.open.insert(r#gen.id(), socket);
    }

    /// Nothing more is heard of it but that it has closed.
    pub(super) fn close_socket(&self, r#gen: Gen, code: u16, reason: &str) {
        if let Some(ws) = self
            .sockets
            .open
            .with(r#gen.id(), |socket| socket.ws.clone())
        {
            ws.set_onopen(None);
            ws.set_onmessage(None);
            let _ = ws.close_with_code_and_reason(code, reason);
        }
    }

    fn arrived(self: &Rc<Self>, r#gen: Gen, data: JsValue) {
        let Some(text) = data.dyn_ref::<JsString>() else {
            return self.arrived_binary(r#gen, data);
        };
        if let Taken::Now { inputs, open } = self.frames.text(r#gen, text) {
            for input in inputs.into_iter().flatten() {
                self.now(input);
            }
            if open {
                self.open_window();
            }
        }
    }

    fn arrived_binary(self: &Rc<Self>, r#gen: Gen, data: JsValue) {
        if let Some(input) = self.frames.flush() {
            self.now(input);
        }
        let Ok(buffer) = data.dyn_into::<ArrayBuffer>() else {
            return;
        };
        let size = buffer.byte_length();
        self.now(if size > LARGEST {
            Input::Oversize {
                r#gen,
                size: u64::from(size),
            }
        } else {
            Input::Binary {
                r#gen,
                bytes: Uint8Array::new(&buffer).to_vec(),
            }
        });
    }

    /// Gathers what comes in the next few milliseconds; goes on as long as something comes.
    fn open_window(self: &Rc<Self>) {
        let weak = Rc::downgrade(self);
        let timer = Timeout::new(Frames::window_length(), move || {
            let Some(driver) = weak.upgrade() else { return };
            driver.frames.set_window(None);
            if let Some(input) = driver.frames.flush() {
                driver.now(input);
                driver.open_window();
            }
        });
        self.frames.set_window(Some(timer));
    }
}
