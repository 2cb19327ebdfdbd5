//! What a page may believe of a job, and what it is told when news may have been missed.

use crate::rig::{Rig, answer, config, progress, snapshot};

#[test]
fn a_job_that_is_read_stays_fresh_when_an_attempt_to_connect_fails() {
    let mut rig = Rig::new(config());
    rig.follow("a");
    let first = rig.socket();
    rig.closed(first, 1006);
    rig.until_asked(60_000);
    let req = rig.fetch();
    rig.http(req, answer(200, &snapshot("a", "running", 10, 1)));
    assert_eq!(rig.job("a")["stale"], false);
    for _ in 0..30 {
        rig.pass(500);
        for (req, _) in rig.fetches() {
            rig.http(req, answer(304, ""));
        }
        for (r#gen, _) in rig.sockets() {
            rig.closed(r#gen, 1006);
        }
        assert_eq!(rig.job("a")["stale"], false);
    }
}

#[test]
fn a_first_connection_is_no_gap() {
    let mut rig = Rig::new(config());
    rig.listen("gap");
    rig.serve("a", 10);
    assert!(rig.heard("gap").is_empty());
}

#[test]
fn the_gap_of_a_silent_socket_begins_with_its_last_message() {
    let mut rig = Rig::new(config());
    rig.listen("gap");
    let socket = rig.serve("a", 10);
    rig.frame(socket, &progress("a", 11));
    reconnect(&mut rig, 120);
    let gap = &rig.heard("gap")[0];
    let missed = gap["to"].as_u64().unwrap() - gap["from"].as_u64().unwrap();
    assert!(missed >= 40_000, "{gap}");
}

/// Lets at most `seconds` pass until the next socket is asked for, which opens; reads are answered.
fn reconnect(rig: &mut Rig, seconds: u32) {
    for _ in 0..seconds {
        rig.pass(1000);
        for (r#gen, _) in rig.sockets() {
            rig.opened(r#gen);
        }
        for (req, _) in rig.fetches() {
            rig.http(req, answer(200, &snapshot("a", "running", 60, 1)));
        }
    }
}

#[test]
fn a_job_is_read_soon_when_its_socket_takes_long_to_open() {
    let mut rig = Rig::new(config());
    rig.follow("a");
    rig.socket();
    assert_eq!(rig.until_asked(5000), 500);
    rig.fetch();
}

#[test]
fn the_clients_own_events_are_in_the_audit() {
    let mut rig = Rig::new(config());
    let socket = rig.serve("a", 10);
    rig.listen("reconnected");
    rig.closed(socket, 1006);
    reconnect(&mut rig, 10);
    let rows = rig.engine.audit();
    let row = rows.iter().find(|row| row.event == "reconnected").unwrap();
    assert_eq!((row.received, row.delivered), (1, 1));
}
