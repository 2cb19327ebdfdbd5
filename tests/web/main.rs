//! The wasm module in a real browser, driven through its one method and its sink, as the facade does.
#![cfg(target_arch = "wasm32")]
// A test may stop at the first surprise.
#![allow(clippy::panic)]

mod auth;
mod commands;
mod drain;
mod frames;
mod leaks;
mod limits;
mod reads;
mod rig;
mod sink;
mod socketio;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
