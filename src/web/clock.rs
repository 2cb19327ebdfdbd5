//! The two clocks of a browser: one that only goes forward and may stop in sleep, one that knows the date.

use crate::core::Time;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

pub(super) struct Clock {
    zero: f64,
}

impl Clock {
    pub(super) fn new() -> Self {
        Self {
            zero: performance_now(),
        }
    }

    /// Milliseconds since the client was made.
    pub(super) fn now(&self) -> Time {
        Time((performance_now() - self.zero).max(0.0) as u64)
    }

    /// Milliseconds since 1970.
    pub(super) fn wall(&self) -> u64 {
        js_sys::Date::now().max(0.0) as u64
    }
}
