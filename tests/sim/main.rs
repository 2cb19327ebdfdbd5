//! The simulator: a client, its page, servers and a network, in virtual time, each run from one seed. Every run checks
//! every line of "What must always hold".
//!
//! `JOBWIRE_SIM_SEEDS` says how many seeds (10,000), `JOBWIRE_SIM_FIRST` which is the first (0). A seed that fails
//! leaves a recording in `target/sim`; `JOBWIRE_SIM_REPLAY=<recording> cargo test --test sim replay` plays it again.

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
mod dice;
mod link;
mod page;
mod plan;
mod recording;
mod rig;
mod scenarios;
mod server;
mod world;

use page::Found;
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
const REGRESSIONS: [u64; 35] = [
    46, 216, 590, 1533, 2307, 3380, 5606, 8561, 16212, 26311, 57019, 62132, 109797, 155234, 166386,
    498426, 1024496, 1113421, 1225929, 1430317, 1436569, 1449603, 1582629, 1763438, 1771871,
    1807093, 1868046, 1873557, 1938235, 1942182, 2015979, 2205414, 2234736, 2254605, 2559344,
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
            .unwrap_or_else(|_| Err("the engine panicked".into()))
    };
    if seed.is_multiple_of(REPLAYED) {
        let recorder = world::recording_of(seed);
        let figures = guarded(Some(&recorder))?;
        let recording = recorder.into_inner();
        recording
            .replay()
            .map_err(|why| format!("seed {seed}: a replay differs: {why}"))?;
        return Ok(figures);
    }
    guarded(None).map_err(|why| {
        let recorder = world::recording_of(seed);
        let _ = guarded(Some(&recorder));
        let path = format!("target/sim/seed-{seed}.jsonl");
        let written = fs::create_dir_all("target/sim")
            .and_then(|()| fs::write(&path, recorder.into_inner().to_text()));
        let how = match written {
            Ok(()) => format!("replay it: JOBWIRE_SIM_REPLAY={path} cargo test --test sim replay"),
            Err(error) => format!("no recording could be written: {error}"),
        };
        format!("seed {seed}: {why}\n  {how}")
    })
}

fn add(sum: &mut Figures, more: &Figures) {
    sum.virtual_ms += more.virtual_ms;
    sum.inputs += more.inputs;
    sum.frames += more.frames;
    sum.ends += more.ends;
    sum.reads += more.reads;
    sum.sockets += more.sockets;
    for (count, more) in sum.faults.iter_mut().zip(more.faults) {
        *count += more;
    }
}

#[test]
fn what_must_always_hold() {
    let (first, count) = (
        number("JOBWIRE_SIM_FIRST", 0),
        number("JOBWIRE_SIM_SEEDS", 10_000),
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
                        Ok(figures) => add(&mut sum, &figures),
                        Err(why) => failures.lock().unwrap().push(why),
                    }
                }
                add(&mut total.lock().unwrap(), &sum);
            });
        }
    });
    let seconds = begun.elapsed().as_secs_f64();
    let total = total.into_inner().unwrap();
    println!(
        "{count} seeds from {first}: {:.0} virtual hours, {} inputs, {} frames, {} sockets, {} reads, {} ends in {seconds:.1} s, {:.0} seeds/s",
        total.virtual_ms as f64 / 3_600_000.0,
        total.inputs,
        total.frames,
        total.sockets,
        total.reads,
        total.ends,
        count as f64 / seconds,
    );
    for (fault, count) in plan::FAULTS.iter().zip(total.faults) {
        println!("  {fault:?}: {count}");
    }
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
    let engine = recording
        .replay()
        .unwrap_or_else(|why| panic!("{path} replays differently: {why}"));
    println!(
        "{} lines replayed with the same outputs; at the end: {:#?}",
        recording.lines.len(),
        Found::of(&engine)
    );
    if let Err(why) = run(recording.head.seed) {
        panic!("{why}");
    }
}
