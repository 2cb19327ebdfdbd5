//! The server puts the client out of a namespace.

use crate::rig::{Reply, Rig, config, joined, open};
use jobwire::core::Problem;

#[test]
fn whoever_is_put_out_of_a_channel_does_not_come_back_by_itself() {
    let mut rig = Rig::new(config());
    let socket = rig.serve();
    rig.channel("/chat", true);
    rig.frame(socket, &joined("/chat"));
    rig.sent();
    rig.frame(socket, "41/chat,");
    let chat = &rig.page.channels["/chat"];
    assert_eq!(
        (chat.state, chat.problem),
        ("failed", Problem::Kicked as u8)
    );
    let rid = rig.send("/chat,a", "1");
    assert_eq!(rig.told(rid), Some(Reply::Refusal(Problem::Kicked as u8)));
    rig.pass(20_000);
    rig.wake();
    rig.closed(socket, 1006);
    rig.pass(1000);
    let socket = rig.socket();
    rig.opened(socket);
    rig.frame(socket, &open("t"));
    assert_eq!(rig.sent(), ["40/jobs,"]);
    rig.frame(socket, &joined("/jobs"));
    rig.connect();
    assert_eq!(rig.sent(), ["40/chat,"], "connect() asks once more");
}

#[test]
fn what_was_asked_before_is_lost_and_what_waited_is_refused() {
    let mut rig = Rig::new(jobwire::core::Config {
        rate_limit: Some(jobwire::core::io::config::RateLimit {
            per_second: 1.0,
            burst: 1.0,
        }),
        ..config()
    });
    let socket = rig.serve();
    rig.channel("/chat", true);
    rig.frame(socket, &joined("/chat"));
    let asked = rig.request("/chat,ask", "1", 10_000);
    let waiting = rig.request("/chat,ask", "2", 10_000);
    rig.sent();
    rig.frame(socket, "41/chat,");
    assert_eq!(
        rig.told(asked),
        Some(Reply::Refusal(Problem::RequestLost as u8))
    );
    assert_eq!(
        rig.told(waiting),
        Some(Reply::Refusal(Problem::Kicked as u8))
    );
    rig.pass(5000);
    assert!(rig.sent().is_empty());
}

#[test]
fn whoever_is_put_out_of_the_only_namespace_has_no_connection() {
    let mut rig = Rig::new(config());
    let socket = rig.serve();
    rig.frame(socket, "41/jobs,");
    assert_eq!(rig.page.status.state, "failed");
    assert_eq!(rig.page.status.problem, Problem::Kicked as u8);
    rig.asked();
    rig.pass(600_000);
    assert!(rig.asked().is_empty());
}
