//! Ends where there is no room: no bound keeps them back, and the audit counts nothing that was dropped as delivered.

use crate::rig::{Rig, answer, completed, shared};
use jobwire::core::Config;

/// Two of these fit into what waits at most, and a third is taken in behind them.
fn large() -> String {
    format!("{{\"type\":\"note\",\"text\":\"{}\"}}", "x".repeat(3 << 20))
}

fn rig(config: Config) -> Rig {
    let mut rig = Rig::new(config);
    rig.listen("*");
    rig
}

fn figures(rig: &Rig, event: &str) -> (u64, u64) {
    let rows = rig.engine.audit();
    let row = rows.iter().find(|row| row.event == event).unwrap();
    (row.received, row.delivered)
}

#[test]
fn an_end_passes_where_nothing_else_does() {
    let mut rig = rig(shared());
    let socket = rig.serve("a", 10);
    let note = large();
    rig.frame(
        socket,
        &format!("[{note},{note},{note},{note},{},{note}]", completed("a")),
    );
    // Told at once, with what had room.
    assert_eq!(
        (figures(&rig, "completed"), figures(&rig, "note")),
        ((1, 1), (5, 3))
    );
    assert_eq!(
        (rig.heard("completed").len(), rig.heard("note").len()),
        (1, 3)
    );
    // There is room again.
    rig.frame(socket, &note);
    assert_eq!(rig.heard("note").len(), 4);
    assert_eq!(figures(&rig, "note"), (6, 4));
}

#[test]
fn ten_thousand_ends_pass_behind_what_has_no_room() {
    let mut rig = rig(Config {
        interval: 0,
        ..shared()
    });
    let socket = rig.socket();
    rig.opened(socket);
    let ids: Vec<String> = (0..9999).map(|n| format!("j{n}")).collect();
    for id in &ids {
        rig.follow(id);
    }
    let mut messages = vec![large(); 4];
    messages.extend(ids.iter().map(|id| completed(id)));
    rig.frame(socket, &format!("[{}]", messages.join(",")));
    let count = ids.len() as u64;
    assert_eq!(figures(&rig, "completed"), (count, count));
    assert_eq!(rig.heard("completed").len(), ids.len());
}

#[test]
fn an_end_that_a_read_found_passes_and_counts() {
    let mut rig = rig(Config {
        max_sockets: 0,
        ..shared()
    });
    rig.follow("a");
    let req = rig.fetch();
    rig.http(
        req,
        answer(200, "{\"job_id\":\"a\",\"status\":\"completed\"}"),
    );
    assert_eq!(rig.heard("completed").len(), 1);
    assert_eq!(figures(&rig, "completed").1, 1);
}
