//! Messages of Socket.IO 5 with 0x1e between them; one that begins with 0xff is binary.

#![no_main]

#[path = "../../tests/corpus/checks.rs"]
#[allow(dead_code)]
mod checks;

libfuzzer_sys::fuzz_target!(|messages: &[u8]| checks::socketio(messages));
