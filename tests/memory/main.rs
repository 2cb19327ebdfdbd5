//! The core against a hostile server: how much memory it holds, and how much at most at any moment, whatever a server
//! sends and however rarely the page takes what waits. An allocator counts the bytes; every scenario has its bound.
//!
//! Frames reach the core one by one, as text that exists while it is handled. Batches are let go as soon as they were
//! handed out, as the driver does.

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

mod broadcast;
mod rig;
mod socketio;
mod stream;

use peak_alloc::PeakAlloc;
use rig::Rig;
use std::sync::Mutex;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Figures are the whole process's: one scenario at a time.
static ONE_BY_ONE: Mutex<()> = Mutex::new(());

/// Bytes in a unit of the bounds.
const MIB: usize = 1 << 20;

/// Bounds of a scenario, MiB.
#[derive(Clone, Copy)]
pub struct Most {
    /// Held at the end.
    pub live: usize,
    /// Held at any moment.
    pub peak: usize,
}

/// Runs a scenario with a page that takes at every frame of its own, then with one that never does, and holds both
/// against the bounds. `check` looks at the client afterwards.
pub fn within(
    name: &str,
    most: Most,
    make: impl Fn() -> Rig,
    run: impl Fn(&mut Rig),
    check: impl Fn(&mut Rig),
) {
    for takes in [true, false] {
        measure(name, takes, most, &make, &run, &check);
    }
}

/// The same with a page that never takes alone, where there is very much to send.
pub fn within_a_hidden_page(
    name: &str,
    most: Most,
    make: impl Fn() -> Rig,
    run: impl Fn(&mut Rig),
    check: impl Fn(&mut Rig),
) {
    measure(name, false, most, &make, &run, &check);
}

fn measure(
    name: &str,
    takes: bool,
    most: Most,
    make: &dyn Fn() -> Rig,
    run: &dyn Fn(&mut Rig),
    check: &dyn Fn(&mut Rig),
) {
    let _alone = ONE_BY_ONE.lock().unwrap_or_else(|held| held.into_inner());
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let mut rig = make();
    rig.takes = takes;
    run(&mut rig);
    rig.pass(1500);
    let live = MEMORY.current_usage().saturating_sub(before);
    let peak = MEMORY.peak_usage().saturating_sub(before);
    let page = if takes { "takes" } else { "is hidden" };
    println!(
        "{name}, the page {page}: {:.1} MiB live, {:.1} MiB at most, batches of up to {:.1} MiB",
        live as f64 / MIB as f64,
        peak as f64 / MIB as f64,
        rig.longest as f64 / MIB as f64,
    );
    assert!(live < most.live * MIB, "{name}: {live} bytes are held");
    assert!(peak < most.peak * MIB, "{name}: {peak} bytes were held");
    check(&mut rig);
}
