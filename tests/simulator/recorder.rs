//! Runs with a recording: some seeds are replayed, and those that fail leave their recording behind.
//!
//! A recording is in `target/sim`; `JOBWIRE_SIM_REPLAY=<recording> cargo test --profile sim --test <simulator> replay --
//! --nocapture` plays it again.

use crate::recording::{Recording, Tape};
use crate::runner::guarded;
use jobwire::core::{Config, Engine};
use serde_json::Value;
use std::cell::RefCell;
use std::fs;
use std::rc::Rc;

/// One seed in so many is recorded and replayed.
const REPLAYED: u64 = 64;

const FOLDER: &str = "target/sim";

/// As whoever replays its file has it.
fn read_back(recording: &Recording) -> Recording<Value> {
    Recording::parse(&recording.to_text()).unwrap()
}

/// How a simulator is recorded.
pub struct Recorder<F> {
    /// What the names of its recordings begin with.
    pub name: &'static str,
    /// An empty recording to run a seed with.
    pub empty: fn(u64) -> Recording,
    /// Runs a seed, recorded or not.
    pub run: fn(u64, Option<Tape>) -> Result<F, String>,
}

impl<F> Recorder<F> {
    /// Runs a seed; a failure leaves a recording.
    pub fn run(&self, seed: u64) -> Result<F, String> {
        if seed.is_multiple_of(REPLAYED) {
            let (outcome, recording) = self.recorded(seed);
            return outcome
                .and_then(|figures| match read_back(&recording).replay() {
                    Ok(_) => Ok(figures),
                    Err(why) => Err(format!("a replay differs: {why}")),
                })
                .map_err(|why| self.keep(seed, &recording, &why));
        }
        guarded(|| (self.run)(seed, None)).map_err(|why| {
            let (_, recording) = self.recorded(seed);
            self.keep(seed, &recording, &why)
        })
    }

    fn recorded(&self, seed: u64) -> (Result<F, String>, Recording) {
        let tape = Rc::new(RefCell::new((self.empty)(seed)));
        let outcome = guarded(|| (self.run)(seed, Some(tape.clone())));
        (outcome, Rc::unwrap_or_clone(tape).into_inner())
    }

    /// Writes a recording of what failed, and says how to play it.
    fn keep(&self, seed: u64, recording: &Recording, why: &str) -> String {
        let path = format!("{FOLDER}/{}-{seed}.jsonl", self.name);
        let written =
            fs::create_dir_all(FOLDER).and_then(|()| fs::write(&path, recording.to_text()));
        let test = env!("CARGO_CRATE_NAME");
        match written {
            Ok(()) => format!(
                "{why}\n  replay it: JOBWIRE_SIM_REPLAY={path} cargo test --profile sim --test {test} \
                 replay -- --nocapture"
            ),
            Err(error) => format!("{why}\n  no recording could be written: {error}"),
        }
    }

    /// Replays the recording that the environment names, if it names one; gives its seed. `told` says what is worth
    /// knowing of the engine at the end.
    pub fn replay(&self, told: impl FnOnce(&Engine) -> String) -> Option<u64> {
        let path = std::env::var("JOBWIRE_SIM_REPLAY").ok()?;
        let text = fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{path} cannot be read: {error}"));
        let recording = Recording::parse(&text)
            .unwrap_or_else(|error| panic!("{path} is not a recording: {error}"));
        let engine = recording
            .replay()
            .unwrap_or_else(|why| panic!("{path} replays differently: {why}"));
        println!(
            "{} lines replayed with the same outputs{}",
            recording.lines.len(),
            told(&engine)
        );
        Some(recording.head.seed)
    }
}

#[test]
fn a_seed_that_fails_names_the_command_that_plays_it_again() {
    let recorder = Recorder {
        name: "always-fails",
        empty: |seed| Recording::empty(seed, Config::default()),
        run: |_, _| Err::<(), _>("it failed".into()),
    };
    let test = env!("CARGO_CRATE_NAME");
    let path = format!("{FOLDER}/always-fails-1.jsonl");
    assert_eq!(
        recorder.run(1),
        Err(format!(
            "it failed\n  replay it: JOBWIRE_SIM_REPLAY={path} cargo test --profile sim --test {test} replay -- --nocapture"
        ))
    );
}
