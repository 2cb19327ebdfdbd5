//! Frames: gathered, in order, complete; short ones at once; whatever is in them.

use crate::rig::{COMPLETED, World, progress};
use wasm_bindgen_test::wasm_bindgen_test;

fn list(from: u32, to: u32) -> String {
    let numbers: Vec<String> = (from..=to).map(|number| number.to_string()).collect();
    format!("[{}]", numbers.join(","))
}

#[wasm_bindgen_test]
async fn a_burst_arrives_in_order_and_complete() {
    let world = World::following("{}").await;
    for value in 1..=90 {
        world.rig.text(0, &progress(value));
    }
    world.pass(20).await;
    world.take().await;
    assert_eq!(world.rig.pluck("progress", "progress"), list(1, 90));
    assert_eq!(world.rig.job("j", "progress"), "90");
}

#[wasm_bindgen_test]
async fn a_burst_above_the_most_that_is_gathered_is_complete() {
    let world = World::following("{}").await;
    for number in 0..5000 {
        let padding = "·".repeat(100);
        let text = format!(r#"{{"type":"tick","number":{number},"padding":"{padding}"}}"#);
        world.rig.text(0, &text);
    }
    world.pass(20).await;
    world.take().await;
    assert_eq!(world.rig.pluck("tick", "number"), list(0, 4999));
}

#[wasm_bindgen_test]
async fn bursts_of_several_sockets_stay_apart() {
    let world = World::following("{}").await;
    world.post(r#"["follow","k"]"#);
    world.settle().await;
    world.rig.opened(1);
    for value in 1..=50 {
        world.rig.text(0, &progress(value));
        world
            .rig
            .text(1, &progress(value + 20).replace(r#""j""#, r#""k""#));
    }
    world.pass(20).await;
    world.take().await;
    assert_eq!(world.rig.job("j", "progress"), "50");
    assert_eq!(world.rig.job("k", "progress"), "70");
    assert_eq!(world.rig.logs(), "");
}

#[wasm_bindgen_test]
async fn what_was_gathered_comes_before_a_short_frame_and_before_the_end() {
    let world = World::following("{}").await;
    for value in [1, 2, 3] {
        world.rig.text(0, &progress(value));
    }
    world.rig.text(0, COMPLETED);
    // Nothing waits: the end is told within the frame's own task.
    assert_eq!(world.rig.pluck("progress", "progress"), "[1,2,3]");
    assert_eq!(world.rig.job("j", "status"), r#""completed""#);
    assert_eq!(world.rig.closed(0), "1000 done");
}

#[wasm_bindgen_test]
async fn gathered_frames_count_before_a_close() {
    let world = World::following("{}").await;
    for value in [1, 2, 3] {
        world.rig.text(0, &progress(value));
    }
    world.rig.lost(0, 1006, "");
    world.take().await;
    assert_eq!(world.rig.pluck("progress", "progress"), "[1,2,3]");
}

#[wasm_bindgen_test]
async fn a_heartbeat_is_answered_at_once_even_amid_a_burst() {
    let world = World::following("{}").await;
    world.rig.text(0, &progress(1));
    world.rig.text(0, &progress(2));
    world.rig.text(0, r#"{"type":"heartbeat"}"#);
    assert!(
        world
            .rig
            .sent(0)
            .starts_with(r#"{"type":"pong","timestamp":""#)
    );
}

#[wasm_bindgen_test]
async fn a_hidden_page_waits_for_no_frame() {
    let world = World::following("{}").await;
    world.post(r#"["hidden",true]"#);
    for value in [1, 2, 3] {
        world.rig.text(0, &progress(value));
    }
    world.rig.text(
        0,
        &COMPLETED.replace('}', &format!(r#","message":"{}"}}"#, "·".repeat(100))),
    );
    assert_eq!(world.rig.job("j", "status"), r#""completed""#);
}

#[wasm_bindgen_test]
async fn a_frame_with_the_separator_inside_does_not_disturb_its_neighbours() {
    let world = World::following("{}").await;
    world.rig.text(0, &progress(1));
    world.rig.text(0, &progress(2));
    world.rig.text(0, &progress(3).replace("·", "\u{1e}"));
    world.rig.text(0, &"\u{1e}".repeat(200));
    world.rig.text(0, &progress(4));
    world.pass(20).await;
    world.take().await;
    assert_eq!(world.rig.pluck("progress", "progress"), "[1,2,4]");
    assert_eq!(
        world.rig.pluck("invalid", "code"),
        r#"["not-json","not-json"]"#
    );
}

#[wasm_bindgen_test]
async fn five_megabytes_are_refused_unread() {
    let world = World::following("{}").await;
    world.rig.text(0, &progress(1));
    world.rig.long(0, 5_000_000);
    world.rig.binary(0, &vec![b' '; 5_000_000]);
    world.rig.text(0, &progress(2));
    world.pass(20).await;
    world.take().await;
    assert_eq!(
        world.rig.pluck("invalid", "code"),
        r#"["too-large","too-large"]"#
    );
    assert_eq!(world.rig.pluck("progress", "progress"), "[1,2]");
    assert!(!world.rig.everything().contains("xxxx"));
}

#[wasm_bindgen_test]
async fn binary_frames_are_read_as_utf8_in_their_place() {
    let world = World::following("{}").await;
    world.rig.text(0, &progress(1));
    world.rig.text(0, &progress(2));
    world.rig.binary(0, progress(3).as_bytes());
    world.rig.binary(0, &[0x7b, 0xff, 0x7d]);
    world.rig.text(0, &progress(4));
    world.pass(20).await;
    world.take().await;
    assert_eq!(world.rig.pluck("progress", "progress"), "[1,2,3,4]");
    assert_eq!(world.rig.pluck("invalid", "code"), r#"["not-utf8"]"#);
}

#[wasm_bindgen_test]
async fn frames_of_a_socket_that_was_let_go_are_not_heard() {
    let world = World::following("{}").await;
    world.rig.lost(0, 1006, "");
    world.eventually(|world| world.sockets() >= 2).await;
    world.rig.opened(1);
    world.rig.text(0, &progress(90));
    world.rig.text(1, &progress(10));
    world.take().await;
    assert_eq!(world.rig.pluck("progress", "progress"), "[10]");
}

#[wasm_bindgen_test]
async fn what_waits_when_the_page_hides_waits_no_longer() {
    let world = World::following("{}").await;
    let long = |text: &str| text.replace('}', &format!(r#","message":"{}"}}"#, "x".repeat(100)));
    world.rig.text(0, &long(&progress(1)));
    world.rig.text(0, &long(&progress(2)));
    world.post(r#"["hidden",true]"#);
    world.rig.text(0, &long(COMPLETED));
    assert_eq!(world.rig.job("j", "status"), r#""completed""#);
}
