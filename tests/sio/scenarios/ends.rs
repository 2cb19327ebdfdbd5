//! Ends and acknowledgements where there is no room.

use crate::rig::{Rig, config, dropped, sent};
use jobwire::core::Input;

fn large(id: &str) -> String {
    format!("42/jobs,{id}[\"note\",\"{}\"]", "x".repeat(3 << 20))
}

fn frames(rig: &mut Rig, socket: jobwire::core::Gen, frames: &[String]) {
    rig.input(Input::Frames {
        text: frames.join("\u{1e}"),
        gens: vec![socket; frames.len()],
    });
}

fn figures(rig: &Rig, event: &str) -> (u64, u64) {
    let rows = rig.engine.audit();
    let name = format!("/jobs,{event}");
    let row = rows
        .iter()
        .find(|row| row.event == event || row.event == name)
        .unwrap();
    (row.received, row.delivered)
}

#[test]
fn an_end_passes_where_nothing_else_does() {
    let mut rig = Rig::new(config());
    let socket = rig.serve();
    let end = r#"42/jobs,["job_completed",{"id":"7","status":"completed"}]"#;
    let mut messages = vec![large(""); 4];
    messages.push(end.into());
    frames(&mut rig, socket, &messages);
    assert_eq!(
        (figures(&rig, "job_completed"), figures(&rig, "note")),
        ((1, 1), (4, 3))
    );
    assert_eq!(
        (rig.args("job_completed").len(), rig.args("note").len()),
        (1, 3)
    );
}

#[test]
fn an_acknowledgement_passes_where_nothing_else_does() {
    let mut rig = Rig::new(config());
    let socket = rig.serve();
    let rid = rig.request("ask", "1", 1000);
    let mut messages = vec![large(""); 4];
    messages.push("43/jobs,0[true]".into());
    frames(&mut rig, socket, &messages);
    assert!(rig.told(rid).is_some());
}

#[test]
fn the_page_owes_nothing_for_what_it_was_not_told() {
    let mut rig = Rig::new(config());
    let socket = rig.serve();
    let messages: Vec<String> = (0..4).map(|id| large(&id.to_string())).collect();
    frames(&mut rig, socket, &messages);
    assert_eq!(rig.args("note").len(), 3);
    let numbers: Vec<u64> = rig.page.heard.iter().map(|heard| heard.reply).collect();
    assert_eq!(numbers, [1, 2, 3]);
    let unknown = rig.reply(4, "true");
    let told: Vec<_> = numbers
        .iter()
        .map(|number| rig.reply(*number, "true"))
        .collect();
    assert!(told.iter().all(|rid| rig.told(*rid) == sent()));
    assert_eq!(rig.told(unknown), dropped());
}

#[test]
fn two_thousand_events_are_acknowledged_however_late() {
    let mut rig = Rig::new(config());
    let socket = rig.serve();
    let asks: Vec<String> = (0..2000)
        .map(|id| format!("42/jobs,{id}[\"question\"]"))
        .collect();
    frames(&mut rig, socket, &asks);
    rig.args("question");
    let numbers: Vec<u64> = rig.page.heard.iter().map(|heard| heard.reply).collect();
    assert_eq!(numbers.len(), 2000);
    for number in numbers {
        rig.reply(number, "true");
    }
    let answers = rig.sent();
    assert_eq!(answers.len(), 2000);
    assert_eq!(answers.first().map(String::as_str), Some("43/jobs,0[true]"));
}
