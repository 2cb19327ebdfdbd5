//! What all simulators share: seeds from the environment, tried on every core, and what is said of those that fail.
//!
//! `JOBWIRE_SIM_SEEDS` says how many seeds, `JOBWIRE_SIM_FIRST` which is the first (0).

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// After so many seeds that fail no more are tried.
const MOST_FAILURES: usize = 20;

/// A simulator whose runs give figures of the type `F`.
pub struct Simulator<F> {
    /// How many seeds are tried where the environment does not say.
    pub seeds: u64,
    /// Seeds that once failed.
    pub regressions: &'static [u64],
    /// Runs one seed; an error says what was broken.
    pub run: fn(u64) -> Result<F, String>,
    /// Adds the figures of a run to those of others.
    pub add: fn(&mut F, &F),
}

/// The seeds of a test, and how long they took.
pub struct Span {
    first: u64,
    count: u64,
    seconds: f64,
}

impl Span {
    /// How long they took, and how many a second that is.
    pub fn pace(&self) -> String {
        let (seconds, pace) = (self.seconds, self.count as f64 / self.seconds);
        format!("in {seconds:.1} s, {pace:.0} seeds/s")
    }
}

impl fmt::Display for Span {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} seeds from {}", self.count, self.first)
    }
}

/// A panic is a failure like any other: the other seeds are still to be tried.
pub fn guarded<F>(run: impl FnOnce() -> Result<F, String>) -> Result<F, String> {
    catch_unwind(AssertUnwindSafe(run))
        .unwrap_or_else(|_| Err("the engine, or the simulator, panicked".into()))
}

/// What the environment says, if it says anything.
pub fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is not a number: {text}"))
    })
}

impl<F: Default + Send> Simulator<F> {
    /// Tries the seeds that the environment asks for, prints what `report` makes of the sum of their figures, and
    /// panics if one of them failed.
    pub fn try_seeds(&self, report: impl FnOnce(&Span, &F) -> String) {
        let first = number("JOBWIRE_SIM_FIRST", 0);
        let count = number("JOBWIRE_SIM_SEEDS", self.seeds);
        let begun = Instant::now();
        let next = AtomicU64::new(0);
        let failures = Mutex::new(Vec::new());
        let total = Mutex::new(F::default());
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| {
                    let mut sum = F::default();
                    loop {
                        let offset = next.fetch_add(1, Ordering::Relaxed);
                        if offset >= count || failures.lock().unwrap().len() >= MOST_FAILURES {
                            break;
                        }
                        match self.try_one(first + offset) {
                            Ok(figures) => (self.add)(&mut sum, &figures),
                            Err(why) => failures.lock().unwrap().push(why),
                        }
                    }
                    (self.add)(&mut total.lock().unwrap(), &sum);
                });
            }
        });
        let span = Span {
            first,
            count,
            seconds: begun.elapsed().as_secs_f64(),
        };
        println!("{}", report(&span, &total.into_inner().unwrap()));
        let failures = failures.into_inner().unwrap();
        assert!(
            failures.is_empty(),
            "{} seeds failed:\n{}",
            failures.len(),
            failures.join("\n")
        );
    }

    /// Tries the seeds that once failed.
    pub fn try_regressions(&self) {
        for seed in self.regressions {
            self.must_hold(*seed);
        }
    }

    /// Tries one seed, and panics if it fails.
    pub fn must_hold(&self, seed: u64) {
        if let Err(why) = self.try_one(seed) {
            panic!("{why}");
        }
    }

    fn try_one(&self, seed: u64) -> Result<F, String> {
        guarded(|| (self.run)(seed)).map_err(|why| {
            let test = env!("CARGO_CRATE_NAME");
            format!(
                "seed {seed}: {why}\n  run it again: JOBWIRE_SIM_FIRST={seed} JOBWIRE_SIM_SEEDS=1 \
                 cargo test --profile sim --test {test} what_must_always_hold"
            )
        })
    }
}
