//! CONNECT that stays without an answer: over polling the answer may be lost and the session live on, since browsers
//! send a GET again whose connection broke. Servers may also be slow.

use crate::rig::{Rig, joined, open, with};
use jobwire::core::io::config::Transports;
use jobwire::core::{Backoff, Config};

const PING: &str = "2";

/// A client over polling.
fn polling() -> Config {
    with(Transports::PollingOnly)
}

/// A server whose sessions live on, with pings every 2 s, and that answers CONNECT when and if the story says so.
struct Server {
    rig: Rig,
    /// The GET that waits.
    get: Option<u32>,
    /// Sessions opened so far.
    opened: u32,
    /// Sessions that the client closed.
    closed: Vec<String>,
    /// When the present session was asked for a namespace, ms.
    asked_at: Option<u64>,
    pinged_at: u64,
}

impl Server {
    fn new(config: Config) -> Self {
        let mut rig = Rig::new(config);
        rig.listen("*");
        Self {
            rig,
            get: None,
            opened: 0,
            closed: Vec::new(),
            asked_at: None,
            pinged_at: 0,
        }
    }

    fn answer_get(&mut self, body: &str) {
        if let Some(get) = self.get.take() {
            self.rig.answer(get, 200, body);
        }
    }

    fn requests(&mut self) {
        for (req, url, body) in self.rig.polls() {
            let Some(body) = body else {
                if url.contains("&sid=") {
                    self.get = Some(req);
                    continue;
                }
                self.opened += 1;
                self.asked_at = None;
                self.pinged_at = self.rig.now;
                self.rig
                    .answer(req, 200, &open(&format!("s{}", self.opened)));
                continue;
            };
            if body == "1" {
                self.closed
                    .push(url.rsplit_once("&sid=").unwrap().1.to_owned());
                self.get = None;
            } else if body.starts_with("40") {
                self.asked_at = Some(self.rig.now);
            }
            self.rig.answer(req, 200, "ok");
        }
    }

    /// Lets time pass until the page is told that it is connected, at most so long (ms). The server lets in after
    /// `slow` ms; how long it took.
    fn until_open(&mut self, slow: u64, most: u64) -> Option<u64> {
        for passed in (0..most).step_by(100) {
            for _ in 0..4 {
                self.requests();
            }
            let now = self.rig.now;
            if self.asked_at.is_some_and(|at| now >= at + slow) {
                self.answer_get(&joined("/jobs"));
                self.requests();
            } else if now >= self.pinged_at + 2000 {
                self.pinged_at = now;
                self.answer_get(PING);
            }
            if self.rig.page.status.state == "open" {
                return Some(passed);
            }
            self.rig.pass(100);
        }
        None
    }
}

const NEVER: u64 = u64::MAX / 2;

#[test]
fn a_session_over_polling_whose_answer_was_lost_is_left_after_seconds_and_replaced() {
    let mut server = Server::new(polling());
    assert_eq!(server.until_open(NEVER, 5900), None);
    assert_eq!(server.rig.page.status.state, "connecting");
    assert_eq!((server.opened, server.closed.len()), (1, 0));
    // The rest of six seconds, and a back-off of one.
    assert_eq!(server.until_open(NEVER, 1500), None);
    assert_eq!(server.opened, 2, "pings still came");
    assert_eq!(server.closed, ["s1"]);
    assert!(server.until_open(0, 500).is_some());
}

#[test]
fn a_server_that_is_slow_to_let_in_is_given_three_times_as_long_each_time() {
    for (slow, sessions) in [(5000, 1), (7000, 2), (17_000, 2), (20_000, 3), (44_000, 3)] {
        let mut server = Server::new(polling());
        let took = server.until_open(slow, 80_000);
        assert!(took.is_some(), "{slow}");
        assert_eq!(server.opened, sessions, "{slow}");
        let left: Vec<_> = (1..sessions).map(|number| format!("s{number}")).collect();
        assert_eq!(server.closed, left, "{slow}");
    }
}

#[test]
fn a_server_that_was_slow_is_given_as_long_until_it_is_quick() {
    let mut server = Server::new(polling());
    let mut sessions = Vec::new();
    for slow in [10_000, 10_000, 4000, 10_000] {
        assert!(server.until_open(slow, 70_000).is_some());
        sessions.push(server.opened);
        server.rig.disconnect();
        server.requests();
        server.rig.connect();
    }
    assert_eq!(sessions, [2, 3, 4, 6]);
}

#[test]
fn a_client_that_would_not_ask_again_waits_as_long_as_servers_do() {
    let once = [(false, 5), (true, 0)].map(|(reconnects, attempts)| Config {
        reconnects,
        backoff: Backoff {
            attempts,
            ..polling().backoff
        },
        ..polling()
    });
    for config in once {
        let mut server = Server::new(config);
        assert!(server.until_open(44_000, 50_000).is_some());
        assert_eq!(server.opened, 1);
    }
}

/// Those that break earlier count, and only so many may follow each other.
#[test]
fn a_session_that_is_given_up_uses_up_no_attempt() {
    let mut server = Server::new(Config {
        backoff: Backoff {
            attempts: 1,
            min_uptime: 20_000,
            ..polling().backoff
        },
        ..polling()
    });
    assert!(server.until_open(44_000, 200_000).is_some());
    assert_eq!(server.opened, 3);
}

#[test]
fn a_slow_namespace_takes_a_session_that_serves_another_along_neither_soon_nor_late() {
    let mut rig = Rig::new(polling());
    let mut get = rig.serve_by_polling();
    rig.channel("/slow", true);
    let (post, _) = rig.post();
    rig.answer(post, 200, "ok");
    for (passed, state) in [
        (20_000, "connecting"),
        (20_000, "connecting"),
        (5000, "failed"),
    ] {
        assert_ne!(rig.page.channels["/slow"].state, "failed");
        rig.pass(passed);
        assert_eq!(rig.page.channels["/slow"].state, state);
        rig.answer(get, 200, PING);
        for (req, _, body) in rig.polls() {
            if body.is_some() {
                rig.answer(req, 200, "ok");
            } else {
                get = req;
            }
        }
        assert_eq!(rig.page.status.state, "open");
    }
}

#[test]
fn one_that_is_not_let_in_with_the_others_is_not_given_up_sooner() {
    let mut rig = Rig::new(polling());
    rig.listen("*");
    rig.channel("/slow", true);
    let handshake = rig.get();
    rig.answer(handshake, 200, &open("s"));
    let polls = rig.polls();
    let [(get, ..), (post, _, Some(_))] = polls.as_slice() else {
        panic!("{polls:?}");
    };
    rig.answer(*post, 200, "ok");
    rig.answer(*get, 200, &joined("/jobs"));
    let get = rig.get();
    rig.pass(40_000);
    assert_eq!(rig.page.channels["/slow"].state, "connecting");
    rig.answer(get, 200, &joined("/slow"));
    assert_eq!(rig.page.channels["/slow"].state, "open");
}
