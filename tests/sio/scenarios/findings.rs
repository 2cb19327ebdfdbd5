//! Faults that a reading of the client found: each a short story.

use super::super::rig::{Rig, config, joined, with};
use jobwire::core::io::config::Transports;

/// Two attachments that the server takes one by one, but not together.
#[test]
fn attachments_go_with_several_posts_where_one_would_be_too_large() {
    let mut rig = Rig::new(with(Transports::PollingOnly));
    rig.serve_by_polling();
    rig.attach(600_000);
    rig.attach(600_000);
    rig.send(
        "up",
        r#"{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}"#,
    );
    let (first, body) = rig.post();
    assert_eq!(body.matches('\u{1a}').count(), 1, "{body}");
    rig.answer(first, 200, "ok");
    let (_, body) = rig.post();
    assert_eq!(body, "b\u{1a}");
}

#[test]
fn jobs_are_read_when_the_default_namespace_is_gone_and_the_session_stays() {
    let mut rig = Rig::new(jobwire::core::Config {
        interval: 1000,
        ..config()
    });
    let socket = rig.serve();
    rig.channel("/chat", true);
    rig.frame(socket, &joined("/chat"));
    rig.command(jobwire::core::Command::new(
        jobwire::core::Ask::Follow,
        0.0,
        "42",
    ));
    rig.read_all(r#"{"id":"42","status":"running"}"#);
    rig.asked();
    rig.frame(socket, "41/jobs,");
    rig.pass(2000);
    let read = rig
        .asked()
        .iter()
        .any(|output| matches!(output, jobwire::core::Output::Fetch { .. }));
    assert!(read);
}

#[test]
fn a_namespace_that_does_not_answer_leaves_the_others_alone() {
    let mut rig = Rig::new(config());
    let socket = rig.serve();
    rig.channel("/slow", true);
    for _ in 0..5 {
        rig.pass(10_000);
        rig.frame(socket, "2");
    }
    assert!(rig.sockets().is_empty());
    rig.send("still", "1");
    assert!(rig.sent().iter().any(|frame| frame.contains("still")));
}

#[test]
fn a_server_that_answers_every_get_with_nothing_is_not_asked_without_pause() {
    let mut rig = Rig::new(with(Transports::PollingOnly));
    let mut get = rig.serve_by_polling();
    let mut asked = 0;
    for _ in 0..20 {
        rig.answer(get, 200, "6");
        let again: Vec<_> = rig.polls();
        match again.iter().find(|(_, _, body)| body.is_none()) {
            Some((req, ..)) => get = *req,
            None => break,
        }
        asked += 1;
    }
    assert!(asked < 3, "{asked}");
    rig.pass(100);
    assert!(rig.polls().iter().any(|(_, _, body)| body.is_none()));
}

/// python-engineio does so for as long as it takes a probe for begun, be the client or the network slow.
#[test]
fn a_session_that_answers_with_nothing_is_replaced_within_seconds_however_slow_the_answers_are() {
    for (slow, within, most) in [(10, 6000, 25), (200, 10_000, 25)] {
        let mut rig = Rig::new(with(Transports::PollingOnly));
        let mut get = Some(rig.serve_by_polling());
        let (mut passed, mut asked) = (0, 0);
        while rig.page.status.state == "open" {
            if let Some(req) = get.take() {
                asked += 1;
                rig.pass(slow);
                passed += slow;
                rig.answer(req, 200, "6");
            } else {
                rig.pass(5);
                passed += 5;
            }
            let polls = rig.polls();
            get = get.or(polls
                .iter()
                .find(|poll| poll.2.is_none())
                .map(|poll| poll.0));
        }
        assert!(
            passed > 3000 && passed < within,
            "{slow}: after {passed} ms"
        );
        assert!(asked < most, "{slow}: {asked} requests");
    }
}

/// What a WebSocket's driver leaves out by itself, the engine leaves out of an answer.
#[test]
fn a_text_above_the_limit_is_refused_over_polling_too_and_what_comes_with_it_is_not() {
    let mut rig = Rig::new(with(Transports::PollingOnly));
    let mut get = rig.serve_by_polling();
    // As long as it may be, counted as browsers count: the letter has two bytes.
    let longest = |name: &str, more: usize| {
        let frame = format!("42/jobs,[\"{name}\",\"\"]");
        let rest = jobwire::core::LARGEST as usize - frame.len() + more;
        frame.replace(",\"\"", &format!(",\"{}\"", "é".repeat(rest)))
    };
    rig.answer(get, 200, &longest("fits", 0));
    get = rig.get();
    assert_eq!(rig.args("fits").len(), 1);
    let above = [&longest("above", 1), "42/jobs,[\"small\"]"].join("\u{1e}");
    rig.answer(get, 200, &above);
    rig.get();
    assert_eq!(rig.args("above").len(), 0);
    assert_eq!(rig.args("small").len(), 1);
}

#[test]
fn an_end_told_by_two_events_reaches_the_listeners_of_both_once() {
    let mut rig = Rig::new(config());
    let socket = rig.serve();
    let mut said = |name: &str| {
        rig.frame(
            socket,
            &format!(r#"42/jobs,["{name}",{{"id":"7","status":"completed"}}]"#),
        );
        rig.args(name).len()
    };
    for name in ["job_updated", "job_completed"] {
        assert_eq!([said(name), said(name)], [1, 1], "{name}");
    }
}

#[test]
fn an_end_that_was_read_is_told_by_its_own_event_once() {
    let mut rig = Rig::new(jobwire::core::Config {
        interval: 1000,
        ..config()
    });
    let socket = rig.serve();
    rig.refresh("7");
    rig.read_all(r#"{"id":"7","status":"completed"}"#);
    rig.frame(
        socket,
        r#"42/jobs,["job_completed",{"id":"7","status":"completed"}]"#,
    );
    assert!(
        rig.args("job_completed").is_empty(),
        "the core has told its own"
    );
}
