//! The two clocks of a browser: one that only goes forward and may stop in sleep, one that knows the date.

use crate::core::Time;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// Milliseconds since the page or the worker began.
pub(super) fn now() -> Time {
    Time(performance_now() as u64)
}

/// Milliseconds since 1970.
pub(super) fn wall() -> u64 {
    js_sys::Date::now() as u64
}
