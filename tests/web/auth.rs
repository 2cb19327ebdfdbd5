//! Tokens: where they go, and that they go nowhere else.

use crate::rig::World;
use wasm_bindgen_test::wasm_bindgen_test;

const TOKEN: &str = "s3cret+/=&token";

/// Asks for a socket, gives the token that is asked for, opens the socket.
async fn connected(token_in: u32) -> World {
    let world = World::new(&format!(r#"{{"token":1,"tokenIn":{token_in}}}"#));
    world.post(r#"["listen","*",1]"#);
    world.post(r#"["follow","j"]"#);
    world.settle().await;
    assert_eq!(world.rig.said("token"), "[[1,false]]");
    assert_eq!(world.sockets(), 0);
    world.post(&format!(r#"["token",1,"{TOKEN}"]"#));
    world.settle().await;
    world.rig.opened(0);
    world.settle().await;
    world
}

#[wasm_bindgen_test]
async fn in_the_query() {
    let world = connected(0).await;
    assert_eq!(
        world.rig.url(0),
        "ws://jobs.test/api/v1/jobs/j/stream?token=s3cret%2B%2F%3D%26token"
    );
    assert_eq!(world.rig.protocol(0), "");
    assert_eq!(world.rig.sent(0), "");
}

#[wasm_bindgen_test]
async fn in_the_subprotocol() {
    let world = connected(1).await;
    assert_eq!(world.rig.url(0), "ws://jobs.test/api/v1/jobs/j/stream");
    assert_eq!(world.rig.protocol(0), TOKEN);
    assert_eq!(world.rig.sent(0), "");
}

#[wasm_bindgen_test]
async fn in_the_first_message() {
    let world = connected(2).await;
    assert_eq!(world.rig.url(0), "ws://jobs.test/api/v1/jobs/j/stream");
    assert_eq!(
        world.rig.sent(0),
        format!(r#"{{"type":"auth","token":"{TOKEN}"}}"#)
    );
}

#[wasm_bindgen_test]
async fn in_the_header_of_a_read() {
    let world = connected(0).await;
    assert_eq!(
        world.read(0).await,
        format!(r#"["http://jobs.test/api/v1/jobs/j",{{"authorization":"Bearer {TOKEN}"}}]"#)
    );
}

#[wasm_bindgen_test]
async fn a_refused_token_is_replaced_once() {
    let world = connected(0).await;
    world.rig.lost(0, 4401, "");
    world.settle().await;
    assert_eq!(world.rig.said("token"), "[[1,false],[2,true]]");
    world.post(r#"["token",2,"another-token"]"#);
    world.settle().await;
    assert!(world.rig.url(1).ends_with("?token=another-token"));
    world.rig.lost(1, 4401, "");
    world.settle().await;
    assert_eq!(world.rig.state(), "failed");
    world.pass(150).await;
    assert_eq!(world.sockets(), 2);
}

#[wasm_bindgen_test]
async fn a_token_that_cannot_be_had_is_asked_for_again() {
    let world = World::new(r#"{"token":1}"#);
    world.post(r#"["follow","j"]"#);
    world.settle().await;
    world.post(r#"["tokenFailed",1,"signed out"]"#);
    world
        .until(|rig| rig.said("token") == "[[1,false],[2,false]]")
        .await;
    assert!(world.rig.logs().contains("auth"));
    assert_eq!(world.sockets(), 0);
}

#[wasm_bindgen_test]
async fn after_a_switch_of_users_nothing_has_the_old_token() {
    let world = connected(0).await;
    world.answer(0, 200, "{}", "{}").await;
    world.post(r#"["disconnect"]"#);
    world.post(r#"["connect",5]"#);
    world.post(r#"["refresh",6,"j"]"#);
    world.settle().await;
    assert_eq!(world.rig.said("token"), "[[1,false],[2,false]]");
    let sockets = world.sockets();
    world.post(r#"["token",1,"the-old-one-late"]"#);
    world.settle().await;
    assert_eq!((world.sockets(), world.reads()), (sockets, 1));
    world.post(r#"["token",2,"theirs"]"#);
    assert!(world.read(1).await.contains("Bearer theirs"));
    world
        .eventually(|world| world.sockets() == sockets + 1)
        .await;
    assert!(world.rig.url(sockets).ends_with("?token=theirs"));
}
