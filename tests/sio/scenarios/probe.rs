//! The way from polling to WebSocket, and what may go wrong on it.

use crate::rig::{Rig, queued, sent, with};
use jobwire::core::io::config::Transports;
use jobwire::core::{Gen, Output};

/// A session over polling whose probe has been sent; the GET that waits, and the probe.
fn probing(rig: &mut Rig) -> (u32, Gen) {
    let get = rig.serve_by_polling();
    let probe = rig.socket();
    rig.opened(probe);
    assert_eq!(rig.sent(), ["2probe"]);
    (get, probe)
}

#[test]
fn the_session_goes_over_when_nothing_is_under_way_any_more() {
    let mut rig = Rig::new(with(Transports::PollingFirst));
    let (get, probe) = probing(&mut rig);
    rig.send("a", "1");
    let (post, body) = rig.post();
    assert_eq!(body, r#"42/jobs,["a",1]"#);
    rig.frame(probe, "3probe");
    rig.answer(get, 200, "6");
    assert!(rig.asked().is_empty(), "the POST is awaited");
    let later = rig.send("b", "2");
    assert_eq!(rig.told(later), queued());
    rig.answer(post, 200, "ok");
    assert_eq!(rig.sent(), ["5", r#"42/jobs,["b",2]"#]);
    assert!(rig.polls().is_empty(), "nothing goes the old way");
    assert!(!rig.page.status.by_polling);
}

#[test]
fn a_ping_that_comes_while_the_session_goes_over_is_answered_on_the_new_way() {
    let mut rig = Rig::new(with(Transports::PollingFirst));
    let (get, probe) = probing(&mut rig);
    rig.frame(probe, "3probe");
    rig.answer(get, 200, "2\u{1e}6");
    assert_eq!(rig.sent(), ["5", "3"]);
}

#[test]
fn a_socket_that_dies_right_after_the_upgrade_is_a_session_that_is_lost() {
    let mut rig = Rig::new(with(Transports::PollingFirst));
    let (get, probe) = probing(&mut rig);
    rig.frame(probe, "3probe");
    rig.answer(get, 200, "6");
    assert_eq!(rig.sent(), ["5"]);
    rig.closed(probe, 1006);
    assert_eq!(rig.page.status.state, "waiting");
    rig.asked();
    rig.pass(1000);
    rig.socket();
}

#[test]
fn a_probe_that_dies_while_a_post_is_awaited_leaves_the_session_on_polling() {
    let mut rig = Rig::new(with(Transports::PollingFirst));
    let (get, probe) = probing(&mut rig);
    rig.send("a", "1");
    let (post, _) = rig.post();
    rig.frame(probe, "3probe");
    rig.answer(get, 200, "6");
    rig.closed(probe, 1006);
    let get = rig.get();
    rig.answer(post, 200, "ok");
    let again = rig.send("b", "2");
    assert_eq!(rig.told(again), sent());
    assert_eq!(rig.post().1, r#"42/jobs,["b",2]"#);
    rig.answer(get, 200, r#"42/jobs,["news",3]"#);
    assert_eq!(rig.args("news").len(), 1, "the session is the same");
    assert!(rig.page.status.by_polling);
}

#[test]
fn a_probe_that_falls_silent_is_given_up_within_the_limit_of_a_handshake() {
    for answered in [false, true] {
        let mut rig = Rig::new(with(Transports::PollingFirst));
        let (get, probe) = probing(&mut rig);
        if answered {
            rig.send("a", "1");
            rig.post();
            rig.frame(probe, "3probe");
            rig.answer(get, 200, "6");
        }
        rig.pass(10_000);
        let closes = rig.asked().into_iter();
        let closes = closes.filter(|output| matches!(output, Output::Close { .. }));
        assert_eq!(closes.count(), 1, "answered: {answered}");
        assert_eq!(rig.page.status.state, "open");
    }
}

#[test]
fn a_probe_that_closed_is_not_closed_again() {
    let mut rig = Rig::new(with(Transports::PollingFirst));
    let (_, probe) = probing(&mut rig);
    rig.closed(probe, 1006);
    let asked = rig.asked();
    assert!(asked.is_empty(), "{asked:?}");
}

#[test]
fn what_waited_for_the_upgrade_leaves_with_it() {
    let mut rig = Rig::new(with(Transports::PollingFirst));
    let (get, probe) = probing(&mut rig);
    rig.frame(probe, "3probe");
    let rids: Vec<u32> = (0..40).map(|n| rig.send("a", &n.to_string())).collect();
    assert!(rids.iter().all(|rid| rig.told(*rid) == queued()));
    rig.answer(get, 200, "6");
    assert_eq!(
        rig.sent().len(),
        1 + 40,
        "at once, not with the next thing that happens"
    );
}

#[test]
fn and_what_waited_for_a_probe_that_is_given_up_leaves_at_once() {
    let mut rig = Rig::new(with(Transports::PollingFirst));
    let (get, probe) = probing(&mut rig);
    rig.frame(probe, "3probe");
    let rid = rig.send("a", "1");
    assert_eq!(rig.told(rid), queued());
    rig.pass(10_000);
    assert_eq!(rig.post().1, r#"42/jobs,["a",1]"#);
    rig.answer(get, 200, "6");
    rig.get();
}
