//! Frames on their way into wasm. A boundary crossing costs as much as reading the frame, so frames that come in
//! quick succession cross together: the first of a burst at once, those of the next few milliseconds as one text.
//! Short frames never wait, since heartbeats are short; nor does anything while the page is hidden, where timers are
//! held back. Binary frames are decoded by the browser and then go the way of text.

use super::Driver;
use crate::core::protocol::PLAIN;
use crate::core::{Gen, Input, LARGEST};
use gloo_timers::callback::Timeout;
use js_sys::{Array, JsString};
use std::cell::{Cell, RefCell};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

/// How long frames are gathered, ms: a quarter of a display's frame.
const WINDOW: u32 = 4;
/// Frames gathered at most; together they are about as long as one may be, so that giant ones are not held by the
/// thousand.
const MOST: usize = 2048;
/// Below this length (UTF-16 units) a frame does not wait.
const SHORT: u32 = 96;
/// Stands between the frames of a batch; a frame that holds it crosses alone.
const SEPARATOR: &str = "\u{1e}";
/// A frame is refused when it is not UTF-8, and keeps what is in it when it is.
const STRICT: &str = r#"{"fatal":true,"ignoreBOM":true}"#;

#[wasm_bindgen]
extern "C" {
    /// What a frame carries: a string or an `ArrayBuffer`, told apart by which length it has.
    pub(super) type Data;
    #[wasm_bindgen(method, getter)]
    fn length(this: &Data) -> Option<u32>;
    #[wasm_bindgen(method, getter, js_name = byteLength)]
    pub(super) fn byte_length(this: &Data) -> Option<u32>;
    #[wasm_bindgen(method)]
    fn includes(this: &Data, part: &JsString) -> bool;

    type TextDecoder;
    #[wasm_bindgen(constructor)]
    fn new(label: &str, options: &JsValue) -> TextDecoder;
    #[wasm_bindgen(method, catch)]
    fn decode(this: &TextDecoder, buffer: &Data) -> Result<Data, JsValue>;
}

pub(super) struct Frames {
    texts: Array,
    gens: RefCell<Vec<Gen>>,
    /// How long all of them are, UTF-16 units.
    length: Cell<u32>,
    separator: JsString,
    /// Keeps the timer that ends the window.
    window: Cell<Option<Timeout>>,
    open: Cell<bool>,
    gather: Cell<bool>,
}

impl Default for Frames {
    fn default() -> Self {
        Self {
            texts: Array::new(),
            gens: RefCell::default(),
            length: Cell::new(0),
            separator: JsString::from(SEPARATOR),
            window: Cell::default(),
            open: Cell::new(false),
            gather: Cell::new(true),
        }
    }
}

/// Made anew for each: servers send texts.
fn decoder() -> TextDecoder {
    TextDecoder::new("utf-8", &js_sys::JSON::parse(STRICT).unwrap_or_default())
}

impl Driver {
    /// A frame came.
    pub(super) fn arrived(&self, r#gen: Gen, data: JsValue) {
        let mut data: Data = data.unchecked_into();
        let frames = &self.frames;
        let text = data.length();
        // A `Blob` is never sent to a socket that asked for buffers.
        let Some(length) = text.or_else(|| data.byte_length()) else {
            return;
        };
        if self.is_socketio() && text.is_none() {
            let id = self.attachments.add(&data);
            let size = length.into();
            return self.after_frames(Input::Binary { r#gen, id, size });
        }
        if length > LARGEST {
            return self.after_frames(Input::Oversize {
                r#gen,
                size: u64::from(length),
            });
        }
        if PLAIN && text.is_none() {
            let Ok(decoded) = decoder().decode(&data) else {
                return self.after_frames(Input::NotUtf8 { r#gen });
            };
            data = decoded;
        }
        if length >= SHORT && frames.open.get() && !data.includes(&frames.separator) {
            frames.texts.push(&data);
            let mut gens = frames.gens.borrow_mut();
            gens.push(r#gen);
            let gathered = frames.length.get() + length;
            frames.length.set(gathered);
            if gens.len() < MOST && gathered < LARGEST {
                return;
            }
            drop(gens);
            self.flush();
            return self.pump();
        }
        let Some(text) = data.as_string() else { return };
        self.after_frames(Input::Frames {
            text,
            gens: vec![r#gen],
        });
        if length >= SHORT && frames.gather.get() {
            self.open_window();
        }
    }

    /// Takes in what was gathered, and then this.
    pub(super) fn after_frames(&self, input: Input) {
        self.flush();
        self.now(input);
    }

    /// Queues what was gathered; says whether there was anything.
    pub(super) fn flush(&self) -> bool {
        let frames = &self.frames;
        let gens = frames.gens.take();
        if gens.is_empty() {
            return false;
        }
        let text = String::from(frames.texts.join(SEPARATOR));
        frames.texts.set_length(0);
        frames.length.set(0);
        self.inputs.borrow_mut().push(Input::Frames { text, gens });
        true
    }

    /// Gathers what comes in the next few milliseconds; goes on as long as something comes.
    fn open_window(&self) {
        self.frames.open.set(true);
        let timer = self.timeout(WINDOW, |driver| {
            driver.frames.open.set(false);
            if driver.flush() {
                driver.pump();
                driver.open_window();
            }
        });
        self.frames.window.set(Some(timer));
    }

    /// In a hidden page nothing waits: its timer may be held back for a minute.
    pub(crate) fn hidden(&self, hidden: bool) {
        self.frames.gather.set(!hidden);
        if hidden {
            self.frames.open.set(false);
            self.flush();
            self.schedule();
        }
    }
}
