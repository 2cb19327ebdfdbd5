//! Socket.IO: what goes over sockets and polls, and where tokens and bytes go.

use crate::rig::World;
use wasm_bindgen_test::wasm_bindgen_test;

const TOKEN: &str = "s3cret+/=&token";
const OPEN: &str =
    r#"0{"sid":"S","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;

fn config(more: &str) -> String {
    format!(r#"{{"protocol":2,"path":"/socket.io","interval":0,"tokenIn":3{more}}}"#)
}

/// Connected over WebSocket, with listeners of everything.
async fn connected(more: &str) -> World {
    let world = World::new(&config(&format!(r#","transports":2{more}"#)));
    world.post(r#"["listen","*",1]"#);
    world.settle().await;
    world.rig.opened(0);
    world.rig.text(0, OPEN);
    world.rig.text(0, r#"40{"sid":"one"}"#);
    world.take().await;
    assert_eq!(world.rig.state(), "open");
    world
}

/// Connected over polling: the first GET, a POST that joins, the next GET.
async fn polled(more: &str) -> World {
    let world = World::new(&config(&format!(r#","transports":3{more}"#)));
    world.post(r#"["listen","*",1]"#);
    world.eventually(|world| world.reads() == 1).await;
    world.answer(0, 200, OPEN, "{}").await;
    world.eventually(|world| world.reads() == 3).await;
    let (post, get) = if world.rig.request(1).starts_with("POST") {
        (1, 2)
    } else {
        (2, 1)
    };
    assert_eq!(
        world.rig.request(post),
        "POST http://jobs.test/socket.io/?EIO=4&transport=polling&sid=S 40"
    );
    world.answer(post, 200, "ok", "{}").await;
    world.answer(get, 200, r#"40{"sid":"one"}"#, "{}").await;
    world.until(|rig| rig.state() == "open").await;
    world
}

#[wasm_bindgen_test]
async fn binary_frames_stay_as_they_are_and_come_before_their_event() {
    let world = connected("").await;
    world
        .rig
        .text(0, r#"451-["bin",{"_placeholder":true,"num":0}]"#);
    world.rig.binary(0, &[0, 255, 0x80]);
    world.rig.text(0, r#"42["plain"]"#);
    world.take().await;
    let handed = world.rig.attachments();
    let id = handed.strip_suffix(":true:0,255,128").map(String::from);
    assert!(id.is_some(), "{handed}");
    assert_eq!(
        world.rig.events(),
        format!(
            r#"[["bin",[{{"_placeholder":true,"num":0}}],0,[{}],0],["plain",[],0,[],0]]"#,
            id.unwrap_or_default()
        )
    );
}

#[wasm_bindgen_test]
async fn attachments_follow_their_message_in_order() {
    let world = connected("").await;
    world.attach(&[1, 2]);
    world.attach(&[]);
    world.post(
        r#"["send",7,"bin","{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}"]"#,
    );
    world.post(r#"["send",8,"plain"]"#);
    world.settle().await;
    assert_eq!(
        world.rig.sent(0),
        "40\n\
         452-[\"bin\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]\n\
         <1,2>\n\
         <>\n\
         42[\"plain\"]"
    );
    assert_eq!(world.rig.replies(), "7 8");
}

#[wasm_bindgen_test]
async fn a_message_that_waits_keeps_its_attachments() {
    let world = World::new(&config(r#","transports":2"#));
    world.post(r#"["connect",1]"#);
    world.attach(&[5]);
    world.post(r#"["request",9,"bin","{\"_placeholder\":true,\"num\":0}"]"#);
    world.settle().await;
    world.rig.opened(0);
    world.rig.text(0, OPEN);
    world.rig.text(0, r#"40{"sid":"one"}"#);
    world.settle().await;
    assert!(
        world
            .rig
            .sent(0)
            .ends_with("451-0[\"bin\",{\"_placeholder\":true,\"num\":0}]\n<5>")
    );
    world.rig.text(0, r#"461-0[{"_placeholder":true,"num":0}]"#);
    world.rig.binary(0, &[6]);
    world.settle().await;
    assert!(world.rig.attachments().ends_with(":true:6"));
    assert!(
        world
            .rig
            .answers()
            .starts_with(r#"[[9,[{"_placeholder":true,"num":0}],["#)
    );
}

#[wasm_bindgen_test]
async fn what_was_sent_before_the_end_goes_with_its_attachments() {
    let message = r#"["send",7,"bin","{\"_placeholder\":true,\"num\":0}"]"#;
    let world = connected("").await;
    world.attach(&[5, 6]);
    world.post(message);
    world.post(r#"["shutdown"]"#);
    world.settle().await;
    assert!(
        world
            .rig
            .sent(0)
            .contains("451-[\"bin\",{\"_placeholder\":true,\"num\":0}]\n<5,6>")
    );

    let world = polled("").await;
    world.attach(&[5, 6]);
    world.post(message);
    world.post(r#"["shutdown"]"#);
    world.settle().await;
    assert!(
        world
            .rig
            .request(4)
            .contains("451-[\"bin\",{\"_placeholder\":true,\"num\":0}]\u{1e}bBQY=")
    );
    world.leave().await;
}

#[wasm_bindgen_test]
async fn polls_need_no_permission_of_the_server() {
    let world = polled("").await;
    assert_eq!(
        world.rig.request(0),
        "GET http://jobs.test/socket.io/?EIO=4&transport=polling"
    );
    world.eventually(|world| world.reads() == 4).await;
    assert!(world.rig.request(3).starts_with("GET "));
    world.post(r#"["shutdown"]"#);
    world.eventually(|world| world.reads() == 5).await;
    assert_eq!(
        world.rig.request(4),
        "POST http://jobs.test/socket.io/?EIO=4&transport=polling&sid=S 1"
    );
    world.leave().await;
}

#[wasm_bindgen_test]
async fn bytes_are_polled_as_base64_both_ways() {
    let world = polled("").await;
    world.attach(&[251, 255, 191]);
    world.attach(b"f");
    world.post(r#"["send",7,"bin","{\"_placeholder\":true,\"num\":0},[{\"_placeholder\":true,\"num\":1}]"]"#);
    world.eventually(|world| world.reads() == 5).await;
    let body = world.rig.request(4);
    assert!(
        body.ends_with(
            "452-[\"bin\",{\"_placeholder\":true,\"num\":0},[{\"_placeholder\":true,\"num\":1}]]\u{1e}b+/+/\u{1e}bZg=="
        ),
        "{body}"
    );
    world.answer(4, 200, "ok", "{}").await;
    world
        .answer(
            3,
            200,
            "451-[\"bin\",{\"_placeholder\":true,\"num\":0}]\u{1e}bAP+A",
            "{}",
        )
        .await;
    world
        .until(|rig| rig.attachments().ends_with(":true:0,255,128"))
        .await;
    world.take().await;
    assert!(
        world
            .rig
            .events()
            .starts_with(r#"[["bin",[{"_placeholder":true,"num":0}],0,["#)
    );
    world.leave().await;
}

/// The token that is asked for is given.
async fn with_token(more: &str) -> World {
    let world = World::new(&config(&format!(r#","token":1{more}"#)));
    world.post(r#"["connect",1]"#);
    world
        .eventually(|world| world.rig.said("token") == "[[1,false]]")
        .await;
    world.post(&format!(r#"["token",1,"{TOKEN}"]"#));
    world
        .eventually(|world| world.sockets() + world.reads() > 0)
        .await;
    world
}

#[wasm_bindgen_test]
async fn the_token_joins_namespaces_and_is_nowhere_else() {
    let world = with_token(r#","transports":2"#).await;
    assert_eq!(
        world.rig.url(0),
        "ws://jobs.test/socket.io/?EIO=4&transport=websocket"
    );
    world.rig.opened(0);
    world.rig.text(0, OPEN);
    world.settle().await;
    assert_eq!(world.rig.sent(0), format!(r#"40{{"token":"{TOKEN}"}}"#));
    let refused = r#"44{"message":"this token may not"}"#;
    world.rig.text(0, refused);
    world.settle().await;
    assert_eq!(world.rig.said("token"), "[[1,false],[2,true]]");
    world.post(r#"["token",2,"another-token"]"#);
    world.settle().await;
    assert!(
        world
            .rig
            .sent(0)
            .ends_with(r#"40{"token":"another-token"}"#)
    );
    world.rig.text(0, refused);
    world.settle().await;
    assert_eq!(world.rig.state(), "failed");
    assert!(world.rig.logs().contains("failed"), "{}", world.rig.logs());
    assert!(
        !world.rig.everything().contains(TOKEN),
        "{}",
        world.rig.everything()
    );
}

#[wasm_bindgen_test]
async fn the_token_joins_by_polling_in_the_body() {
    let world = with_token(r#","transports":3"#).await;
    world.answer(0, 200, OPEN, "{}").await;
    world.eventually(|world| world.reads() == 3).await;
    let join = (1..3)
        .map(|n| world.rig.request(n))
        .find(|request| request.starts_with("POST"));
    assert_eq!(
        join,
        Some(format!(
            r#"POST http://jobs.test/socket.io/?EIO=4&transport=polling&sid=S 40{{"token":"{TOKEN}"}}"#
        ))
    );
    assert!(!(0..3).any(|n| world.rig.request(n).contains("token=")));
    world.leave().await;
}

#[wasm_bindgen_test]
async fn a_token_in_the_query_is_in_every_address() {
    let encoded = "&token=s3cret%2B%2F%3D%26token";
    let world = with_token(r#","transports":3,"tokenIn":0"#).await;
    world.answer(0, 200, OPEN, "{}").await;
    world.eventually(|world| world.reads() == 3).await;
    for n in 0..3 {
        assert!(
            world.rig.request(n).contains(encoded),
            "{}",
            world.rig.request(n)
        );
    }
    world.leave().await;
    let world = with_token(r#","transports":2,"tokenIn":0"#).await;
    assert!(world.rig.url(0).ends_with(encoded));
}

#[wasm_bindgen_test]
async fn what_the_server_answers_passes_as_it_was_said() {
    let world = with_token(r#","transports":2"#).await;
    world.rig.opened(0);
    world.rig.text(0, OPEN);
    world.rig.text(0, r#"40{"sid":"one"}"#);
    world.post(r#"["request",5,"whoami"]"#);
    world.settle().await;
    world.rig.text(0, &format!(r#"430["{TOKEN}"]"#));
    world.settle().await;
    assert_eq!(world.rig.answers(), format!(r#"[[5,["{TOKEN}"],[]]]"#));
}
