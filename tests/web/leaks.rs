//! A client that was freed leaves nothing behind.

use crate::rig::World;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;

/// Bytes of the wasm's memory.
fn memory() -> u32 {
    let memory: js_sys::WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
    let buffer: js_sys::ArrayBuffer = memory.buffer().unchecked_into();
    buffer.byte_length()
}

/// A client that connects, serves a little, and is closed and freed.
async fn live(more: &str) {
    let world = World::new(more);
    world.post(r#"["listen","*",1]"#);
    world.post(r#"["follow","j"]"#);
    world.post(r#"["connect",1]"#);
    world.settle().await;
    if world.sockets() > 0 {
        world.rig.opened(0);
        world.rig.text(0, &crate::rig::progress(5));
    }
    world.post(r#"["inspect",2]"#);
    world.leave().await;
}

#[wasm_bindgen_test]
async fn a_thousand_clients_take_no_more_memory_than_a_hundred() {
    for _ in 0..100 {
        live("{}").await;
    }
    let before = memory();
    for _ in 0..900 {
        live("{}").await;
    }
    assert_eq!(memory(), before);
}

#[wasm_bindgen_test]
async fn nor_do_those_of_socket_io() {
    let config = r#"{"protocol":2,"path":"/socket.io","interval":0,"transports":2}"#;
    for _ in 0..30 {
        live(config).await;
    }
    let before = memory();
    for _ in 0..150 {
        live(config).await;
    }
    assert_eq!(memory(), before);
}

#[wasm_bindgen_test]
async fn one_that_was_freed_at_once_still_closes_what_it_opened() {
    let mut world = World::following("{}").await;
    world.free();
    world.settle().await;
    assert_eq!(world.rig.closed(0), "1000 closed");
}

#[wasm_bindgen_test]
async fn what_comes_after_that_disturbs_nobody() {
    let mut world = World::following("{}").await;
    world.post(r#"["inspect",5]"#);
    world.free();
    world.settle().await;
    let calls = world.calls();
    world.rig.text(0, &crate::rig::progress(5));
    world.rig.lost(0, 1000, "");
    world.settle().await;
    assert_eq!(world.calls(), calls);
}
