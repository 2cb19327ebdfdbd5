//! Answers over HTTP that are not believed: too large, without end, from somewhere else.

use crate::rig::World;
use jobwire::core::Problem;
use wasm_bindgen_test::wasm_bindgen_test;

const MIB: u32 = 1 << 20;

/// A client whose job is read for the first time.
async fn reading() -> World {
    let world = World::new("{}");
    world.post(r#"["listen","*",1]"#);
    world.post(r#"["refresh",9,"j"]"#);
    world.eventually(|world| world.reads() == 1).await;
    world
}

async fn refused(world: &World) {
    world.until(|rig| rig.replies().contains("!9")).await;
}

#[wasm_bindgen_test]
async fn a_body_above_the_limit_is_broken_off() {
    let world = reading().await;
    world.rig.answer_in_pieces(0, MIB, 400, "{}");
    refused(&world).await;
    assert!(world.rig.aborted(0));
    assert!(world.rig.pieces(0) < 10, "{}", world.rig.pieces(0));
    world.take().await;
    assert_eq!(world.rig.pluck("invalid", "code"), r#"["too-large"]"#);
}

#[wasm_bindgen_test]
async fn one_that_says_so_is_not_begun() {
    let world = reading().await;
    let headers = r#"{"content-length":"419430400"}"#;
    world.rig.answer_in_pieces(0, MIB, 400, headers);
    refused(&world).await;
    assert!(world.rig.aborted(0));
    // A stream asks for its first piece by itself.
    assert!(world.rig.pieces(0) <= 1);
}

#[wasm_bindgen_test]
async fn one_below_the_limit_is_read_to_its_end_in_however_many_pieces() {
    let world = reading().await;
    let text = r#"{"job_id":"j","status":"running","progress":40,"stage":"größe","message":""}"#;
    let mut bytes = vec![0xef, 0xbb, 0xbf];
    bytes.extend_from_slice(text.as_bytes());
    world.rig.answer_bytes(0, &bytes);
    world.until(|rig| rig.replies().contains('9')).await;
    assert_eq!(world.rig.replies(), "9");
    assert!(world.rig.everything().contains("größe"));
}

#[wasm_bindgen_test]
async fn redirects_are_not_followed() {
    let world = reading().await;
    assert_eq!(world.rig.redirect(0), "manual");
    world.rig.answer_redirected(0);
    refused(&world).await;
    let problem = format!("[5,9,{}", Problem::Redirected as u32);
    let everything = world.rig.everything();
    assert!(everything.contains(&problem), "{everything}");
}

const OPEN: &str =
    r#"0{"sid":"S","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;

/// A client that polls: its handshake is under way.
async fn polling() -> World {
    let world =
        World::new(r#"{"protocol":2,"path":"/socket.io","interval":0,"tokenIn":3,"transports":3}"#);
    world.post(r#"["listen","*",1]"#);
    world.eventually(|world| world.reads() == 1).await;
    world
}

/// Whether a status had a problem; the next attempt begins soon.
fn has_told(world: &World, problem: Problem) -> bool {
    let told = format!(",{},0,null,null]", problem as u32);
    world.rig.everything().contains(&told)
}

#[wasm_bindgen_test]
async fn nor_are_those_of_polling() {
    let world = polling().await;
    assert_eq!(world.rig.redirect(0), "manual");
    world.rig.answer_redirected(0);
    world
        .eventually(|world| has_told(world, Problem::Redirected))
        .await;
    world.leave().await;
}

#[wasm_bindgen_test]
async fn an_answer_to_a_poll_has_a_limit_too() {
    let world = polling().await;
    world.rig.answer_in_pieces(0, MIB, 400, "{}");
    world
        .eventually(|world| has_told(world, Problem::AnswerTooLarge))
        .await;
    assert!(world.rig.aborted(0) && world.rig.pieces(0) < 20);
    world.leave().await;
}

#[wasm_bindgen_test]
async fn a_session_whose_handshake_is_under_way_is_closed_even_when_its_client_is_freed() {
    let mut world = polling().await;
    world.free();
    world.settle().await;
    assert!(!world.rig.aborted(0));
    world.answer(0, 200, OPEN, "{}").await;
    world.eventually(|world| world.reads() == 2).await;
    assert_eq!(
        world.rig.request(1),
        "POST http://jobs.test/socket.io/?EIO=4&transport=polling&sid=S 1"
    );
    assert!(world.rig.keepalive(1));
}
