//! What happened in a run, or in many.

use crate::plan::FAULTS;
use std::fmt;

#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    pub virtual_ms: u64,
    pub inputs: u64,
    pub frames: u64,
    pub ends: u64,
    pub reads: u64,
    pub sockets: u64,
    pub faults: [u64; FAULTS.len()],
}

impl Figures {
    pub fn add(&mut self, more: &Self) {
        self.virtual_ms += more.virtual_ms;
        self.inputs += more.inputs;
        self.frames += more.frames;
        self.ends += more.ends;
        self.reads += more.reads;
        self.sockets += more.sockets;
        for (count, more) in self.faults.iter_mut().zip(more.faults) {
            *count += more;
        }
    }

    /// How often each fault happened, one a line.
    pub fn told_faults(&self) -> String {
        let faults = FAULTS.iter().zip(self.faults);
        faults
            .map(|(fault, count)| format!("\n  {fault:?}: {count}"))
            .collect()
    }
}

/// Without the faults.
impl fmt::Display for Figures {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{:.0} virtual hours, {} inputs, {} frames, {} sockets, {} reads, {} ends",
            self.virtual_ms as f64 / 3_600_000.0,
            self.inputs,
            self.frames,
            self.sockets,
            self.reads,
            self.ends
        )
    }
}
