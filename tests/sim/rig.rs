//! An engine driven by hand, for stories told step by step.

use crate::page::{Found, word};
use crate::simulator::{STATES, STATUSES};
use jobwire::core::{Ask, Backoff, Command, Config, Engine, Gen, HttpOutcome, Input, Output, Time};
use serde_json::{Value, json};

pub struct Rig {
    pub engine: Engine,
    pub now: u64,
    rid: u32,
    /// Outputs not looked at yet, batches apart.
    pub asked: Vec<Output>,
    /// Records of all batches so far.
    pub told: Vec<Value>,
    /// Whether the other end answers a close.
    pub agrees: bool,
}

/// System D's client without chance: five tries from 1 s doubling to 10 s, then reads every 2 s.
pub fn config() -> Config {
    Config {
        servers: vec!["://a".into()],
        backoff: Backoff {
            jitter: 0,
            ..Backoff::default()
        },
        ..Config::default()
    }
}

pub fn shared() -> Config {
    Config {
        path: "/api/v1/stream".into(),
        ..config()
    }
}

pub fn with_token() -> Config {
    Config {
        token: true,
        ..config()
    }
}

pub fn answer(status: u16, body: &str) -> HttpOutcome {
    HttpOutcome {
        status,
        etag: None,
        retry_after: None,
        body: body.into(),
    }
}

pub fn tagged(body: &str, etag: &str) -> HttpOutcome {
    HttpOutcome {
        status: 200,
        etag: Some(etag.into()),
        retry_after: None,
        body: body.into(),
    }
}

pub fn snapshot(id: &str, status: &str, progress: u32, attempt: u32) -> String {
    format!(
        "{{\"job_id\":\"{id}\",\"status\":\"{status}\",\"progress\":{progress},\"attempt\":{attempt}}}"
    )
}

pub fn progress(id: &str, progress: u32) -> String {
    format!("{{\"type\":\"progress\",\"job_id\":\"{id}\",\"progress\":{progress}}}")
}

pub fn completed(id: &str) -> String {
    format!("{{\"type\":\"completed\",\"job_id\":\"{id}\",\"progress\":100}}")
}

/// A record with words for numbers and names for places, as far as scenarios look at it.
fn named(record: &Value) -> Value {
    let number = |place: usize| record[place].as_u64().unwrap_or(0) as usize;
    match number(0) {
        0 => json!(["job", {
            "id": record[1],
            "status": word(&STATUSES, number(2)),
            "progress": record[3],
            "attempt": record[4],
            "updatedAt": record[5],
            "source": word(&["socket", "polling"], number(6)),
            "stale": number(7) == 1,
            "stage": record[10],
            "message": record[11],
            "resultUrl": record[12],
        }]),
        1 | 6 => {
            json!(["event", record[1], record[2], { "seq": record[3], "jobId": record[6], "invalid": record[7] }])
        }
        7 => {
            let values = &record[2];
            let payload = match record[1].as_str() {
                Some("gap") => {
                    json!({ "from": values[1], "to": values[2], "healed": values[3] == 1 })
                }
                Some("reconnected") => json!({ "attempts": values[1], "downMs": values[2] }),
                Some("invalid") => {
                    json!({ "event": values[1], "code": values[2], "reason": values[3], "raw": values[4] })
                }
                _ => json!({ "jobId": values[0] }),
            };
            json!(["event", record[1], payload, { "seq": record[3], "jobId": record[6], "invalid": record[7] }])
        }
        2 => {
            json!(["status", { "state": word(&STATES, number(1)), "problem": record[6], "roundTrip": record[10] }])
        }
        3 => {
            json!(["log", { "what": record[1], "problem": record[4], "detail": record[5], "jobId": record[6] }])
        }
        4 => json!(["reply", record[1], true, record[2]]),
        _ => json!(["reply", record[1], false, { "problem": record[2], "detail": record[3] }]),
    }
}

pub const HEARTBEAT: &str = "{\"type\":\"heartbeat\"}";

impl Rig {
    pub fn new(config: Config) -> Self {
        let mut rig = Self {
            engine: Engine::new(config, 1),
            now: 0,
            rid: 0,
            asked: Vec::new(),
            told: Vec::new(),
            agrees: true,
        };
        rig.input(Input::Clock {
            wall: 1_736_937_000_000,
        });
        rig
    }

    pub fn input(&mut self, input: Input) {
        self.engine.handle(Time(self.now), input);
        let mut let_go = Vec::new();
        while let Some(output) = self.engine.poll_output() {
            if let Output::Close { r#gen, .. } = output {
                let_go.push(r#gen);
            }
            match output {
                Output::Batch(text) => {
                    let batch: Vec<Value> = serde_json::from_str(&format!("[{text}]")).unwrap();
                    self.told.extend(batch.iter().map(named));
                }
                Output::Dirty => {}
                other => self.asked.push(other),
            }
        }
        let next = self.engine.next_deadline();
        assert!(
            next.is_none_or(|at| at.0 > self.now),
            "a deadline in the past: {next:?}"
        );
        // The other end agrees at once.
        for r#gen in let_go {
            if self.agrees {
                self.closed(r#gen, 1000);
            }
        }
    }

    pub fn command(&mut self, command: Command) {
        self.input(Input::Command(command));
    }

    pub fn follow(&mut self, id: &str) {
        self.command(Command::new(Ask::Follow, 0.0, id));
    }

    pub fn unfollow(&mut self, id: &str) {
        self.command(Command::new(Ask::Unfollow, 0.0, id));
    }

    pub fn retry(&mut self, id: &str) {
        self.command(Command::new(Ask::Retry, 0.0, id));
    }

    pub fn listen(&mut self, event: &str) {
        self.command(Command::new(Ask::Listen, 1.0, event));
    }

    pub fn wake(&mut self, reason: f64) {
        self.command(Command::new(Ask::Wake, reason, ""));
    }

    pub fn refresh(&mut self, id: &str) -> u32 {
        self.rid += 1;
        self.command(Command::new(Ask::Refresh, self.rid.into(), id));
        self.rid
    }

    pub fn connect(&mut self) -> u32 {
        self.rid += 1;
        self.command(Command::new(Ask::Connect, self.rid.into(), ""));
        self.rid
    }

    pub fn send(
        &mut self,
        event: &str,
        data: &str,
        supersede: Option<&str>,
        max_age: Option<u64>,
    ) -> u32 {
        self.rid += 1;
        self.command(Command {
            data: Some(data.into()),
            supersede: supersede.map(str::to_owned),
            max_age: max_age.map_or(-1.0, |age| age as f64),
            ..Command::new(Ask::Send, self.rid.into(), event)
        });
        self.rid
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

    /// Lets time pass until something is asked for, at most `most` ms; the time that passed.
    pub fn until_asked(&mut self, most: u64) -> u64 {
        let begun = self.now;
        while self.asked.is_empty() {
            let Some(at) = self
                .engine
                .next_deadline()
                .filter(|at| at.0 <= begun + most)
            else {
                break;
            };
            self.now = at.0;
            self.input(Input::Timer);
        }
        self.now - begun
    }

    /// Lets `ms` pass without the timer, as for a frozen page.
    pub fn freeze(&mut self, ms: u64) {
        self.now += ms;
    }

    pub fn opened(&mut self, r#gen: Gen) {
        self.input(Input::Opened { r#gen });
    }

    pub fn frame(&mut self, r#gen: Gen, text: &str) {
        self.input(Input::Frames {
            text: text.into(),
            gens: vec![r#gen],
        });
    }

    pub fn closed(&mut self, r#gen: Gen, code: u16) {
        self.input(Input::Closed {
            r#gen,
            code,
            reason: String::new(),
        });
    }

    pub fn http(&mut self, req: u32, outcome: HttpOutcome) {
        self.input(Input::Http { req, outcome });
    }

    pub fn take(&mut self) {
        self.input(Input::Take);
    }

    /// Everything asked for since the last look.
    pub fn asked(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.asked)
    }

    /// The sockets asked for since the last look, with their URLs; other requests stay.
    pub fn opens(&mut self) -> Vec<(Gen, String)> {
        let (opens, rest) = std::mem::take(&mut self.asked)
            .into_iter()
            .partition(|output| matches!(output, Output::Open { .. }));
        self.asked = rest;
        let opens: Vec<Output> = opens;
        let named = |output| {
            if let Output::Open { r#gen, url, .. } = output {
                Some((r#gen, url))
            } else {
                None
            }
        };
        opens.into_iter().filter_map(named).collect()
    }

    /// The probes asked for since the last look; other requests stay.
    pub fn probes(&mut self) -> Vec<(u32, String)> {
        let mut probes = Vec::new();
        self.asked.retain(|output| match output {
            Output::Probe { req, url } => {
                probes.push((*req, url.clone()));
                false
            }
            _ => true,
        });
        probes
    }

    /// The only socket asked for.
    pub fn open(&mut self) -> Gen {
        let opens = self.opens();
        assert_eq!(opens.len(), 1, "{opens:?}");
        opens[0].0
    }

    /// The reads asked for since the last look; other requests stay.
    pub fn fetches(&mut self) -> Vec<(u32, String)> {
        let (fetches, rest) = std::mem::take(&mut self.asked)
            .into_iter()
            .partition(|output| matches!(output, Output::Fetch { .. }));
        self.asked = rest;
        let fetches: Vec<Output> = fetches;
        let named = |output| {
            if let Output::Fetch { req, url, .. } = output {
                Some((req, url))
            } else {
                None
            }
        };
        fetches.into_iter().filter_map(named).collect()
    }

    /// The only read asked for.
    pub fn fetch(&mut self) -> u32 {
        let fetches = self.fetches();
        assert_eq!(fetches.len(), 1, "{fetches:?}");
        fetches[0].0
    }

    /// The tokens asked for since the last look, with the reason.
    pub fn tokens(&mut self) -> Vec<(u32, String)> {
        let (tokens, rest) = std::mem::take(&mut self.asked)
            .into_iter()
            .partition(|output| matches!(output, Output::NeedToken { .. }));
        self.asked = rest;
        let tokens: Vec<Output> = tokens;
        let named = |output| {
            if let Output::NeedToken { req, reason } = output {
                Some((req, format!("{reason:?}")))
            } else {
                None
            }
        };
        tokens.into_iter().filter_map(named).collect()
    }

    pub fn token(&mut self, reason: &str) -> u32 {
        let tokens = self.tokens();
        assert!(tokens.len() == 1 && tokens[0].1 == reason, "{tokens:?}");
        tokens[0].0
    }

    pub fn tokens_waiting(&self) -> usize {
        self.asked
            .iter()
            .filter(|output| matches!(output, Output::NeedToken { .. }))
            .count()
    }

    pub fn give_token(&mut self, req: u32) {
        self.input(Input::Token { req, error: None });
    }

    pub fn sent(&mut self) -> Vec<String> {
        let text = |output| {
            if let Output::Send { text, .. } = output {
                Some(text)
            } else {
                None
            }
        };
        self.asked().into_iter().filter_map(text).collect()
    }

    /// The last snapshot of a job; everything that waits is taken first.
    pub fn job(&mut self, id: &str) -> Value {
        self.take();
        let found = self
            .told
            .iter()
            .rev()
            .find(|record| record[0] == "job" && record[1]["id"] == id);
        found.map_or(Value::Null, |record| record[1].clone())
    }

    pub fn state(&self) -> String {
        self.found().state.to_owned()
    }

    pub fn found(&self) -> Found {
        Found::of(&self.engine)
    }

    /// The payloads of an event so far.
    pub fn heard(&mut self, event: &str) -> Vec<Value> {
        self.take();
        self.told
            .iter()
            .filter(|record| record[0] == "event" && record[1] == event)
            .map(|record| record[2].clone())
            .collect()
    }

    /// The answers to a `rid` so far.
    pub fn replies(&self, rid: u32) -> Vec<Value> {
        self.told
            .iter()
            .filter(|record| record[0] == "reply" && record[1] == rid)
            .cloned()
            .collect()
    }

    /// A job that is followed and whose socket is open and has been read once.
    pub fn serve(&mut self, id: &str, at: u32) -> Gen {
        self.follow(id);
        let r#gen = self.open();
        self.opened(r#gen);
        let req = self.fetch();
        self.http(req, answer(200, &snapshot(id, "running", at, 1)));
        r#gen
    }
}
