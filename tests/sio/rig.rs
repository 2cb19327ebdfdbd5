//! An engine driven by hand, for stories told step by step.

use crate::records::{self, Heard, Record, Status};
use crate::simulator::{self, Page};
use jobwire::core::io::config::Transports;
use jobwire::core::protocol::Protocol;
use jobwire::core::{Ask, Backoff, Command, Config, Gen, HttpOutcome, Input, Output};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What the page was told about a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    Answer(Value),
    Refusal(u8),
    Acknowledged(Value),
}

/// What the page was told.
#[derive(Default)]
pub struct Told {
    pub heard: Vec<Heard>,
    pub status: Status,
    pub channels: BTreeMap<String, Status>,
    replies: Vec<(u32, Reply)>,
    attachments: u32,
}

impl Page for Told {
    const AGREES: bool = false;

    fn batch(&mut self, text: &str) {
        for record in records::read(text, "/jobs").unwrap() {
            self.record(record);
        }
    }
}

impl Told {
    fn record(&mut self, record: Record) {
        match record {
            Record::Status(status) => self.status = status,
            Record::Channel(name, status) => {
                self.channels.insert(name, status);
            }
            Record::Event(heard) => self.heard.push(heard),
            Record::Answer(rid, value) => self.replies.push((rid, Reply::Answer(value))),
            Record::Refusal(rid, problem) => self.replies.push((rid, Reply::Refusal(problem))),
            Record::Acknowledged(rid, args, _) => {
                self.replies.push((rid, Reply::Acknowledged(args)));
            }
            Record::Job(_) | Record::Own | Record::Log => {}
        }
    }
}

pub type Rig = simulator::Rig<Told>;

/// A client of the namespace `/jobs` without chance: tries after 1 s doubling to 5 s.
pub fn config() -> Config {
    Config {
        servers: vec!["://a".into()],
        path: "/socket.io".into(),
        interval: 0,
        backoff: Backoff {
            jitter: 0,
            max_delay: 5000,
            ..Backoff::default()
        },
        protocol: Protocol::SocketIo,
        namespace: "/jobs".into(),
        transports: Transports::SocketOnly,
        ..Config::default()
    }
}

pub fn with(transports: Transports) -> Config {
    Config {
        transports,
        ..config()
    }
}

/// The server's handshake: pings every 25 s, 20 s to answer.
pub fn open(sid: &str) -> String {
    let upgrades = r#""upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000"#;
    format!("0{{\"sid\":\"{sid}\",{upgrades},\"maxPayload\":1000000}}")
}

pub fn joined(namespace: &str) -> String {
    format!("40{namespace},{{\"sid\":\"x\"}}")
}

impl Rig {
    // ---- the page ----

    pub fn channel(&mut self, name: &str, on: bool) {
        self.command(Command::new(Ask::Channel, f64::from(u8::from(on)), name));
    }

    /// Every read of a job is answered; there is one at least.
    pub fn read_all(&mut self, body: &str) {
        let reads = |output: &Output| matches!(output, Output::Fetch { .. });
        assert!(self.asked.iter().any(reads), "{:?}", self.asked);
        for output in self.asked() {
            match output {
                Output::Fetch { req, .. } => self.answer(req, 200, body),
                other => self.asked.push(other),
            }
        }
    }

    pub fn disconnect(&mut self) {
        self.command(Command::new(Ask::Disconnect, 0.0, ""));
    }

    pub fn shutdown(&mut self) {
        self.command(Command::new(Ask::Shutdown, 0.0, ""));
    }

    fn say(&mut self, what: Ask, event: &str, data: &str, limit: f64) -> u32 {
        let rid = self.rid();
        self.command(Command {
            data: Some(data.into()),
            max_age: limit,
            ..Command::new(what, rid.into(), event)
        });
        rid
    }

    pub fn send(&mut self, event: &str, data: &str) -> u32 {
        self.say(Ask::Send, event, data, -1.0)
    }

    /// The same, to be sent within so many milliseconds.
    pub fn send_within(&mut self, event: &str, data: &str, ms: u64) -> u32 {
        self.say(Ask::Send, event, data, ms as f64)
    }

    pub fn send_volatile(&mut self, event: &str, data: &str) -> u32 {
        self.say(Ask::SendVolatile, event, data, -1.0)
    }

    pub fn request(&mut self, event: &str, data: &str, limit: u64) -> u32 {
        self.say(Ask::Request, event, data, limit as f64)
    }

    /// Answers an event that had this number.
    pub fn reply(&mut self, number: u64, data: &str) -> u32 {
        self.say(Ask::Reply, "", data, number as f64)
    }

    pub fn attach(&mut self, size: u64) -> u32 {
        self.page.attachments += 1;
        let id = self.page.attachments;
        self.input(Input::Attached { id, size });
        id
    }

    pub fn wake(&mut self) {
        self.command(Command::new(Ask::Wake, 0.0, ""));
    }

    /// What was said to a command, which is at most one thing.
    pub fn told(&self, rid: u32) -> Option<Reply> {
        let mut all = self.page.replies.iter().filter(|(to, _)| *to == rid);
        let reply = all.next().map(|(_, reply)| reply.clone());
        assert!(
            all.next().is_none(),
            "answered twice: {:?}",
            self.page.replies
        );
        reply
    }

    /// The arguments of an event's tellings so far.
    pub fn args(&mut self, name: &str) -> Vec<Value> {
        self.take();
        let named = self.page.heard.iter().filter(|heard| heard.name == name);
        named.map(|heard| heard.args.clone()).collect()
    }

    // ---- WebSockets ----

    /// Texts sent since the last look, with `T` where a token belongs; the rest stays.
    pub fn sent(&mut self) -> Vec<String> {
        self.pick_out(|output| match output {
            Output::Send { text, .. } => Some(text.clone()),
            Output::SendToken { text, .. } => Some(text.replace(jobwire::core::FILL, "T")),
            _ => None,
        })
    }

    /// A session over WebSocket, joined to `/jobs`.
    pub fn serve(&mut self) -> Gen {
        self.listen("*");
        let socket = self.socket();
        self.opened(socket);
        self.frame(socket, &open("s"));
        self.sent();
        self.frame(socket, &joined("/jobs"));
        assert_eq!(self.page.status.state, "open");
        self.asked();
        socket
    }

    // ---- polling ----

    /// Requests of Engine.IO since the last look: number, address, body; the rest stays.
    pub fn polls(&mut self) -> Vec<(u32, String, Option<String>)> {
        self.pick_out(|output| match output {
            Output::Poll { req, url, body, .. } => Some((*req, url.clone(), body.clone())),
            _ => None,
        })
    }

    /// The only request, a GET.
    pub fn get(&mut self) -> u32 {
        let polls = self.polls();
        assert!(polls.len() == 1 && polls[0].2.is_none(), "{polls:?}");
        polls[0].0
    }

    /// The only request, a POST: number and body.
    pub fn post(&mut self) -> (u32, String) {
        let polls = self.polls();
        assert_eq!(polls.len(), 1, "{polls:?}");
        (polls[0].0, polls[0].2.clone().unwrap())
    }

    pub fn answer(&mut self, req: u32, status: u16, body: &str) {
        self.input(Input::Http {
            req,
            outcome: HttpOutcome {
                status,
                body: body.into(),
                ..HttpOutcome::default()
            },
        });
    }

    /// A session over polling, joined to `/jobs`: the GET that waits.
    pub fn serve_by_polling(&mut self) -> u32 {
        self.listen("*");
        let req = self.get();
        self.answer(req, 200, &open("s"));
        let polls = self.polls();
        let [(get, ..), (post, _, Some(_))] = polls.as_slice() else {
            panic!("{polls:?}");
        };
        self.answer(*post, 200, "ok");
        self.answer(*get, 200, &joined("/jobs"));
        assert_eq!(self.page.status.state, "open");
        self.get()
    }

    // ---- tokens ----

    /// The only token asked for, and whether it is to be a fresh one.
    pub fn token(&mut self) -> (u32, bool) {
        let tokens = self.pick_out(|output| match output {
            Output::NeedToken { req, reason } => {
                Some((*req, *reason == jobwire::core::TokenReason::Refresh))
            }
            _ => None,
        });
        assert_eq!(tokens.len(), 1, "{tokens:?}");
        tokens[0]
    }
}

pub fn sent() -> Option<Reply> {
    Some(Reply::Answer(json!("sent")))
}

pub fn queued() -> Option<Reply> {
    Some(Reply::Answer(json!("queued")))
}

pub fn dropped() -> Option<Reply> {
    Some(Reply::Answer(json!("dropped")))
}
