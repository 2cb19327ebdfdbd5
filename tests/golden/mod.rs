//! What the engine does is frozen: a golden file has a hash of all inputs and all outputs of the first seeds, in order,
//! and of what `inspect` and `audit` answer. A change that must change nothing leaves it as it is.
//!
//! `node scripts/golden.mjs` shows the first difference, compares more seeds, and records what was changed on purpose.

mod found;
mod meaning;
mod named;

use crate::recording::{Line, Recording, Tape};
use crate::runner::{guarded, number};
use jobwire::core::Engine;
use std::cell::RefCell;
use std::fmt::Write;
use std::fs;
use std::rc::Rc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// So many seeds have one hash of the file.
const BLOCK: usize = 10;

/// So many blocks are named when they differ.
const NAMED: usize = 5;

/// A simulator whose first seeds are frozen.
pub struct Golden<F> {
    /// What its file is called.
    pub name: &'static str,
    /// How many seeds the file has.
    pub seeds: u64,
    /// An empty recording to run a seed with.
    pub empty: fn(u64) -> Recording,
    /// Runs a seed, recorded.
    pub run: fn(u64, Option<Tape>) -> Result<F, String>,
}

impl<F> Golden<F> {
    /// Compares the seeds of the golden file. For the script it does what `JOBWIRE_GOLDEN` says instead, and writes the
    /// outcome to the file `JOBWIRE_GOLDEN_TO`: the `file` as it should be, the `hashes` of the seeds from
    /// `JOBWIRE_SIM_FIRST` on, `JOBWIRE_SIM_SEEDS` of them, or the `text` of the first of them.
    pub fn check(&self) {
        let first = number("JOBWIRE_SIM_FIRST", 0);
        let count = number("JOBWIRE_SIM_SEEDS", self.seeds);
        let made = match std::env::var("JOBWIRE_GOLDEN").as_deref() {
            Ok("file") => self.file(),
            Ok("hashes") => self.hashes(first, count).join("\n"),
            Ok("text") => self.text(first),
            Ok(other) => panic!("JOBWIRE_GOLDEN is {other}"),
            Err(_) => return self.compare(),
        };
        fs::write(std::env::var("JOBWIRE_GOLDEN_TO").unwrap(), made).unwrap();
    }

    fn compare(&self) {
        let folder = env!("CARGO_MANIFEST_DIR");
        let kept = fs::read_to_string(format!("{folder}/tests/golden/{}.txt", self.name)).unwrap();
        let now = self.file();
        let pairs = kept.lines().zip(now.lines());
        let differing: Vec<&str> = pairs
            .filter(|(kept, now)| kept != now)
            .filter_map(|(kept, _)| kept.split(' ').next())
            .collect();
        assert!(
            kept == now,
            "what {} does is not what it did, in {} blocks of seeds, first in {}\n  \
             what differs: node scripts/golden.mjs diff CHECKOUT, with a checkout where this test passes\n  \
             where it differs on purpose: node scripts/golden.mjs record",
            self.name,
            differing.len(),
            differing[..differing.len().min(NAMED)].join(", "),
        );
    }

    /// What the golden file is to have: the seeds of each block, and their hash.
    fn file(&self) -> String {
        let mut file = String::new();
        for (place, hashes) in self.hashes(0, self.seeds).chunks(BLOCK).enumerate() {
            let first = place * BLOCK;
            let last = first + hashes.len() - 1;
            writeln!(file, "{first}-{last} {}", hash_of(&hashes.concat())).unwrap();
        }
        file
    }

    /// The hashes of so many seeds, by all cores.
    fn hashes(&self, first: u64, count: u64) -> Vec<String> {
        let next = AtomicU64::new(0);
        let hashes = Mutex::new(vec![String::new(); count as usize]);
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| {
                    loop {
                        let offset = next.fetch_add(1, Ordering::Relaxed);
                        if offset >= count {
                            break;
                        }
                        let hash = hash_of(&self.text(first + offset));
                        hashes.lock().unwrap()[offset as usize] = hash;
                    }
                });
            }
        });
        hashes.into_inner().unwrap()
    }

    /// Every input and every output of a seed, one a line, and what the engine says of itself before it is told to end, and
    /// at last.
    fn text(&self, seed: u64) -> String {
        let tape = Rc::new(RefCell::new((self.empty)(seed)));
        // A seed that fails is found by the simulator; up to there it is what it is.
        let _ = guarded(|| (self.run)(seed, Some(tape.clone())));
        let recording = tape.borrow();
        let mut engine = Engine::new(recording.head.config.clone(), recording.head.engine_seed);
        let mut text = String::new();
        for line in &recording.lines {
            if let Line::In(recorded) = line {
                if found::ends(&recorded.input) {
                    found::write(&mut text, &engine);
                }
                engine.handle(recorded.at, recorded.input.clone());
                while engine.poll_output().is_some() {}
            }
            meaning::write(&mut text, line);
        }
        found::write(&mut text, &engine);
        text
    }
}

/// FNV-1a, 64 bits.
fn hash_of(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}
