//! A client and its page, driven by hand: the page takes at every 16th millisecond or never, and keeps nothing but what
//! is asked of it here.

use jobwire::core::{Ask, Command, Config, Engine, Gen, HttpOutcome, Input, Output, Time};
use serde_json::Value;

/// Between two frames of a display, ms.
const FRAME: u64 = 16;

pub struct Rig {
    pub engine: Engine,
    now: u64,
    pub r#gen: Option<Gen>,
    /// Whether the page takes what waits.
    pub takes: bool,
    next_take: u64,
    /// The longest batch, bytes.
    pub longest: usize,
    /// Details of log entries about bounds.
    pub bounds: Vec<String>,
    /// Details of all other log entries.
    pub logs: Vec<String>,
    /// Jobs whose end a batch had, where the page follows them.
    pub ends: u64,
    /// Reads that are not answered yet.
    pub reads: Vec<u32>,
    /// Requests of long-polling that are not answered yet.
    pub polls: Vec<u32>,
    /// What the client sent.
    pub sent: u64,
}

impl Rig {
    pub fn new(config: Config) -> Self {
        let mut rig = Self {
            engine: Engine::new(config, 1),
            now: 0,
            r#gen: None,
            takes: true,
            next_take: 0,
            longest: 0,
            bounds: Vec::new(),
            logs: Vec::new(),
            ends: 0,
            reads: Vec::new(),
            polls: Vec::new(),
            sent: 0,
        };
        rig.input(Input::Clock { wall: 1_000_000 });
        rig
    }

    pub fn input(&mut self, input: Input) {
        self.engine.handle(Time(self.now), input);
        while let Some(output) = self.engine.poll_output() {
            match output {
                Output::Batch(text) => self.batch(&text),
                Output::Open { r#gen, .. } => self.r#gen = Some(r#gen),
                Output::Fetch { req, .. } => self.reads.push(req),
                Output::Poll {
                    req, body: None, ..
                } => self.polls.push(req),
                Output::Send { .. } => self.sent += 1,
                Output::Abort { req } => self.reads.retain(|read| *read != req),
                _ => {}
            }
        }
    }

    /// Looks at a batch without building more of it than its log entries.
    fn batch(&mut self, text: &str) {
        self.longest = self.longest.max(text.len());
        for (at, _) in text.match_indices("[3,") {
            let mut entry = serde_json::Deserializer::from_str(&text[at..]).into_iter::<Value>();
            if let Some(Ok(Value::Array(record))) = entry.next()
                && let (Some(what), Some(Value::String(detail))) =
                    (record[1].as_u64(), record.get(5))
            {
                let list = if what == 9 {
                    &mut self.bounds
                } else {
                    &mut self.logs
                };
                if list.len() < 100 {
                    list.push(detail.chars().take(2000).collect());
                }
            }
        }
        self.ends += text.matches(r#"[0,"followed",3,"#).count() as u64;
    }

    pub fn command(&mut self, what: Ask, n: f64, text: &str) {
        self.input(Input::Command(Command::new(what, n, text)));
    }

    pub fn opened(&mut self) {
        let r#gen = self.r#gen.unwrap();
        self.input(Input::Opened { r#gen });
    }

    /// A frame of the server; a millisecond passes.
    pub fn frame(&mut self, text: String) {
        self.frame_at_once(text);
        self.pass(1);
    }

    /// A frame of the server, behind which others follow.
    pub fn frame_at_once(&mut self, text: String) {
        let gens = vec![self.r#gen.unwrap()];
        self.input(Input::Frames { text, gens });
    }

    /// Answers the oldest read with a state of the job.
    pub fn answer(&mut self, body: String) {
        let req = self.reads.remove(0);
        self.http(req, body);
    }

    pub fn http(&mut self, req: u32, body: String) {
        let outcome = HttpOutcome {
            status: 200,
            body,
            ..HttpOutcome::default()
        };
        self.input(Input::Http { req, outcome });
    }

    /// Lets `ms` pass with a punctual timer, and a page that takes if it does.
    pub fn pass(&mut self, ms: u64) {
        let until = self.now + ms;
        while let Some(at) = self.engine.next_deadline().filter(|at| at.0 <= until) {
            self.now = self.now.max(at.0);
            self.input(Input::Timer);
        }
        self.now = until;
        if self.takes && self.now >= self.next_take {
            self.next_take = self.now + FRAME;
            self.input(Input::Take { late: false });
        }
    }

    /// The figures of `inspect()`, from the state on.
    pub fn figures(&self) -> Vec<u64> {
        let text = format!("[{}]", self.engine.inspect(7));
        let records: Value = serde_json::from_str(&text).unwrap();
        let figures = records[0][2].as_array().unwrap();
        figures[1..]
            .iter()
            .map(|figure| figure.as_f64().unwrap() as u64)
            .collect()
    }

    /// A counter of `inspect()`, by the name that the facade has for it.
    pub fn counter(&self, name: &str) -> u64 {
        let place = COUNTERS.iter().position(|known| *known == name).unwrap();
        self.figures()[place]
    }

    /// Whether a bound was said to the logger.
    pub fn said(&self, name: &str) -> bool {
        self.bounds.iter().any(|detail| detail.starts_with(name))
    }
}

/// As in `pkg-template/src/wire/records.ts`.
const COUNTERS: [&str; 33] = [
    "state",
    "jobs",
    "outgoing",
    "outgoingBytes",
    "reading",
    "readsInLine",
    "jobsInLine",
    "reminders",
    "overflowed",
    "frames",
    "bytes",
    "events",
    "invalid",
    "late",
    "duplicates",
    "afterEnd",
    "stale",
    "opened",
    "reconnected",
    "handshakeTimeouts",
    "silences",
    "wakes",
    "reads",
    "failedReads",
    "expired",
    "refusedJobs",
    "forgottenJobs",
    "cutTexts",
    "forgottenEntities",
    "leftOutMembers",
    "unkeptEvents",
    "unnamedEvents",
    "droppedReplies",
];
