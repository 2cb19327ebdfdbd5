//! What happened in a run, or in many.

use crate::plan::FAULTS;
use std::fmt;

#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    pub virtual_ms: u64,
    pub inputs: u64,
    pub sockets: u64,
    pub requests: u64,
    pub upgrades: u64,
    pub messages: u64,
    pub arrived: u64,
    pub acknowledged: u64,
    pub timed_out: u64,
    pub lost: u64,
    pub told: u64,
    pub joined: u64,
    pub recovered: u64,
    pub faults: [u64; FAULTS.len()],
}

impl Figures {
    pub fn add(&mut self, more: &Self) {
        self.virtual_ms += more.virtual_ms;
        self.inputs += more.inputs;
        self.sockets += more.sockets;
        self.requests += more.requests;
        self.upgrades += more.upgrades;
        self.messages += more.messages;
        self.arrived += more.arrived;
        self.acknowledged += more.acknowledged;
        self.timed_out += more.timed_out;
        self.lost += more.lost;
        self.told += more.told;
        self.joined += more.joined;
        self.recovered += more.recovered;
        for (count, more) in self.faults.iter_mut().zip(more.faults) {
            *count += more;
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "  {:.0} virtual hours, {} inputs, {} WebSockets, {} requests, {} upgrades",
            self.virtual_ms as f64 / 3_600_000.0,
            self.inputs,
            self.sockets,
            self.requests,
            self.upgrades
        )?;
        writeln!(
            out,
            "  {} namespaces joined, {} recovered; {} events told",
            self.joined, self.recovered, self.told
        )?;
        writeln!(
            out,
            "  {} messages, {} arrived; requests: {} acknowledged, {} timed out, {} lost",
            self.messages, self.arrived, self.acknowledged, self.timed_out, self.lost
        )?;
        for (fault, count) in FAULTS.iter().zip(self.faults) {
            writeln!(out, "  {fault:?}: {count}")?;
        }
        Ok(())
    }
}
