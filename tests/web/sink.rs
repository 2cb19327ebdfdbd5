//! The sink may do what it likes: call back, throw.

use crate::rig::{COMPLETED, World, progress};
use std::rc::Rc;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

/// Has the sink post a message whenever it is called with `kind`.
fn post_back(
    world: &Rc<World>,
    kind: &str,
    message: &'static str,
) -> Closure<dyn Fn(JsValue, JsValue)> {
    let weak = Rc::downgrade(world);
    let run = Closure::<dyn Fn(JsValue, JsValue)>::new(move |_, _| {
        if let Some(world) = weak.upgrade() {
            world.post(message);
        }
    });
    world.rig.on(kind, run.as_ref().unchecked_ref());
    run
}

#[wasm_bindgen_test]
async fn the_sink_may_take_from_within_its_call() {
    let world = Rc::new(World::following("{}").await);
    let _kept = post_back(&world, "dirty", r#"["take"]"#);
    for value in 1..=40 {
        world.rig.text(0, &progress(value));
    }
    world.pass(20).await;
    let last: u32 = 40;
    assert_eq!(world.rig.job("j", "progress"), last.to_string());
    assert!(world.rig.pluck("progress", "progress").ends_with(",40]"));
}

#[wasm_bindgen_test]
async fn the_sink_may_follow_and_inspect_from_within_its_call() {
    let world = Rc::new(World::following("{}").await);
    let _kept = post_back(&world, "batch", r#"["follow","k"]"#);
    world.rig.text(0, COMPLETED);
    world.settle().await;
    assert_eq!(world.rig.url(1), "ws://jobs.test/api/v1/jobs/k/stream");
    let _kept = post_back(&world, "batch", r#"["audit",9]"#);
    world.post(r#"["inspect",8]"#);
    world
        .until(|rig| rig.said("reply").starts_with("[[9,"))
        .await;
}

#[wasm_bindgen_test]
async fn the_sink_may_shut_down_from_within_its_call() {
    let world = Rc::new(World::following("{}").await);
    let _kept = post_back(&world, "batch", r#"["shutdown"]"#);
    world.post(r#"["follow","k"]"#);
    world.settle().await;
    world.rig.opened(1);
    world.rig.text(0, COMPLETED);
    world.settle().await;
    assert_eq!(world.rig.closed(1), "1000 closed");
    let calls = world.calls();
    world.rig.text(1, &progress(5));
    world.take().await;
    assert_eq!(world.calls(), calls);
}

#[wasm_bindgen_test]
async fn a_sink_that_throws_stops_nothing() {
    let world = World::following("{}").await;
    for kind in ["dirty", "batch", "reply"] {
        world.rig.throw_on(kind);
    }
    world.rig.text(0, &progress(1));
    world.take().await;
    world.rig.text(0, "not JSON");
    world.post(r#"["audit",3]"#);
    world.rig.text(0, COMPLETED);
    world.settle().await;
    assert_eq!(world.rig.pluck("progress", "progress"), "[1]");
    assert_eq!(world.rig.job("j", "status"), r#""completed""#);
    assert_eq!(world.rig.closed(0), "1000 done");
}
