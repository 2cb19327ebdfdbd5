//! Reads over HTTP: what is asked, and what is made of the answer.

use crate::rig::World;
use wasm_bindgen_test::wasm_bindgen_test;

const RUNNING: &str =
    r#"{"job_id":"j","status":"running","progress":40,"stage":"hash","message":""}"#;
const JSON: &str = r#"{"content-type":"application/json"}"#;

#[wasm_bindgen_test]
async fn what_was_before_the_socket_is_read_once() {
    let world = World::following("{}").await;
    assert_eq!(
        world.read(0).await,
        r#"["http://jobs.test/api/v1/jobs/j",{}]"#
    );
    world.answer(0, 200, RUNNING, JSON).await;
    world
        .eventually(|world| world.rig.job("j", "progress") == "40")
        .await;
    assert_eq!(world.rig.job("j", "source"), r#""polling""#);
    assert_eq!(world.rig.job("j", "stale"), "false");
    world.pass(50).await;
    assert_eq!(world.reads(), 1);
}

#[wasm_bindgen_test]
async fn an_etag_is_sent_to_the_own_origin_only() {
    let page = crate::rig::own_origin();
    for (url, sent) in [
        (format!("{page}/j/{{id}}"), true),
        ("http://jobs.test/j/{id}".into(), false),
    ] {
        let world = World::new(&format!(r#"{{"pollingUrl":"{url}","interval":20}}"#));
        world.rig.set_refusing(true);
        world.post(r#"["follow","j"]"#);
        world.eventually(|world| world.reads() >= 1).await;
        world.answer(0, 200, RUNNING, r#"{"etag":"\"one\""}"#).await;
        world.eventually(|world| world.reads() >= 2).await;
        assert_eq!(
            world.read(1).await.contains(r#""if-none-match":"\"one\"""#),
            sent,
            "{url}"
        );
    }
}

#[wasm_bindgen_test]
async fn the_pages_headers_go_with_every_read() {
    let world = World::following(r#"{"headers":1}"#).await;
    assert_eq!(world.reads(), 0);
    assert_eq!(world.rig.said("headers"), "[[1,null]]");
    world.post(r#"["headers",1,"[[\"x-tenant\",\"7\"],[\"accept\",\"application/json\"]]"]"#);
    world.settle().await;
    assert_eq!(
        world.read(0).await,
        r#"["http://jobs.test/api/v1/jobs/j",{"accept":"application/json","x-tenant":"7"}]"#
    );
}

#[wasm_bindgen_test]
async fn a_server_that_asks_for_time_gets_it() {
    let world = World::new(r#"{"pollingUrl":"/j/{id}","interval":20}"#);
    world.rig.set_refusing(true);
    world.post(r#"["follow","j"]"#);
    world.eventually(|world| world.reads() >= 1).await;
    world.answer(0, 503, "", r#"{"retry-after":"1"}"#).await;
    world.pass(300).await;
    assert_eq!(world.reads(), 1);
    assert!(world.rig.logs().contains("read-failed"));
}

#[wasm_bindgen_test]
async fn a_refresh_is_answered_with_the_job_or_an_error() {
    let world = World::new("{}");
    world.post(r#"["connect",1]"#);
    world.post(r#"["refresh",2,"j"]"#);
    world.settle().await;
    world.answer(0, 200, RUNNING, JSON).await;
    world.until(|rig| rig.replies().contains('2')).await;
    world.post(r#"["refresh",3,"j"]"#);
    world.settle().await;
    world.answer(1, 200, "<html>", "{}").await;
    world.until(|rig| rig.replies().contains("!3")).await;
    assert_eq!(world.rig.replies(), "1 2 !3");
}

#[wasm_bindgen_test]
async fn an_end_that_a_read_finds_is_told_at_once() {
    let world = World::following("{}").await;
    let over =
        r#"{"job_id":"j","status":"completed","progress":100,"result_url":"/r","attempt":1}"#;
    world.answer(0, 200, over, JSON).await;
    world
        .until(|rig| rig.job("j", "status") == r#""completed""#)
        .await;
    assert_eq!(world.rig.pluck("completed", "resultUrl"), r#"["/r"]"#);
    assert_eq!(world.rig.closed(0), "1000 done");
}

#[wasm_bindgen_test]
async fn the_token_goes_with_the_pages_headers_unless_they_have_their_own() {
    let world = World::new(r#"{"headers":1,"token":1}"#);
    world.post(r#"["follow","j"]"#);
    world.post(r#"["refresh",2,"j"]"#);
    world.settle().await;
    world.post(r#"["token",1,"tokentoken"]"#);
    world.settle().await;
    world.pass(700).await;
    assert_eq!(world.rig.said("headers"), "[[1,null]]");
    world.post(r#"["headers",1,"[[\"x-tenant\",\"7\"]]"]"#);
    world.settle().await;
    assert_eq!(
        world.read(0).await,
        r#"["http://jobs.test/api/v1/jobs/j",{"authorization":"Bearer tokentoken","x-tenant":"7"}]"#
    );
}

#[wasm_bindgen_test]
async fn a_server_of_another_origin_is_found_without_its_permission() {
    let world = World::new(r#"{"interval":0}"#);
    world.post(r#"["follow","j"]"#);
    world.eventually(|world| world.sockets() == 1).await;
    world.rig.lost(0, 1006, "");
    assert_eq!(
        world.read(0).await,
        r#"["http://jobs.test/api/v1/jobs/j/stream",{}]"#
    );
    assert_eq!(world.rig.mode(0), "no-cors");
    world.rig.answer_opaquely(0);
    world
        .eventually(|world| world.rig.problem() == jobwire::core::Problem::OnlyHttp as u32)
        .await;
}
