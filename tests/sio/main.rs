//! The simulator of Socket.IO: a client, its page, a server of Node's or Python's kind and a network, in virtual time,
//! each run from one seed. Every run checks what must always hold.
//!
//! `JOBWIRE_SIM_SEEDS` says how many seeds (2,000), `JOBWIRE_SIM_FIRST` which is the first (0). A seed that fails
//! leaves a recording in `target/sim`; `JOBWIRE_SIM_REPLAY=<recording> cargo test --profile sim --test sio replay --
//! --nocapture` plays it again.

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
#[path = "../golden/mod.rs"]
mod golden;
mod network;
mod page;
mod plan;
#[path = "../simulator/recorder.rs"]
mod recorder;
#[path = "../simulator/recording.rs"]
mod recording;
mod records;
mod rig;
#[path = "../simulator/runner.rs"]
mod runner;
mod scenarios;
mod server;
#[path = "../simulator/mod.rs"]
mod simulator;
mod store;
mod wire;
mod world;

use golden::Golden;
use recorder::Recorder;
use runner::Simulator;
use world::Figures;

const RECORDER: Recorder<Figures> = Recorder {
    name: "sio",
    empty: world::empty_recording,
    run: world::run,
};

const GOLDEN: Golden<Figures> = Golden {
    name: "sio",
    seeds: 2000,
    empty: world::empty_recording,
    run: world::run,
};

const SIMULATOR: Simulator<Figures> = Simulator {
    seeds: 2000,
    regressions: &[
        92109, 132881, 179702, 228626, 236190, 261603, 340334, 396418, 431897, 467143, 483910,
    ],
    run: |seed| RECORDER.run(seed),
    add: Figures::add,
};

#[test]
fn what_must_always_hold() {
    SIMULATOR.try_seeds(|span, total| format!("{span} {}\n{total}", span.pace()));
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
