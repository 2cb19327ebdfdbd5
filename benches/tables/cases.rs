//! Each table of the core under a load of `n` items, over inputs and outputs alone. A case says how long its items took,
//! without what it needed to prepare them, and checks that all of them came through.
//!
//! The table of jobs holds 10,000: where more take part, they pass through it in turns.

use super::client::Client;
use jobwire::core::io::config::Transports;
use jobwire::core::protocol::Protocol;
use jobwire::core::{Ask, Backoff, Config, Gen, Output};
use std::time::{Duration, Instant};

/// Jobs that are followed at once at most.
const FOLLOWED: usize = 9000;

/// What one operation costs.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    pub name: &'static str,
    /// Runs it with so many items.
    pub run: fn(usize) -> Duration,
}

/// Every case, in the order of the table.
pub const CASES: &[Case] = &[
    Case {
        name: "follow and unfollow a job",
        run: follow_and_unfollow,
    },
    Case {
        name: "timers: a heartbeat and a linger time a job",
        run: timers,
    },
    Case {
        name: "wait for a socket, get it, end",
        run: wait_for_a_socket,
    },
    Case {
        name: "first read of a job",
        run: first_reads,
    },
    Case {
        name: "ends in one array, stream, one socket",
        run: |n| ends_of_stream(n, FOLLOWED),
    },
    Case {
        name: "ends in one array, broadcast",
        run: |n| ends_of_broadcast(n, FOLLOWED),
    },
    Case {
        name: "ends in one turn, Socket.IO",
        run: |n| ends_of_socketio(n, FOLLOWED),
    },
    Case {
        name: "held events, each about another track",
        run: held_events,
    },
    Case {
        name: "held events, then an end each",
        run: |n| held_events_and_ends(n, FOLLOWED),
    },
    Case {
        name: "queue: wait, then go",
        run: |n| queue(n, false),
    },
    Case {
        name: "queue: each with a supersede key",
        run: |n| queue(n, true),
    },
    Case {
        name: "queue: wait for a job's socket each, grow too old",
        run: queue_of_jobs,
    },
    Case {
        name: "requests, acknowledged in reverse order",
        run: requests,
    },
    Case {
        name: "requests, never acknowledged",
        run: lost_requests,
    },
    Case {
        name: "namespaces: join, leave",
        run: namespaces,
    },
    Case {
        name: "audit: names of events",
        run: names,
    },
];

/// CPU time of this thread, where the system tells it (Linux); it may lag by a few ms.
fn cpu_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let ns = text.split(' ').next()?.parse().ok()?;
    Some(Duration::from_nanos(ns))
}

/// From which on the lag does not matter, and other programs of the machine do.
const LONG: Duration = Duration::from_millis(50);

/// How long it took: CPU time where that can be read exactly enough.
fn timed(work: impl FnOnce()) -> Duration {
    let (cpu, begun) = (cpu_time(), Instant::now());
    work();
    let took = begun.elapsed();
    match (cpu, cpu_time()) {
        (Some(before), Some(after)) if after - before > LONG => after - before,
        _ => took,
    }
}

fn id(number: usize) -> String {
    format!("job-{number:08}")
}

fn ids(count: usize) -> Vec<String> {
    (0..count).map(id).collect()
}

fn config() -> Config {
    Config {
        servers: vec!["://a".into()],
        backoff: Backoff {
            jitter: 0,
            ..Backoff::default()
        },
        ..Config::default()
    }
}

fn shared() -> Config {
    Config {
        path: "/stream".into(),
        ..config()
    }
}

fn broadcast() -> Config {
    let mut config = shared();
    config.protocol = Protocol::Broadcast;
    config.maps = Some(Default::default());
    config.interval = 0;
    config
}

fn socketio() -> Config {
    let mut config = shared();
    config.protocol = Protocol::SocketIo;
    config.path = "/socket.io".into();
    config.namespace = "/jobs".into();
    config.transports = Transports::SocketOnly;
    config.interval = 0;
    config
}

/// A client that listens to everything, over an open socket.
fn opened(config: Config) -> (Client, Gen) {
    let mut client = Client::new(config);
    client.ask(Ask::Listen, 1.0, "*");
    let r#gen = client.open().expect("a socket");
    (client, r#gen)
}

/// The same over Socket.IO, joined to its namespace.
fn joined(config: Config) -> (Client, Gen) {
    let (mut client, r#gen) = opened(config);
    let limits = r#""pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000"#;
    client.frame(
        r#gen,
        format!("0{{\"sid\":\"s\",\"upgrades\":[],{limits}}}"),
    );
    client.frame(r#gen, "40/jobs,{\"sid\":\"x\"}".into());
    (client, r#gen)
}

fn completed(id: &str) -> String {
    format!("{{\"type\":\"completed\",\"job_id\":\"{id}\",\"progress\":100}}")
}

fn snapshot(id: &str) -> String {
    format!("{{\"job_id\":\"{id}\",\"status\":\"running\",\"progress\":5}}")
}

/// The job that an address names: it stands behind the last but so many of its slashes.
fn job_in(url: &str, behind: usize) -> String {
    url.rsplit('/').nth(behind).unwrap_or("").to_owned()
}

fn follow_and_unfollow(n: usize) -> Duration {
    let mut client = Client::new(shared());
    let ids = ids(n);
    timed(|| {
        for (number, id) in ids.iter().enumerate() {
            client.follow(id);
            if let Some(old) = number.checked_sub(FOLLOWED / 2) {
                client.unfollow(&id_at(&ids, old));
            }
            if number % 64 == 0 {
                client.pass(1000);
            }
        }
    })
}

fn id_at(ids: &[String], number: usize) -> String {
    ids.get(number).cloned().unwrap_or_default()
}

/// In rounds of as many as are followed at once.
fn in_rounds(n: usize, mut round: impl FnMut(&[String]) -> Duration) -> Duration {
    ids(n).chunks(FOLLOWED).map(&mut round).sum()
}

fn timers(n: usize) -> Duration {
    in_rounds(n, |ids| {
        let mut client = Client::new(Config {
            max_sockets: FOLLOWED,
            ..config()
        });
        timed(|| {
            for id in ids {
                client.follow(id);
                client.open();
                client.pass(1);
            }
            for id in ids {
                client.unfollow(id);
                client.pass(1);
            }
            client.pass(60_000);
        })
    })
}

fn wait_for_a_socket(n: usize) -> Duration {
    in_rounds(n, |ids| {
        let mut client = Client::new(config());
        let mut ended = 0;
        let time = timed(|| {
            for id in ids {
                client.follow(id);
            }
            while let Some(output) = client.asked() {
                match output {
                    Output::Open { r#gen, url, .. } => {
                        client.input(jobwire::core::Input::Opened { r#gen });
                        client.frame(r#gen, completed(&job_in(&url, 1)));
                        ended += 1;
                    }
                    Output::Close { r#gen, .. } => client.closed(r#gen),
                    Output::Fetch { req, url, .. } => {
                        client.answer(req, snapshot(&job_in(&url, 0)));
                    }
                    _ => {}
                }
            }
        });
        assert_eq!(ended, ids.len(), "jobs that got a socket");
        time
    })
}

fn first_reads(n: usize) -> Duration {
    in_rounds(n, |ids| {
        let mut client = Client::new(shared());
        let mut read = 0;
        let time = timed(|| {
            for id in ids {
                client.follow(id);
            }
            client.open();
            while let Some(output) = client.asked() {
                if let Output::Fetch { req, url, .. } = output {
                    client.answer(req, snapshot(&job_in(&url, 0)));
                    read += 1;
                }
            }
        });
        assert_eq!(read, ids.len(), "jobs that were read");
        time
    })
}

/// Jobs of which those that the table has room for are followed.
fn followed(client: &mut Client, n: usize, most: usize) -> Vec<String> {
    let ids = ids(n);
    for id in ids.iter().take(most) {
        client.follow(id);
    }
    client.take();
    ids
}

fn ends_of_stream(n: usize, most: usize) -> Duration {
    // Nobody listens to events: the socket is there for the jobs alone.
    let mut client = Client::new(Config {
        interval: 0,
        ..shared()
    });
    let ids = followed(&mut client, n, most);
    let r#gen = client.open().expect("a socket");
    let ends: Vec<String> = ids.iter().map(|id| completed(id)).collect();
    let frame = format!("[{}]", ends.join(","));
    let before = client.handed_over;
    let time = timed(|| {
        client.frame(r#gen, frame);
        client.take();
    });
    assert!(
        client.handed_over - before > n.min(most) * 60,
        "every end is handed over"
    );
    time
}

fn ends_of_broadcast(n: usize, most: usize) -> Duration {
    let (mut client, r#gen) = opened(broadcast());
    let ids = followed(&mut client, n, most);
    let ends: Vec<String> = ids
        .iter()
        .map(|id| {
            format!("{{\"type\":\"enrichment_job_completed\",\"data\":{{\"jobId\":\"{id}\"}}}}")
        })
        .collect();
    let frame = format!("[{}]", ends.join(","));
    let before = client.handed_over;
    let time = timed(|| {
        client.frame(r#gen, frame);
        client.take();
    });
    assert!(
        client.handed_over - before > n.min(most) * 60,
        "every end is handed over"
    );
    time
}

fn ends_of_socketio(n: usize, most: usize) -> Duration {
    let (mut client, r#gen) = joined(socketio());
    let ids = followed(&mut client, n, most);
    let ends: Vec<String> = ids
        .iter()
        .map(|id| {
            format!("42/jobs,[\"job_completed\",{{\"id\":\"{id}\",\"status\":\"completed\"}}]")
        })
        .collect();
    let before = client.handed_over;
    let time = timed(|| {
        client.frames(r#gen, &ends);
        client.take();
    });
    assert!(
        client.handed_over - before > n.min(most) * 60,
        "every end is handed over"
    );
    time
}

fn track(number: usize) -> String {
    format!("{{\"type\":\"track_enriched\",\"data\":{{\"trackId\":\"t{number}\"}}}}")
}

fn held_events(n: usize) -> Duration {
    let (mut client, r#gen) = opened(broadcast());
    let events: Vec<String> = (0..n).map(track).collect();
    timed(|| {
        for some in events.chunks(100) {
            client.frames(r#gen, some);
        }
        client.take();
    })
}

fn held_events_and_ends(n: usize, most: usize) -> Duration {
    let (mut client, r#gen) = opened(broadcast());
    let ids = followed(&mut client, n, most);
    let mut events: Vec<String> = (0..n).map(track).collect();
    events.extend(ids.iter().map(|id| {
        format!(
            "{{\"type\":\"job_status\",\"data\":{{\"jobId\":\"{id}\",\"status\":\"completed\"}}}}"
        )
    }));
    timed(|| {
        client.frames(r#gen, &events);
        client.take();
    })
}

fn queue(n: usize, keys: bool) -> Duration {
    let mut client = Client::new(Config {
        queue_items: n,
        queue_bytes: usize::MAX >> 1,
        ..shared()
    });
    let time = timed(|| {
        for number in 0..n {
            client.send(Ask::Send, "a", keys.then(|| id(number)));
        }
        client.ask(Ask::Connect, 0.0, "");
        client.open();
    });
    assert_eq!(client.sent, n, "messages sent");
    time
}

fn queue_of_jobs(n: usize) -> Duration {
    let mut client = Client::new(Config {
        queue_items: n,
        queue_bytes: usize::MAX >> 1,
        queue_age: 1000,
        ..config()
    });
    let ids = ids(n.min(FOLLOWED));
    let before = client.handed_over;
    let time = timed(|| {
        for number in 0..n {
            client.send_about(&id_at(&ids, number % FOLLOWED));
        }
        client.pass(1000);
    });
    assert_eq!(client.sent, 0, "no socket is open");
    assert!(client.handed_over > before, "each is answered");
    time
}

fn requests(n: usize) -> Duration {
    let (mut client, r#gen) = joined(socketio());
    timed(|| {
        for _ in 0..n {
            client.send(Ask::Request, "a", None);
        }
        for number in (0..n).rev() {
            client.frame(r#gen, format!("43/jobs,{number}[]"));
        }
    })
}

fn lost_requests(n: usize) -> Duration {
    let mut config = socketio();
    config.queue_age = 1000;
    let (mut client, _) = joined(config);
    let before = client.handed_over;
    let time = timed(|| {
        for _ in 0..n {
            client.send(Ask::Request, "a", None);
        }
        client.pass(1000);
    });
    assert!(client.handed_over - before > n * 8, "each is refused");
    time
}

fn namespaces(n: usize) -> Duration {
    let (mut client, r#gen) = joined(socketio());
    let names: Vec<String> = (0..n).map(|number| format!("/n{number}")).collect();
    timed(|| {
        for name in &names {
            client.ask(Ask::Channel, 1.0, name);
            client.frame(r#gen, format!("40{name},{{\"sid\":\"x\"}}"));
        }
        for name in &names {
            client.ask(Ask::Channel, 0.0, name);
        }
        client.pass(2000);
    })
}

fn names(n: usize) -> Duration {
    let (mut client, r#gen) = opened(shared());
    let events: Vec<String> = (0..n)
        .map(|number| format!("{{\"type\":\"name-{}\"}}", number % 10_000))
        .collect();
    timed(|| {
        for some in events.chunks(100) {
            client.frames(r#gen, some);
            client.take();
        }
    })
}
