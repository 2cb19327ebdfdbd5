//! Text frames on their way into wasm. A boundary crossing costs as much as reading the frame, so frames that come in
//! quick succession cross together: the first of a burst at once, those of the next few milliseconds as one text.
//! Short frames never wait, since heartbeats are short; nor does anything while the page is hidden, where timers are
//! held back.

use crate::core::{Gen, Input};
use gloo_timers::callback::Timeout;
use js_sys::{Array, JsString};
use std::cell::{Cell, RefCell};
use wasm_bindgen::{JsCast, JsValue};

/// How long frames are gathered, ms: a quarter of a display's frame.
const WINDOW: u32 = 4;
/// Frames gathered at most.
const MOST: usize = 2048;
/// Below this length (UTF-16 units) a frame does not wait.
const SHORT: u32 = 96;
/// A text frame above this length is refused unread: no job event is that large, and it would have to be copied.
pub(super) const LARGEST: u32 = 4 << 20;

pub(super) struct Frames {
    texts: Array,
    gens: RefCell<Vec<Gen>>,
    window: RefCell<Option<Timeout>>,
    gather: Cell<bool>,
}

impl Default for Frames {
    fn default() -> Self {
        Self {
            texts: Array::new(),
            gens: RefCell::default(),
            window: RefCell::default(),
            gather: Cell::new(true),
        }
    }
}

/// What to do with a frame that came.
pub(super) enum Taken {
    /// It waits for its window to end.
    Gathered,
    /// Hand these in now; `open` a window for what follows.
    Now {
        inputs: [Option<Input>; 2],
        open: bool,
    },
}

impl Frames {
    /// Whether frames may wait; what waits when they may not any more is handed over.
    pub(super) fn gather(&self, on: bool) -> Option<Input> {
        self.gather.set(on);
        if on {
            return None;
        }
        // Its timer may be held back for a minute.
        self.set_window(None);
        self.flush()
    }

    pub(super) fn set_window(&self, timer: Option<Timeout>) {
        *self.window.borrow_mut() = timer;
    }

    pub(super) fn window_length() -> u32 {
        WINDOW
    }

    pub(super) fn text(&self, r#gen: Gen, data: &JsString) -> Taken {
        let length = data.length();
        if length > LARGEST {
            return Taken::Now {
                inputs: [
                    self.flush(),
                    Some(Input::Oversize {
                        r#gen,
                        size: u64::from(length),
                    }),
                ],
                open: false,
            };
        }
        if length >= SHORT && self.window.borrow().is_some() {
            let mut gens = self.gens.borrow_mut();
            self.texts.push(data);
            gens.push(r#gen);
            if gens.len() < MOST {
                return Taken::Gathered;
            }
            drop(gens);
            return Taken::Now {
                inputs: [self.flush(), None],
                open: false,
            };
        }
        let single = Input::Frames {
            text: String::from(data),
            gens: vec![r#gen],
        };
        Taken::Now {
            inputs: [self.flush(), Some(single)],
            open: length >= SHORT && self.gather.get(),
        }
    }

    /// Whatever was gathered, as one input.
    pub(super) fn flush(&self) -> Option<Input> {
        let gens = std::mem::take(&mut *self.gens.borrow_mut());
        if gens.is_empty() {
            return None;
        }
        let text = String::from(self.texts.join("\u{1e}"));
        let separators = text.bytes().filter(|byte| *byte == 0x1e).count();
        let text = if separators + 1 == gens.len() {
            text
        } else {
            self.join_cleaned()
        };
        self.texts.set_length(0);
        Some(Input::Frames { text, gens })
    }

    /// A frame that holds the separator is not JSON; another control character in its place keeps it so, and keeps
    /// the other frames apart.
    fn join_cleaned(&self) -> String {
        let clean = |frame: JsValue| {
            frame
                .unchecked_into::<JsString>()
                .split("\u{1e}")
                .join("\u{1}")
        };
        let cleaned = Array::new();
        for frame in self.texts.iter() {
            cleaned.push(&clean(frame));
        }
        String::from(cleaned.join("\u{1e}"))
    }
}
