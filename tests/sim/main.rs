//! The simulator: a client, its page, servers and a network, in virtual time, each run from one seed. Every run checks
//! every line of "What must always hold".
//!
//! `JOBWIRE_SIM_SEEDS` says how many seeds (10,000), `JOBWIRE_SIM_FIRST` which is the first (0). A seed that fails
//! leaves a recording in `target/sim`; `JOBWIRE_SIM_REPLAY=<recording> cargo test --profile sim --test sim replay --
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
mod connection;
#[path = "../golden/mod.rs"]
mod golden;
mod page;
mod plan;
#[path = "../simulator/recorder.rs"]
mod recorder;
#[path = "../simulator/recording.rs"]
mod recording;
mod rig;
#[path = "../simulator/runner.rs"]
mod runner;
mod scenarios;
mod server;
#[path = "../simulator/mod.rs"]
mod simulator;
mod world;

use golden::Golden;
use page::Found;
use recorder::Recorder;
use runner::Simulator;
use world::Figures;

const RECORDER: Recorder<Figures> = Recorder {
    name: "seed",
    empty: world::empty_recording,
    run: world::run,
};

const GOLDEN: Golden<Figures> = Golden {
    name: "sim",
    seeds: 2000,
    empty: world::empty_recording,
    run: world::run,
};

const SIMULATOR: Simulator<Figures> = Simulator {
    seeds: 10_000,
    regressions: &[
        46, 216, 590, 1533, 2307, 3380, 5606, 8561, 16212, 26311, 57019, 62132, 109797, 155234,
        166386, 361988, 498426, 1024496, 1113421, 1225929, 1430317, 1436569, 1449603, 1582629,
        1763438, 1771871, 1807093, 1868046, 1873557, 1938235, 1942182, 2015979, 2205414, 2234736,
        2254605, 2559344,
    ],
    run: |seed| RECORDER.run(seed),
    add: Figures::add,
};

#[test]
fn what_must_always_hold() {
    SIMULATOR.try_seeds(|span, total| {
        let (pace, faults) = (span.pace(), total.told_faults());
        format!("{span}: {total} {pace}{faults}")
    });
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
    let told = |engine: &_| format!("; at the end: {:#?}", Found::of(engine));
    if let Some(seed) = RECORDER.replay(told) {
        SIMULATOR.must_hold(seed);
    }
}
