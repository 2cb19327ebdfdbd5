//! Requests: each is answered exactly once.

use crate::rig::{Reply, Rig, config, dropped, joined, open, queued, sent, with};
use jobwire::core::io::config::{RateLimit, Transports};
use jobwire::core::{Config, Output, Problem};
use serde_json::json;

fn refused(problem: Problem) -> Option<Reply> {
    Some(Reply::Refusal(problem as u8))
}

#[test]
fn a_request_that_timed_out_while_it_was_queued_is_never_sent() {
    let mut rig = Rig::new(config());
    rig.listen("*");
    let rid = rig.request("ask", "1", 500);
    let socket = rig.socket();
    rig.pass(499);
    assert_eq!(rig.told(rid), None);
    rig.pass(1);
    assert_eq!(rig.told(rid), refused(Problem::RequestTimeout));
    rig.opened(socket);
    rig.frame(socket, &open("s"));
    rig.frame(socket, &joined("/jobs"));
    assert_eq!(rig.sent(), ["40/jobs,"]);
}

#[test]
fn nor_is_one_that_waited_for_a_post_to_end() {
    let mut rig = Rig::new(with(Transports::PollingOnly));
    rig.serve_by_polling();
    rig.send("a", "1");
    let (post, _) = rig.post();
    let rid = rig.request("ask", "2", 500);
    rig.pass(500);
    assert_eq!(rig.told(rid), refused(Problem::RequestTimeout));
    rig.answer(post, 200, "ok");
    assert!(rig.polls().is_empty());
}

#[test]
fn a_late_acknowledgement_is_dropped() {
    let mut rig = Rig::new(config());
    let socket = rig.serve();
    let rid = rig.request("ask", "1", 500);
    assert_eq!(rig.sent(), [r#"42/jobs,0["ask",1]"#]);
    rig.pass(500);
    assert_eq!(rig.told(rid), refused(Problem::RequestTimeout));
    rig.frame(socket, "43/jobs,0[7]");
    let next = rig.request("ask", "2", 500);
    assert_eq!(rig.sent(), [r#"42/jobs,1["ask",2]"#]);
    rig.frame(socket, "43/jobs,1[8]");
    assert_eq!(rig.told(next), Some(Reply::Acknowledged(json!([8]))));
}

#[test]
fn numbers_of_requests_are_not_used_again_in_a_channel_that_was_left() {
    let mut rig = Rig::new(config());
    let socket = rig.serve();
    rig.channel("/chat", true);
    rig.frame(socket, &joined("/chat"));
    let before = rig.request("/chat,ask", "1", 10_000);
    rig.channel("/chat", false);
    rig.pass(1000);
    assert_eq!(rig.told(before), refused(Problem::RequestLost));
    rig.pass(100);
    rig.channel("/chat", true);
    rig.frame(socket, &joined("/chat"));
    let after = rig.request("/chat,ask", "2", 10_000);
    // The application took its time: servers acknowledge also what was asked before the client left.
    rig.frame(socket, "43/chat,0[1]");
    assert_eq!(rig.told(after), None);
    rig.frame(socket, "43/chat,1[2]");
    assert_eq!(rig.told(after), Some(Reply::Acknowledged(json!([2]))));
}

#[test]
fn an_acknowledgement_counts_in_its_own_namespace_only() {
    let mut rig = Rig::new(config());
    let socket = rig.serve();
    rig.channel("/chat", true);
    rig.frame(socket, &joined("/chat"));
    rig.sent();
    let requests = [
        rig.request("ask", "1", 500),
        rig.request("/chat,ask", "2", 500),
    ];
    assert_eq!(
        rig.sent(),
        [r#"42/jobs,0["ask",1]"#, r#"42/chat,1["ask",2]"#]
    );
    rig.frame(socket, "43/jobs,1[7]");
    rig.frame(socket, "43/chat,0[7]");
    assert_eq!(requests.map(|rid| rig.told(rid)), [None, None]);
    rig.frame(socket, "43/chat,1[8]");
    assert_eq!(rig.told(requests[1]), Some(Reply::Acknowledged(json!([8]))));
    rig.pass(500);
    assert_eq!(rig.told(requests[0]), refused(Problem::RequestTimeout));
}

#[test]
fn messages_to_several_namespaces_leave_in_the_order_in_which_they_came() {
    let mut rig = Rig::new(config());
    rig.channel("/a", true);
    rig.channel("/b", true);
    for (at, name) in ["/b,", "/a,", "", "/b,", "", "/a,"].into_iter().enumerate() {
        rig.send(&format!("{name}e"), &at.to_string());
    }
    let socket = rig.socket();
    rig.opened(socket);
    rig.frame(socket, &open("s"));
    rig.sent();
    rig.frame(socket, &joined("/jobs"));
    assert_eq!(rig.sent(), [r#"42/jobs,["e",2]"#, r#"42/jobs,["e",4]"#]);
    let both = format!("{}\u{1e}{}", joined("/a"), joined("/b"));
    rig.input(jobwire::core::Input::Frames {
        text: both,
        gens: vec![socket, socket],
    });
    assert_eq!(
        rig.sent(),
        [
            r#"42/b,["e",0]"#,
            r#"42/a,["e",1]"#,
            r#"42/b,["e",3]"#,
            r#"42/a,["e",5]"#
        ]
    );
}

#[test]
fn what_is_sent_to_a_namespace_that_was_left_does_not_go_to_the_next_one() {
    let mut rig = Rig::new(config());
    let socket = rig.serve();
    rig.channel("/chat", true);
    rig.frame(socket, &joined("/chat"));
    rig.channel("/chat", false);
    rig.pass(2000);
    let rid = rig.send("/chat,late", "1");
    assert_eq!(rig.told(rid), queued());
    rig.channel("/news", true);
    rig.sent();
    rig.frame(socket, &joined("/news"));
    assert!(rig.sent().is_empty());
    rig.channel("/chat", true);
    rig.frame(socket, &joined("/chat"));
    assert_eq!(rig.sent(), ["40/chat,", r#"42/chat,["late",1]"#]);
}

#[test]
fn what_may_have_arrived_is_told_as_lost_with_the_connection() {
    let mut rig = Rig::new(config());
    let socket = rig.serve();
    let rid = rig.request("ask", "1", 60_000);
    rig.closed(socket, 1006);
    assert_eq!(rig.told(rid), refused(Problem::RequestLost));
}

#[test]
fn a_closed_client_has_answered_every_request_and_keeps_no_attachment() {
    let mut rig = Rig::new(config());
    rig.listen("*");
    let attachment = rig.attach(10);
    let rid = rig.request("ask", r#"{"_placeholder":true,"num":0}"#, 60_000);
    let unused = rig.attach(10);
    rig.command(jobwire::core::Command::new(
        jobwire::core::Ask::Shutdown,
        0.0,
        "",
    ));
    assert_eq!(rig.told(rid), refused(Problem::Closed));
    let late = rig.attach(10);
    let asked = rig.asked();
    for id in [attachment, unused, late] {
        assert!(asked.contains(&Output::Forget { id }), "{asked:?}");
    }
}

#[test]
fn the_server_asks_and_is_answered_once() {
    let mut rig = Rig::new(config());
    let socket = rig.serve();
    rig.frame(socket, r#"42/jobs,7["question",1]"#);
    rig.args("question");
    let number = rig.page.heard[0].reply;
    let first = rig.reply(number, "true");
    let second = rig.reply(number, "false");
    assert_eq!(rig.sent(), ["43/jobs,7[true]"]);
    assert_eq!((rig.told(first), rig.told(second)), (sent(), dropped()));
}

#[test]
fn an_answer_for_a_session_that_is_over_is_dropped() {
    let mut rig = Rig::new(config());
    let socket = rig.serve();
    rig.frame(socket, r#"42/jobs,7["question",1]"#);
    rig.args("question");
    let number = rig.page.heard[0].reply;
    rig.closed(socket, 1006);
    let rid = rig.reply(number, "true");
    assert_eq!(rig.told(rid), dropped());
}

#[test]
fn nor_is_one_sent_after_its_namespace_was_left_and_joined_again() {
    let mut rig = Rig::new(config());
    let socket = rig.serve();
    rig.channel("/chat", true);
    rig.frame(socket, &joined("/chat"));
    rig.frame(socket, r#"42/chat,7["question",1]"#);
    rig.args("question");
    let number = rig.page.heard[0].reply;
    rig.channel("/chat", false);
    rig.pass(2000);
    rig.channel("/chat", true);
    rig.frame(socket, &joined("/chat"));
    rig.sent();
    let rid = rig.reply(number, "true");
    assert_eq!(rig.told(rid), dropped());
    assert!(rig.sent().is_empty());
}

#[test]
fn of_messages_with_one_key_the_last_is_sent_in_the_place_of_the_first() {
    let mut rig = Rig::new(Config {
        queue_age: 60_000,
        ..config()
    });
    rig.listen("*");
    for (event, data, key) in [
        ("volume", "1", Some("v")),
        ("b", "2", None),
        ("volume", "3", Some("v")),
    ] {
        rig.command(jobwire::core::Command {
            data: Some(data.into()),
            supersede: key.map(Into::into),
            ..jobwire::core::Command::new(jobwire::core::Ask::Send, 90.0, event)
        });
    }
    let socket = rig.socket();
    rig.opened(socket);
    rig.frame(socket, &open("s"));
    rig.sent();
    rig.frame(socket, &joined("/jobs"));
    assert_eq!(
        rig.sent(),
        [r#"42/jobs,["volume",3]"#, r#"42/jobs,["b",2]"#]
    );
}

#[test]
fn what_waits_for_a_post_keeps_its_age_and_its_order() {
    let mut rig = Rig::new(with(Transports::PollingOnly));
    rig.serve_by_polling();
    rig.send("a", "0");
    let (post, _) = rig.post();
    let old = rig.send_within("old", "1", 500);
    let long = rig.send("long", &format!("\"{}\"", "x".repeat(999_970)));
    let short = rig.send("short", "3");
    assert_eq!(
        [old, long, short].map(|rid| rig.told(rid)),
        [queued(), queued(), queued()]
    );
    let volatile = rig.send_volatile("v", "4");
    assert_eq!(rig.told(volatile), dropped());
    rig.pass(500);
    rig.answer(post, 200, "ok");
    let (post, body) = rig.post();
    assert!(body.starts_with(r#"42/jobs,["long","#), "{}", &body[..40]);
    assert!(
        !body.contains("short"),
        "there is no room for it in the same POST"
    );
    rig.answer(post, 200, "ok");
    assert_eq!(rig.post().1, r#"42/jobs,["short",3]"#);
}

#[test]
fn a_request_alone_makes_a_connection_and_keeps_it_until_it_is_answered() {
    let mut rig = Rig::new(config());
    let rid = rig.request("ask", "1", 60_000);
    let socket = rig.socket();
    rig.opened(socket);
    rig.frame(socket, &open("s"));
    rig.frame(socket, &joined("/jobs"));
    rig.pass(20_000);
    rig.frame(socket, "43/jobs,0[1]");
    assert_eq!(rig.told(rid), Some(Reply::Acknowledged(json!([1]))));
    rig.pass(1000);
    assert_eq!(rig.page.status.state, "idle");
}

#[test]
fn so_does_a_message_until_it_is_sent() {
    let mut rig = Rig::new(config());
    rig.send("a", "1");
    let socket = rig.socket();
    rig.opened(socket);
    rig.frame(socket, &open("s"));
    rig.frame(socket, &joined("/jobs"));
    assert_eq!(rig.sent(), ["40/jobs,", r#"42/jobs,["a",1]"#]);
    rig.pass(1000);
    assert_eq!(rig.page.status.state, "idle");
}

#[test]
fn an_answer_to_the_server_does_not_overtake_what_waits() {
    let mut rig = Rig::new(with(Transports::PollingOnly));
    let get = rig.serve_by_polling();
    rig.answer(get, 200, r#"42/jobs,7["question",1]"#);
    rig.args("question");
    rig.send("first", "1");
    let polls = rig.polls();
    let post = polls.last().unwrap().0;
    rig.send("second", "2");
    let rid = rig.reply(rig.page.heard[0].reply, "true");
    assert_eq!(rig.told(rid), None, "it has not left");
    rig.answer(post, 200, "ok");
    assert_eq!(rig.post().1, "42/jobs,[\"second\",2]\u{1e}43/jobs,7[true]");
    assert_eq!(rig.told(rid), sent());
}

#[test]
fn answers_wait_in_spite_of_a_full_queue_and_are_dropped_with_their_session() {
    let mut rig = Rig::new(Config {
        rate_limit: Some(RateLimit {
            per_second: 0.1,
            burst: 1.0,
        }),
        queue_items: 2,
        ..config()
    });
    let socket = rig.serve();
    for id in 0..2 {
        rig.frame(socket, &format!(r#"42/jobs,{id}["question",1]"#));
    }
    rig.args("question");
    let numbers: Vec<u64> = rig.page.heard.iter().map(|heard| heard.reply).collect();
    for data in ["1", "2"] {
        rig.send("a", data);
    }
    // One message waits, so there is room for one more, whatever is answered.
    let answers = [0, 1].map(|place| rig.reply(numbers[place], "true"));
    let (second, third) = (rig.send("b", "3"), rig.send("b", "4"));
    assert_eq!(rig.sent(), [r#"42/jobs,["a",1]"#]);
    assert_eq!(rig.told(second), queued());
    assert!(matches!(rig.told(third), Some(Reply::Refusal(_))));
    assert_eq!(answers.map(|rid| rig.told(rid)), [None, None]);
    rig.pass(10_001);
    rig.pass(10_001);
    let told = (rig.told(answers[0]), rig.told(answers[1]));
    assert_eq!(told, (sent(), None), "as fast as the limit allows");
    rig.closed(socket, 1006);
    assert_eq!(rig.told(answers[1]), dropped());
}

#[test]
fn what_belongs_to_a_namespace_ends_when_the_server_puts_the_client_out_for_now() {
    let mut rig = Rig::new(Config {
        rate_limit: Some(RateLimit {
            per_second: 0.1,
            burst: 1.0,
        }),
        ..config()
    });
    let socket = rig.serve();
    rig.channel("/chat", true);
    rig.frame(socket, &joined("/chat"));
    rig.frame(socket, r#"42/chat,7["question",1]"#);
    rig.args("question");
    let number = rig.page.heard[0].reply;
    let request = rig.request("/chat,ask", "1", 60_000);
    let reply = rig.reply(number, "true");
    let message = rig.send("/chat,later", "1");
    rig.sent();
    assert_eq!((rig.told(request), rig.told(reply)), (None, None));
    rig.frame(
        socket,
        r#"44/chat,{"message":"full","data":{"retryable":true}}"#,
    );
    assert_eq!(rig.told(request), refused(Problem::RequestLost));
    assert_eq!(rig.told(reply), dropped());
    assert_eq!(rig.told(message), queued());
    rig.pass(15_000);
    rig.frame(socket, &joined("/chat"));
    rig.pass(15_000);
    assert_eq!(rig.sent(), ["40/chat,", r#"42/chat,["later",1]"#]);
}
