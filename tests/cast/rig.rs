//! An engine driven by hand, for stories told step by step.

use jobwire::core::io::config::Config;
use jobwire::core::{Ask, Command, Engine, Gen, HttpOutcome, Input, Output, Time};
use serde_json::Value;

pub struct Rig {
    pub engine: Engine,
    pub now: u64,
    pub asked: Vec<Output>,
    /// Records of batches not looked at yet.
    told: Vec<Value>,
}

/// The config that the facade makes of `{ protocol: "broadcast", url }`, with some places changed.
pub fn config(places: &[(usize, &str)]) -> Config {
    let mut values = vec!["null".to_owned(); 31];
    for (place, value) in [
        (0, r#""/""#),
        (2, "0"),
        (4, "1e9"),
        (6, "30000"),
        (7, "0"),
        (12, "0"),
        (25, "1"),
        (30, r#""{\"metric_update\":1000,\"analytics_updated\":1}""#),
    ]
    .iter()
    .chain(places)
    {
        values[*place] = (*value).to_owned();
    }
    values.push(r#""://s""#.into());
    Config::parse(&format!("[{}]", values.join(",")))
}

impl Rig {
    /// A client whose socket is open, and whose page listens to everything.
    pub fn open(places: &[(usize, &str)]) -> (Self, Gen) {
        let mut rig = Self {
            engine: Engine::new(config(places), 1),
            now: 0,
            asked: Vec::new(),
            told: Vec::new(),
        };
        rig.input(Input::Clock { wall: 1_000_000 });
        rig.command(Ask::Listen, 1.0, "*");
        let r#gen = rig.socket();
        rig.input(Input::Opened { r#gen });
        rig.told();
        (rig, r#gen)
    }

    pub fn input(&mut self, input: Input) {
        self.engine.handle(Time(self.now), input);
        while let Some(output) = self.engine.poll_output() {
            match output {
                Output::Batch(text) => {
                    let batch: Vec<Value> = serde_json::from_str(&format!("[{text}]")).unwrap();
                    self.told.extend(batch);
                }
                other => self.asked.push(other),
            }
        }
    }

    pub fn command(&mut self, what: Ask, n: f64, text: &str) {
        self.input(Input::Command(Command::new(what, n, text)));
    }

    /// The socket asked for last.
    pub fn socket(&mut self) -> Gen {
        let opened = |output| match output {
            Output::Open { r#gen, .. } => Some(r#gen),
            _ => None,
        };
        self.asked.drain(..).filter_map(opened).next_back().unwrap()
    }

    pub fn frame(&mut self, r#gen: Gen, text: &str) {
        self.input(Input::Frames {
            text: text.into(),
            gens: vec![r#gen],
        });
    }

    /// An event of the server in the envelope of its `broadcast()`.
    pub fn event(&mut self, r#gen: Gen, event: &str, payload: &str) {
        self.frame(r#gen, &format!(r#"{{"event":"{event}","data":{payload}}}"#));
    }

    pub fn answer(&mut self, body: &str) {
        let fetched = |output| match output {
            Output::Fetch { req, .. } => Some(req),
            _ => None,
        };
        let req = self
            .asked
            .drain(..)
            .filter_map(fetched)
            .next_back()
            .unwrap();
        let outcome = HttpOutcome {
            status: 200,
            body: body.into(),
            ..HttpOutcome::default()
        };
        self.input(Input::Http { req, outcome });
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

    /// Whether the page was asked to take what waits, since the last look.
    pub fn is_dirty(&mut self) -> bool {
        let dirty = self.asked.contains(&Output::Dirty);
        self.asked.retain(|output| *output != Output::Dirty);
        dirty
    }

    /// Records told since the last look.
    pub fn told(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.told)
    }

    /// The same, those of events alone: name and payload.
    pub fn events(&mut self) -> Vec<(String, Value)> {
        let told = self.told();
        let events = told
            .iter()
            .filter(|record| [1, 6, 7].contains(&record[0].as_u64().unwrap()));
        events
            .map(|record| (record[1].as_str().unwrap().to_owned(), record[2].clone()))
            .collect()
    }

    /// What the next frame tells.
    pub fn take(&mut self) -> Vec<(String, Value)> {
        self.told();
        self.input(Input::Take { late: false });
        self.events()
    }
}
