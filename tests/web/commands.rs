//! The constructor, what is posted, and what the browser refuses.

use crate::rig::{Rig, World, http, post};
use jobwire::JobsClient;
use js_sys::Function;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn a_closed_port_means_waiting_a_log_entry_and_reads() {
    let world = World::on_the_network(
        r#"{"server":"://127.0.0.1:2","pollingUrl":"/j/{id}","interval":30}"#,
    );
    world.post(r#"["follow","j"]"#);
    world.until(|rig| rig.state() == "waiting").await;
    world
        .until(|rig| rig.logs().contains("connection-lost"))
        .await;
    world.until(|rig| rig.logs().contains("read-failed")).await;
    assert!(world.rig.job("j", "stale") != "false");
}

#[wasm_bindgen_test]
async fn a_refused_address_is_a_connection_that_was_lost() {
    let world = World::new("{}");
    world.rig.set_refusing(true);
    world.post(r#"["follow","j"]"#);
    world.until(|rig| rig.state() == "waiting").await;
    assert!(world.rig.logs().contains("connection-lost"));
    world.rig.set_refusing(false);
    world.eventually(|world| world.sockets() > 0).await;
    world.rig.opened(0);
    world.until(|rig| rig.state() == "open").await;
}

#[wasm_bindgen_test]
async fn senseless_messages_are_ignored() {
    let world = World::new("{}");
    for message in [20, 99, u32::MAX] {
        if let Some(client) = &world.client {
            client.post(message, f64::NAN, None, f64::NAN, None, None);
        }
    }
    for message in [
        r#"["take"]"#,
        r#"["token",99,"never asked for"]"#,
        r#"["tokenFailed",99,null]"#,
        r#"["headers",99,"[["]"#,
        r#"["unfollow","nobody"]"#,
        r#"["retry","nobody"]"#,
        r#"["wake",7]"#,
        r#"["hidden"]"#,
        r#"["listen","x",-5]"#,
    ] {
        world.post(message);
    }
    world.settle().await;
    assert_eq!((world.sockets(), world.reads()), (0, 0));
    world.post(r#"["follow","j"]"#);
    world.settle().await;
    assert_eq!(world.rig.url(0), "ws://jobs.test/api/v1/jobs/j/stream");
}

#[wasm_bindgen_test]
async fn a_config_of_another_shape_is_all_defaults() {
    let world = World::new("{}");
    for config in ["", "{}", "[{},[],true,\"", "null"] {
        let client = JobsClient::new(config, 1.0, world.rig.sink(), http());
        post(&client, r#"["inspect",1]"#);
        post(&client, r#"["shutdown"]"#);
    }
    world.settle().await;
    assert_eq!(world.rig.replies(), "1 1 1 1");
}

#[wasm_bindgen_test]
async fn ids_are_escaped_in_addresses() {
    let world = World::new("{}");
    world.post(r#"["follow","../a b?c#d/ž"]"#);
    world.settle().await;
    assert_eq!(
        world.rig.url(0),
        "ws://jobs.test/api/v1/jobs/..%2Fa%20b%3Fc%23d%2F%C5%BE/stream"
    );
}

#[wasm_bindgen_test]
async fn shutdown_stops_everything() {
    let world = World::following("{}").await;
    world.post(r#"["follow","k"]"#);
    world.settle().await;
    assert_eq!((world.sockets(), world.reads()), (2, 1));
    world.post(r#"["shutdown"]"#);
    world.settle().await;
    assert_eq!(world.rig.closed(0), "1000 closed");
    assert_eq!(world.rig.closed(1), "1000 closed");
    assert!(world.rig.aborted(0));

    let calls = world.calls();
    world.rig.opened(1);
    world.rig.text(0, crate::rig::COMPLETED);
    world.rig.lost(0, 1006, "");
    world.post(r#"["follow","l"]"#);
    world.post(r#"["wake",0]"#);
    world.take().await;
    // Longer than any back-off of the rig's config.
    world.pass(150).await;
    assert_eq!(world.calls(), calls);
    assert_eq!((world.sockets(), world.reads()), (2, 1));

    world.post(r#"["connect",5]"#);
    world.settle().await;
    assert_eq!(world.rig.replies(), "!5");
}

#[wasm_bindgen_test]
async fn inspection_and_audit_answer_without_connecting() {
    let world = World::new("{}");
    world.post(r#"["inspect",1]"#);
    world.post(r#"["audit",2]"#);
    world.settle().await;
    assert_eq!(world.rig.replies(), "1");
    assert_eq!(world.rig.said("reply"), "[[2,[]]]");
    assert_eq!(world.sockets(), 0);
}

#[wasm_bindgen_test]
async fn two_clients_in_one_module_do_not_meet() {
    let world = World::following("{}").await;
    let other: &Rig = &world.rig;
    let second = JobsClient::new(&other.config("{}"), 1.0, Function::new_no_args(""), http());
    post(&second, r#"["follow","j"]"#);
    world.settle().await;
    assert_eq!(world.sockets(), 2);
    post(&second, r#"["shutdown"]"#);
    world.settle().await;
    assert_eq!(world.rig.closed(1), "1000 closed");
    assert_eq!(world.rig.closed(0), "");
}

#[wasm_bindgen_test]
async fn a_socket_keeps_its_place_in_the_pool_until_it_has_closed() {
    let world = World::following(r#"{"maxSockets":1}"#).await;
    for id in ["k", "l"] {
        world.post(&format!(r#"["follow","{id}"]"#));
    }
    world.rig.text(0, crate::rig::COMPLETED);
    world.pass(50).await;
    assert_eq!(world.rig.closed(0), "1000 done");
    assert_eq!(world.sockets(), 1);
    world.rig.lost(0, 1000, "");
    world.settle().await;
    assert_eq!(world.rig.url(1), "ws://jobs.test/api/v1/jobs/k/stream");

    // The other end of this one never answers.
    world.post(r#"["unfollow","k"]"#);
    world
        .eventually(|world| !world.rig.closed(1).is_empty())
        .await;
    world.eventually(|world| world.sockets() == 3).await;
    assert_eq!(world.rig.url(2), "ws://jobs.test/api/v1/jobs/l/stream");
}
