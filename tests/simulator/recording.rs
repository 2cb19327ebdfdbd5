//! A recording: one line with the seed and the configuration, then every input with its time and every output, one a
//! line. Fed into a new engine, the inputs must give the same outputs. Of one that was read from a file the outputs are
//! JSON.

use jobwire::core::{Config, Engine, Output, Recorded};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::cell::RefCell;
use std::rc::Rc;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Head {
    pub seed: u64,
    pub engine_seed: u64,
    pub config: Config,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Line<O = Output> {
    In(Recorded),
    Out(O),
}

/// A recording of a run under way.
pub type Tape = Rc<RefCell<Recording>>;

#[derive(Clone, Debug)]
pub struct Recording<O = Output> {
    pub head: Head,
    pub lines: Vec<Line<O>>,
}

impl Recording {
    /// Of a run that has yet to happen.
    pub fn empty(seed: u64, config: Config) -> Self {
        Self {
            head: Head {
                seed,
                engine_seed: seed,
                config,
            },
            lines: Vec::new(),
        }
    }

    pub fn to_text(&self) -> String {
        let mut text = serde_json::to_string(&self.head).unwrap();
        for line in &self.lines {
            text.push('\n');
            text.push_str(&serde_json::to_string(line).unwrap());
        }
        text.push('\n');
        text
    }
}

impl Recording<Value> {
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        let mut lines = text.lines();
        let head = serde_json::from_str(lines.next().unwrap_or(""))?;
        Ok(Self {
            head,
            lines: lines.map(serde_json::from_str).collect::<Result<_, _>>()?,
        })
    }

    /// Feeds the inputs to a new engine. An error names the first output that is not as it was recorded.
    pub fn replay(&self) -> Result<Engine, String> {
        let mut engine = Engine::new(self.head.config.clone(), self.head.engine_seed);
        for (number, line) in self.lines.iter().enumerate() {
            match line {
                Line::In(recorded) => {
                    if let Some(extra) = engine.poll_output() {
                        return Err(format!("line {}: not recorded: {extra:?}", number + 1));
                    }
                    engine.handle(recorded.at, recorded.input.clone());
                }
                Line::Out(expected) => {
                    let output = engine.poll_output();
                    let value = output
                        .as_ref()
                        .map(|output| serde_json::to_value(output).unwrap());
                    if value.as_ref() != Some(expected) {
                        return Err(format!(
                            "line {}: {output:?} instead of {expected:?}",
                            number + 2
                        ));
                    }
                }
            }
        }
        Ok(engine)
    }
}
