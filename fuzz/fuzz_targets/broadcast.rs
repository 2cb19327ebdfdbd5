//! Frames of the `broadcast` protocol, through the engine.

#![no_main]

#[path = "../../tests/corpus/checks.rs"]
#[allow(dead_code)]
mod checks;

libfuzzer_sys::fuzz_target!(|text: &str| checks::broadcast(text));
