//! The simulator of Socket.IO: a client, its page, a server of Node's or Python's kind and a network, in virtual time,
//! each run from one seed. Every run checks what must always hold.
//!
//! `JOBWIRE_SIM_SEEDS` says how many seeds (2,000), `JOBWIRE_SIM_FIRST` which is the first (0). A seed that fails
//! leaves a recording in `target/sim`; `JOBWIRE_SIM_REPLAY=<recording> cargo test --test sio replay` plays it again.

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

mod agenda;
mod check;
#[path = "../sim/dice.rs"]
mod dice;
mod network;
mod page;
mod plan;
#[path = "../sim/recording.rs"]
mod recording;
mod records;
mod rig;
mod scenarios;
mod server;
mod store;
mod wire;
mod world;

use recording::Recording;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use world::Figures;

/// One seed in so many is recorded and replayed.
const REPLAYED: u64 = 64;

/// Seeds that once failed.
const REGRESSIONS: [u64; 11] = [
    92109, 132881, 179702, 228626, 236190, 261603, 340334, 396418, 431897, 467143, 483910,
];

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is not a number: {text}"))
    })
}

/// Runs a seed; a failure leaves a recording.
fn run(seed: u64) -> Result<Figures, String> {
    let guarded = |recorder: Option<&_>| {
        catch_unwind(AssertUnwindSafe(|| world::run(seed, recorder)))
            .unwrap_or_else(|_| Err("something panicked".into()))
    };
    if seed.is_multiple_of(REPLAYED) {
        let recorder = world::recording_of(seed);
        let figures = guarded(Some(&recorder)).map_err(|why| format!("seed {seed}: {why}"))?;
        let recording = recorder.into_inner();
        recording
            .replay()
            .map_err(|why| format!("seed {seed}: a replay differs: {why}"))?;
        return Ok(figures);
    }
    guarded(None).map_err(|why| {
        let recorder = world::recording_of(seed);
        let _ = guarded(Some(&recorder));
        let path = format!("target/sim/sio-{seed}.jsonl");
        let written = fs::create_dir_all("target/sim")
            .and_then(|()| fs::write(&path, recorder.into_inner().to_text()));
        let how = match written {
            Ok(()) => format!("replay it: JOBWIRE_SIM_REPLAY={path} cargo test --test sio replay"),
            Err(error) => format!("no recording could be written: {error}"),
        };
        format!("seed {seed}: {why}\n  {how}")
    })
}

#[test]
fn what_must_always_hold() {
    let (first, count) = (
        number("JOBWIRE_SIM_FIRST", 0),
        number("JOBWIRE_SIM_SEEDS", 2000),
    );
    let begun = Instant::now();
    let next = AtomicU64::new(0);
    let failures = Mutex::new(Vec::new());
    let total = Mutex::new(Figures::default());
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                let mut sum = Figures::default();
                loop {
                    let offset = next.fetch_add(1, Ordering::Relaxed);
                    if offset >= count || failures.lock().unwrap().len() >= 20 {
                        break;
                    }
                    match run(first + offset) {
                        Ok(figures) => sum.add(&figures),
                        Err(why) => failures.lock().unwrap().push(why),
                    }
                }
                total.lock().unwrap().add(&sum);
            });
        }
    });
    let seconds = begun.elapsed().as_secs_f64();
    let total = total.into_inner().unwrap();
    println!(
        "{count} seeds from {first} in {seconds:.1} s, {:.0} seeds/s\n{total}",
        count as f64 / seconds
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

#[test]
fn replay() {
    let Ok(path) = std::env::var("JOBWIRE_SIM_REPLAY") else {
        return;
    };
    let text =
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path} cannot be read: {error}"));
    let recording = Recording::parse(&text)
        .unwrap_or_else(|error| panic!("{path} is not a recording: {error}"));
    recording
        .replay()
        .unwrap_or_else(|why| panic!("{path} replays differently: {why}"));
    println!(
        "{} lines replayed with the same outputs",
        recording.lines.len()
    );
    if let Err(why) = run(recording.head.seed) {
        panic!("{why}");
    }
}
