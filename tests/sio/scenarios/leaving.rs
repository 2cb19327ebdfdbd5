//! Leaving a channel, and leaving altogether.

use crate::rig::{Reply, Rig, config, joined, open, queued, sent, with};
use jobwire::core::io::config::Transports;
use jobwire::core::{Ask, Command, Config, Output, Problem};

fn without_grace() -> Config {
    Config {
        linger: 0,
        ..config()
    }
}

#[test]
fn a_channel_that_is_not_joined_yet_is_left_when_it_is() {
    let mut rig = Rig::new(without_grace());
    let socket = rig.serve();
    rig.channel("/chat", true);
    rig.channel("/chat", false);
    // Node's server ends the whole session when somebody leaves who is not in.
    assert_eq!(rig.sent(), ["40/chat,"]);
    rig.frame(socket, &joined("/chat"));
    assert_eq!(rig.sent(), ["41/chat,"]);
}

#[test]
fn a_channel_that_is_wanted_again_meanwhile_stays() {
    let mut rig = Rig::new(config());
    let socket = rig.serve();
    rig.channel("/chat", true);
    rig.channel("/chat", false);
    rig.channel("/chat", true);
    rig.frame(socket, &joined("/chat"));
    rig.pass(10_000);
    assert_eq!(rig.sent(), ["40/chat,"]);
}

#[test]
fn a_channel_that_refuses_when_nobody_wants_it_any_more_troubles_nobody() {
    let mut rig = Rig::new(without_grace());
    let socket = rig.serve();
    rig.channel("/chat", true);
    rig.channel("/chat", false);
    rig.frame(socket, r#"44/chat,{"message":"not here"}"#);
    assert_eq!(rig.page.channels["/chat"].state, "idle");
    rig.sent();
    rig.channel("/chat", true);
    assert_eq!(rig.sent(), ["40/chat,"]);
}

#[test]
fn a_request_that_waits_for_a_channel_ends_with_the_channel() {
    let mut rig = Rig::new(config());
    let socket = rig.serve();
    rig.channel("/chat", true);
    let rid = rig.request("/chat,ask", "1", 60_000);
    rig.channel("/chat", false);
    assert_eq!(rig.told(rid), None, "somebody may want it again");
    rig.closed(socket, 1006);
    assert_eq!(rig.told(rid), Some(Reply::Refusal(Problem::Closed as u8)));
}

#[test]
fn a_channel_is_not_joined_in_one_breath_with_leaving_it() {
    // Node's server sees to joining first, and ends the session for it.
    let mut rig = Rig::new(without_grace());
    let socket = rig.serve();
    rig.channel("/chat", true);
    rig.frame(socket, &joined("/chat"));
    rig.sent();
    rig.channel("/chat", false);
    rig.channel("/chat", true);
    assert_eq!(rig.sent(), ["41/chat,"]);
    rig.pass(100);
    assert_eq!(rig.sent(), ["40/chat,"]);
}

#[test]
fn what_was_under_way_to_a_channel_that_was_left_is_not_taken_for_the_next_one() {
    let mut rig = Rig::new(without_grace());
    let socket = rig.serve();
    rig.channel("/chat", true);
    rig.frame(socket, &joined("/chat"));
    rig.channel("/chat", false);
    rig.channel("/chat", true);
    rig.pass(100);
    rig.frame(socket, r#"42/chat,["news",1]"#);
    rig.frame(socket, &joined("/chat"));
    rig.frame(socket, r#"42/chat,["news",2]"#);
    assert_eq!(rig.args("news").len(), 1);
}

#[test]
fn whoever_is_put_out_while_leaving_may_come_back() {
    let mut rig = Rig::new(without_grace());
    let socket = rig.serve();
    rig.channel("/chat", true);
    rig.frame(socket, &joined("/chat"));
    rig.channel("/chat", false);
    rig.channel("/chat", true);
    rig.pass(100);
    assert_eq!(rig.sent(), ["40/chat,", "41/chat,", "40/chat,"]);
    rig.frame(socket, "41/chat,");
    rig.frame(socket, &joined("/chat"));
    assert_eq!(rig.page.channels["/chat"].state, "open");
}

#[test]
fn what_is_said_right_before_leaving_is_still_said_over_polling() {
    let mut rig = Rig::new(with(Transports::PollingOnly));
    rig.serve_by_polling();
    let rid = rig.send("leave", "1");
    assert_eq!(rig.told(rid), sent());
    let (_, body) = rig.post();
    assert_eq!(body, r#"42/jobs,["leave",1]"#);
    rig.disconnect();
    let asked = rig.asked();
    let broken_off = |output: &Output| matches!(output, Output::Abort { .. });
    assert!(!asked.iter().any(broken_off), "{asked:?}");
}

#[test]
fn nobody_listens_any_more_but_a_post_ends_first() {
    let mut rig = Rig::new(Config {
        linger: 0,
        ..with(Transports::PollingOnly)
    });
    rig.serve_by_polling();
    rig.send("a", "1");
    let (post, _) = rig.post();
    let last = rig.send("b", "2");
    assert_eq!(rig.told(last), queued());
    rig.command(jobwire::core::Command::new(
        jobwire::core::Ask::Listen,
        -1.0,
        "*",
    ));
    assert!(rig.polls().is_empty());
    rig.answer(post, 200, "ok");
    let (post, body) = rig.post();
    assert_eq!(body, r#"42/jobs,["b",2]"#);
    rig.answer(post, 200, "ok");
    assert_eq!(rig.post().1, "1");
}

#[test]
fn good_bye_is_said_behind_what_is_under_way_over_polling() {
    for close in [false, true] {
        let mut rig = Rig::new(with(Transports::PollingOnly));
        rig.serve_by_polling();
        rig.send("leave", "1");
        let (post, _) = rig.post();
        if close {
            rig.shutdown();
        } else {
            rig.disconnect();
        }
        assert!(rig.polls().is_empty(), "a slow server may see to it first");
        rig.pass(1000);
        rig.answer(post, 200, "ok");
        let polls = rig.polls();
        let [(_, url, Some(body))] = polls.as_slice() else {
            panic!("{polls:?}");
        };
        assert!(url.ends_with("&sid=s"), "{url}");
        assert_eq!(body, "1");
    }
}

#[test]
fn who_comes_back_meanwhile_says_good_bye_to_the_session_that_was_left() {
    let mut rig = Rig::new(with(Transports::PollingOnly));
    rig.serve_by_polling();
    rig.send("leave", "1");
    let (post, _) = rig.post();
    rig.disconnect();
    rig.connect();
    let get = rig.get();
    rig.answer(get, 200, &open("t"));
    rig.polls();
    rig.answer(post, 200, "ok");
    let polls = rig.polls();
    let [(_, url, Some(body))] = polls.as_slice() else {
        panic!("{polls:?}");
    };
    assert!(url.ends_with("&sid=s"), "{url}");
    assert_eq!(body, "1");
}

#[test]
fn a_connection_that_was_only_asked_for_is_let_go_without_a_grace_that_is_none() {
    let mut rig = Rig::new(without_grace());
    rig.connect();
    let socket = rig.socket();
    rig.opened(socket);
    rig.frame(
        socket,
        "0{\"sid\":\"s\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":20000}",
    );
    rig.frame(socket, &joined("/jobs"));
    let closes = |output: &Output| matches!(output, Output::Close { .. });
    assert!(rig.asked().iter().any(closes));
    assert_eq!(rig.page.status.state, "idle");
}

/// What is asked of a server to close sessions, by their ids.
fn good_byes(rig: &mut Rig) -> Vec<String> {
    let polls = rig.polls().into_iter();
    let close = polls.filter(|(_, _, body)| body.as_deref() == Some("1"));
    close
        .map(|(_, url, _)| url.rsplit_once("&sid=").unwrap().1.to_owned())
        .collect()
}

fn aborts(rig: &Rig) -> bool {
    let broken_off = |output: &Output| matches!(output, Output::Abort { .. });
    rig.asked.iter().any(broken_off)
}

#[test]
fn a_session_whose_handshake_was_under_way_is_closed_when_it_has_a_name() {
    for close in [false, true] {
        let mut rig = Rig::new(with(Transports::PollingOnly));
        rig.connect();
        let handshake = rig.get();
        if close {
            rig.shutdown();
        } else {
            rig.disconnect();
        }
        assert!(!aborts(&rig), "the server would keep what it has made");
        assert!(!rig.engine.is_over());
        rig.answer(handshake, 200, &open("s"));
        assert_eq!(good_byes(&mut rig), ["s"]);
    }
}

#[test]
fn each_of_the_sessions_left_in_quick_succession_is_closed() {
    let mut rig = Rig::new(with(Transports::PollingOnly));
    let mut handshakes = Vec::new();
    for _ in 0..3 {
        rig.connect();
        handshakes.push(rig.get());
        rig.disconnect();
    }
    for (number, req) in handshakes.into_iter().enumerate() {
        rig.answer(req, 200, &open(&format!("s{number}")));
        assert_eq!(good_byes(&mut rig), [format!("s{number}")]);
    }
}

#[test]
fn each_of_the_sessions_left_while_joining_is_closed_behind_its_post() {
    let mut rig = Rig::new(with(Transports::PollingOnly));
    let mut joins = Vec::new();
    for number in 0..3 {
        rig.connect();
        let req = rig.get();
        rig.answer(req, 200, &open(&format!("s{number}")));
        let polls = rig.polls().into_iter();
        joins.extend(polls.filter(|(_, _, body)| body.is_some()));
        rig.disconnect();
    }
    assert!(good_byes(&mut rig).is_empty());
    for (number, (req, ..)) in joins.into_iter().enumerate() {
        // Even when nobody can say whether it has arrived.
        rig.answer(req, 0, "");
        assert_eq!(good_byes(&mut rig), [format!("s{number}")]);
    }
}

#[test]
fn a_handshake_that_took_too_long_is_closed_when_it_comes_after_all() {
    let mut rig = Rig::new(with(Transports::PollingOnly));
    rig.listen("*");
    let handshake = rig.get();
    rig.pass(10_000);
    assert!(!aborts(&rig));
    rig.answer(handshake, 200, &open("late"));
    assert_eq!(good_byes(&mut rig), ["late"]);
}

#[test]
fn what_never_ends_is_given_up_in_time() {
    let mut rig = Rig::new(with(Transports::PollingOnly));
    rig.connect();
    rig.get();
    rig.shutdown();
    rig.pass(9999);
    assert!(!rig.engine.is_over() && !aborts(&rig));
    rig.pass(1);
    assert!(rig.engine.is_over() && aborts(&rig));
    assert_eq!(rig.engine.next_deadline(), None);
}

#[test]
fn of_many_sessions_left_at_once_the_oldest_are_given_up() {
    let mut rig = Rig::new(with(Transports::PollingOnly));
    for _ in 0..100 {
        rig.connect();
        rig.get();
        rig.disconnect();
    }
    let broken_off = rig.pick_out(|output| match output {
        Output::Abort { req } => Some(*req),
        _ => None,
    });
    assert_eq!(broken_off.len(), 100 - 32);
}

#[test]
fn a_page_that_may_not_come_back_does_not_wait_for_a_post_to_end() {
    let mut rig = Rig::new(with(Transports::PollingOnly));
    rig.serve_by_polling();
    rig.send("leave", "1");
    rig.post();
    rig.command(Command::new(Ask::Suspend, 0.0, ""));
    assert_eq!(good_byes(&mut rig), ["s"]);
}

#[test]
fn an_answer_that_names_no_session_leaves_nothing_to_close() {
    for (status, body) in [
        (0, ""),
        (502, "<html>"),
        (200, "40"),
        (200, "0{}"),
        (200, ""),
    ] {
        let mut rig = Rig::new(with(Transports::PollingOnly));
        rig.connect();
        let handshake = rig.get();
        rig.shutdown();
        rig.answer(handshake, status, body);
        assert!(rig.polls().is_empty(), "{status} {body}");
        assert!(rig.engine.is_over());
    }
}

#[test]
fn a_channel_that_lets_in_after_it_was_given_up_is_left_whatever_was_joined_since() {
    let mut rig = Rig::new(without_grace());
    let socket = rig.serve();
    rig.channel("/chat", true);
    rig.channel("/chat", false);
    for _ in 0..5 {
        rig.pass(10_000);
        rig.frame(socket, "2");
    }
    rig.channel("/news", true);
    rig.sent();
    rig.frame(socket, &joined("/chat"));
    assert_eq!(rig.sent(), ["41/chat,"]);
}
