//! What python-socketio does otherwise.

use crate::rig::{Rig, config, joined, with};
use jobwire::core::Problem;
use jobwire::core::io::config::Transports;

#[test]
fn a_refusal_may_be_a_bare_sentence() {
    let mut rig = Rig::new(config());
    let socket = rig.serve();
    rig.channel("/nope", true);
    rig.frame(socket, r#"44/nope,"Unable to connect""#);
    let nope = &rig.page.channels["/nope"];
    assert_eq!(
        (nope.state, nope.problem),
        ("failed", Problem::Refused as u8)
    );
    assert_eq!(nope.said, "Unable to connect");
}

#[test]
fn a_refusal_may_come_behind_the_word_that_the_client_is_in() {
    let mut rig = Rig::new(config());
    let socket = rig.serve();
    rig.channel("/closed", true);
    rig.frame(socket, &joined("/closed"));
    assert_eq!(rig.page.channels["/closed"].state, "open");
    rig.frame(socket, r#"41/closed,{"message":"not here"}"#);
    let closed = &rig.page.channels["/closed"];
    assert_eq!(
        (closed.state, closed.problem),
        ("failed", Problem::Refused as u8)
    );
}

#[test]
fn a_post_never_has_more_packets_than_it_reads() {
    let mut rig = Rig::new(with(Transports::PollingOnly));
    rig.serve_by_polling();
    rig.send("first", "");
    let (mut post, _) = rig.post();
    for n in 0..40 {
        rig.send("a", &n.to_string());
    }
    let mut sizes = Vec::new();
    while sizes.iter().sum::<usize>() < 40 {
        rig.answer(post, 200, "OK");
        let (next, body) = rig.post();
        sizes.push(body.split('\u{1e}').count());
        post = next;
    }
    assert_eq!(sizes, [16, 16, 8]);
}

#[test]
fn an_empty_answer_to_a_get_ends_the_session() {
    let mut rig = Rig::new(with(Transports::PollingOnly));
    let get = rig.serve_by_polling();
    rig.answer(get, 200, "");
    assert_eq!(rig.page.status.state, "waiting");
    assert!(rig.polls().is_empty(), "nobody is there to say goodbye to");
}

#[test]
fn a_noop_may_come_behind_the_upgrade_it_was_for() {
    let mut rig = Rig::new(with(Transports::PollingFirst));
    let get = rig.serve_by_polling();
    let probe = rig.socket();
    rig.opened(probe);
    rig.frame(probe, "3probe");
    rig.answer(get, 200, "6");
    rig.frame(probe, "6");
    rig.frame(probe, r#"42/jobs,["news",1]"#);
    assert_eq!(rig.args("news").len(), 1);
}

#[test]
fn a_text_1_may_come_before_the_socket_closes() {
    let mut rig = Rig::new(config());
    let socket = rig.serve();
    rig.frame(socket, "1");
    assert_eq!(rig.page.status.state, "waiting");
    rig.closed(socket, 1006);
    rig.asked();
    rig.pass(1000);
    rig.socket();
}
