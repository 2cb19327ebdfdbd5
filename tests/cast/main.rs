//! The simulator of `broadcast`: a client, its page, and a server of the kind of systems A and C, in virtual time, each
//! run from one seed.
//!
//! `JOBWIRE_SIM_SEEDS` says how many seeds (400), `JOBWIRE_SIM_FIRST` which is the first (0).

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
mod model;
mod rig;
#[path = "../simulator/runner.rs"]
mod runner;
mod scenarios;
mod server;
mod world;

use runner::Simulator;
use world::Figures;

const SIMULATOR: Simulator<Figures> = Simulator {
    seeds: 400,
    regressions: &[],
    run: world::run,
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
