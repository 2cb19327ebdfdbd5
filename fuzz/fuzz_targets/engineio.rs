//! Frames and polling bodies of Engine.IO 4.

#![no_main]

#[path = "../../tests/corpus/checks.rs"]
#[allow(dead_code)]
mod checks;

libfuzzer_sys::fuzz_target!(|text: &str| checks::engineio(text));
