//! An engine driven by hand, for stories told step by step.

use crate::page::{Found, word};
use crate::simulator::{self, Page, STATES, STATUSES};
use jobwire::core::{Ask, Backoff, Command, Config, Gen, HttpOutcome, Input, Output};
use serde_json::{Value, json};

/// What the page was told.
#[derive(Default)]
pub struct Told {
    /// Of all batches so far.
    pub records: Vec<Value>,
}

impl Page for Told {
    const AGREES: bool = true;

    fn batch(&mut self, text: &str) {
        let batch: Vec<Value> = serde_json::from_str(&format!("[{text}]")).unwrap();
        self.records.extend(batch.iter().map(named));
    }
}

pub type Rig = simulator::Rig<Told>;

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
        refused: None,
    }
}

pub fn tagged(body: &str, etag: &str) -> HttpOutcome {
    HttpOutcome {
        status: 200,
        etag: Some(etag.into()),
        retry_after: None,
        body: body.into(),
        refused: None,
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
    pub fn follow(&mut self, id: &str) {
        self.command(Command::new(Ask::Follow, 0.0, id));
    }

    pub fn unfollow(&mut self, id: &str) {
        self.command(Command::new(Ask::Unfollow, 0.0, id));
    }

    pub fn retry(&mut self, id: &str) {
        self.command(Command::new(Ask::Retry, 0.0, id));
    }

    pub fn wake(&mut self, reason: f64) {
        self.command(Command::new(Ask::Wake, reason, ""));
    }

    pub fn send(
        &mut self,
        event: &str,
        data: &str,
        supersede: Option<&str>,
        max_age: Option<u64>,
    ) -> u32 {
        let rid = self.rid();
        self.command(Command {
            data: Some(data.into()),
            supersede: supersede.map(str::to_owned),
            max_age: max_age.map_or(-1.0, |age| age as f64),
            ..Command::new(Ask::Send, rid.into(), event)
        });
        rid
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

    pub fn http(&mut self, req: u32, outcome: HttpOutcome) {
        self.input(Input::Http { req, outcome });
    }

    /// The probes asked for since the last look; other requests stay.
    pub fn probes(&mut self) -> Vec<(u32, String)> {
        self.pick_out(|output| match output {
            Output::Probe { req, url } => Some((*req, url.clone())),
            _ => None,
        })
    }

    /// The reads asked for since the last look; other requests stay.
    pub fn fetches(&mut self) -> Vec<(u32, String)> {
        self.pick_out(|output| match output {
            Output::Fetch { req, url, .. } => Some((*req, url.clone())),
            _ => None,
        })
    }

    /// The only read asked for.
    pub fn fetch(&mut self) -> u32 {
        let fetches = self.fetches();
        assert_eq!(fetches.len(), 1, "{fetches:?}");
        fetches[0].0
    }

    /// The tokens asked for since the last look, with the reason.
    pub fn tokens(&mut self) -> Vec<(u32, String)> {
        self.pick_out(|output| match output {
            Output::NeedToken { req, reason } => Some((*req, format!("{reason:?}"))),
            _ => None,
        })
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
            .page
            .records
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
        self.page
            .records
            .iter()
            .filter(|record| record[0] == "event" && record[1] == event)
            .map(|record| record[2].clone())
            .collect()
    }

    /// The answers to a `rid` so far.
    pub fn replies(&self, rid: u32) -> Vec<Value> {
        self.page
            .records
            .iter()
            .filter(|record| record[0] == "reply" && record[1] == rid)
            .cloned()
            .collect()
    }

    /// A job that is followed and whose socket is open and has been read once.
    pub fn serve(&mut self, id: &str, at: u32) -> Gen {
        self.follow(id);
        let r#gen = self.socket();
        self.opened(r#gen);
        let req = self.fetch();
        self.http(req, answer(200, &snapshot(id, "running", at, 1)));
        r#gen
    }
}
