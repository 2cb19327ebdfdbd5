//! A client driven by hand: what it asks for is kept apart from what it tells the page, which is only counted.

use jobwire::core::{Ask, Command, Config, Engine, Gen, HttpOutcome, Input, Output, Time};
use std::collections::VecDeque;

/// An engine, its clock, and what it asked for.
#[derive(Debug)]
pub struct Client {
    engine: Engine,
    now: u64,
    rid: u32,
    /// Sockets and reads that nobody has looked at yet, oldest first.
    asked: VecDeque<Output>,
    /// Bytes of records handed over to the page.
    pub handed_over: usize,
    /// Text frames sent to the server.
    pub sent: usize,
}

impl Client {
    pub fn new(config: Config) -> Self {
        let mut client = Self {
            engine: Engine::new(config, 1),
            now: 0,
            rid: 0,
            asked: VecDeque::new(),
            handed_over: 0,
            sent: 0,
        };
        client.input(Input::Clock {
            wall: 1_736_937_000_000,
        });
        client
    }

    pub fn input(&mut self, input: Input) {
        self.engine.handle(Time(self.now), input);
        let mut measured = Vec::new();
        while let Some(output) = self.engine.poll_output() {
            match output {
                Output::Batch(text) => self.handed_over += text.len(),
                Output::Send { .. } => self.sent += 1,
                Output::Measure { r#gen } => measured.push(r#gen),
                Output::Open { .. } | Output::Close { .. } | Output::Fetch { .. } => {
                    self.asked.push_back(output);
                }
                _ => {}
            }
        }
        // Sockets send at once what they are given.
        for r#gen in measured {
            self.input(Input::Buffered { r#gen, bytes: 0 });
        }
    }

    pub fn ask(&mut self, what: Ask, n: f64, text: &str) {
        self.input(Input::Command(Command::new(what, n, text)));
    }

    pub fn follow(&mut self, id: &str) {
        self.ask(Ask::Follow, 0.0, id);
    }

    pub fn unfollow(&mut self, id: &str) {
        self.ask(Ask::Unfollow, 0.0, id);
    }

    /// A message to the server; `key` is what it supersedes.
    pub fn send(&mut self, what: Ask, event: &str, key: Option<String>) {
        self.rid += 1;
        self.input(Input::Command(Command {
            data: Some("{\"a\":1}".into()),
            supersede: key,
            ..Command::new(what, self.rid.into(), event)
        }));
    }

    /// A message about a job to the server.
    pub fn send_about(&mut self, job: &str) {
        self.rid += 1;
        self.input(Input::Command(Command {
            data: Some(format!("{{\"job_id\":\"{job}\"}}")),
            ..Command::new(Ask::Send, self.rid.into(), "a")
        }));
    }

    /// The next frame of the page.
    pub fn take(&mut self) {
        self.input(Input::Take { late: false });
    }

    /// Lets `ms` pass with a punctual timer.
    pub fn pass(&mut self, ms: u64) {
        let until = self.now + ms;
        while let Some(at) = self.engine.next_deadline().filter(|at| at.0 <= until) {
            self.now = at.0;
            self.input(Input::Timer);
        }
        self.now = until;
    }

    /// What was asked for longest ago.
    pub fn asked(&mut self) -> Option<Output> {
        self.asked.pop_front()
    }

    /// Opens the next socket that was asked for.
    pub fn open(&mut self) -> Option<Gen> {
        while let Some(output) = self.asked() {
            if let Output::Open { r#gen, .. } = output {
                self.input(Input::Opened { r#gen });
                return Some(r#gen);
            }
        }
        None
    }

    /// Answers the next read that was asked for.
    pub fn answer(&mut self, req: u32, body: String) {
        let outcome = HttpOutcome {
            status: 200,
            body,
            ..HttpOutcome::default()
        };
        self.input(Input::Http { req, outcome });
    }

    pub fn closed(&mut self, r#gen: Gen) {
        self.input(Input::Closed {
            r#gen,
            code: 1000,
            reason: String::new(),
        });
    }

    pub fn frame(&mut self, r#gen: Gen, text: String) {
        self.input(Input::Frames {
            text,
            gens: vec![r#gen],
        });
    }

    /// Several frames at once.
    pub fn frames(&mut self, r#gen: Gen, frames: &[String]) {
        self.input(Input::Frames {
            text: frames.join("\u{1e}"),
            gens: vec![r#gen; frames.len()],
        });
    }
}
