//! Sockets that take what they are given and do not send it.

use crate::rig::World;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn messages_wait_until_the_socket_has_sent_what_it_has() {
    let world = World::following("{}").await;
    world.rig.holds(0, 2 << 20);
    let large = "x".repeat((1 << 20) + 1);
    let data = format!(r#"{{\"jobId\":\"j\",\"text\":\"{large}\"}}"#);
    world.post(&format!(r#"["send",1,"large","{data}"]"#));
    world.post(r#"["send",2,"small","{\"jobId\":\"j\"}"]"#);
    world.post(r#"["sendVolatile",3,"small","{\"jobId\":\"j\"}"]"#);
    world.settle().await;
    assert!(world.rig.sent(0).contains("large") && !world.rig.sent(0).contains("small"));
    world.pass(120).await;
    assert!(!world.rig.sent(0).contains("small"));
    world.rig.holds(0, 0);
    world
        .eventually(|world| world.rig.sent(0).contains("small"))
        .await;
    assert_eq!(world.rig.replies(), "1 2 3");
}
