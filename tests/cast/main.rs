//! The simulator of `broadcast`: a client, its page, and a server of the kind of systems A and C, in virtual time, each
//! run from one seed.
//!
//! `JOBWIRE_SIM_SEEDS` says how many seeds (400), `JOBWIRE_SIM_FIRST` which is the first (0). A seed that fails leaves a
//! recording in `target/sim`; `JOBWIRE_SIM_REPLAY=<recording> cargo test --profile sim --test cast replay -- --nocapture`
//! plays it again.

#![cfg(not(target_arch = "wasm32"))]
// A test may stop at the first surprise, and this one prints its figures.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout
)]
#![allow(missing_docs, unreachable_pub)]

mod check;
#[path = "../simulator/dice.rs"]
mod dice;
mod ends;
mod frames;
#[path = "../golden/mod.rs"]
mod golden;
mod model;
#[path = "../simulator/recorder.rs"]
mod recorder;
#[path = "../simulator/recording.rs"]
mod recording;
mod rig;
#[path = "../simulator/runner.rs"]
mod runner;
mod scenarios;
mod server;
mod world;

use golden::Golden;
use recorder::Recorder;
use runner::Simulator;
use world::Figures;

const RECORDER: Recorder<Figures> = Recorder {
    name: "cast",
    empty: world::empty_recording,
    run: world::run,
};

const GOLDEN: Golden<Figures> = Golden {
    name: "cast",
    seeds: 1000,
    empty: world::empty_recording,
    run: world::run,
};

const SIMULATOR: Simulator<Figures> = Simulator {
    seeds: 400,
    regressions: &[],
    run: |seed| RECORDER.run(seed),
    add: Figures::add,
};

#[test]
fn what_must_always_hold() {
    SIMULATOR.try_seeds(|span, total| format!("{span}: {total:?} {}", span.pace()));
}

#[test]
fn seeds_that_once_failed() {
    SIMULATOR.try_regressions();
}

#[test]
fn inputs_and_outputs_are_those_of_the_golden_file() {
    GOLDEN.check();
}

#[test]
fn replay() {
    if let Some(seed) = RECORDER.replay(|_| String::new()) {
        SIMULATOR.must_hold(seed);
    }
}
