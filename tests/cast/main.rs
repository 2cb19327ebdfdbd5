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
#[path = "../sim/dice.rs"]
mod dice;
mod frames;
mod model;
mod rig;
mod scenarios;
mod server;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use world::Figures;

/// Seeds that once failed.
const REGRESSIONS: [u64; 0] = [];

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is not a number: {text}"))
    })
}

fn run(seed: u64) -> Result<Figures, String> {
    catch_unwind(AssertUnwindSafe(|| world::run(seed)))
        .unwrap_or_else(|_| Err("the engine, or the simulator, panicked".into()))
        .map_err(|why| format!("seed {seed}: {why}"))
}

#[test]
fn what_must_always_hold() {
    let (first, count) = (
        number("JOBWIRE_SIM_FIRST", 0),
        number("JOBWIRE_SIM_SEEDS", 400),
    );
    let begun = Instant::now();
    let next = AtomicU64::new(0);
    let failures = Mutex::new(Vec::new());
    let total = Mutex::new(Figures::default());
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let offset = next.fetch_add(1, Ordering::Relaxed);
                    if offset >= count || failures.lock().unwrap().len() >= 20 {
                        break;
                    }
                    match run(first + offset) {
                        Ok(figures) => total.lock().unwrap().add(&figures),
                        Err(why) => failures.lock().unwrap().push(why),
                    }
                }
            });
        }
    });
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{count} seeds from {first}: {:?} in {seconds:.1} s, {:.0} seeds/s",
        total.into_inner().unwrap(),
        count as f64 / seconds,
    );
    let failures = failures.into_inner().unwrap();
    assert!(
        failures.is_empty(),
        "{} seeds failed:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

#[test]
fn seeds_that_once_failed() {
    for seed in REGRESSIONS {
        if let Err(why) = run(seed) {
            panic!("{why}");
        }
    }
}
