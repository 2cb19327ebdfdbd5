//! HTTP reads of jobs, and probes of servers: which are under way, which wait in line, whether the server answers. It does
//! not know why a job is read, nor what an answer says.

use crate::core::collections::line::Line;
use crate::core::context::Context;
use crate::core::io::output::Output;
use crate::core::time::Time;
use crate::core::time::timers::Owner;

/// Reads under way at once: browsers allow six connections a host over HTTP/1.1, and the page needs some itself.
const AT_ONCE: usize = 4;
/// How long a read may take, ms.
const TIMEOUT: u64 = 10_000;

/// A read under way.
#[derive(Debug)]
pub(crate) struct Flight {
    /// The number its answer carries.
    pub(crate) req: u32,
    /// The job that it is about.
    pub(crate) job: u32,
    /// When it was sent.
    pub(crate) asked: Time,
    /// The request whose token it was sent with; 0: none.
    pub(crate) auth: u32,
}

/// What is to be read.
pub(crate) struct Read {
    pub(crate) job: u32,
    pub(crate) url: String,
    /// For `If-None-Match`.
    pub(crate) etag: Option<String>,
    /// The request whose token goes along; 0: none.
    pub(crate) auth: u32,
}

/// The reads under way and in line.
#[derive(Debug, Default)]
pub(crate) struct Reads {
    count: u32,
    flights: Vec<Flight>,
    /// Jobs that wait for a read, first come first served.
    pub(crate) line: Line,
    /// Whether the server answered the last read or probe: `None` before the first.
    pub(crate) reachable: Option<bool>,
    /// The probe under way; 0: none.
    probe: u32,
}

impl Reads {
    pub(crate) fn under_way(&self) -> usize {
        self.flights.len()
    }

    pub(crate) fn in_line(&self) -> usize {
        self.line.len()
    }

    /// Whether another read may be sent.
    pub(crate) fn has_room(&self) -> bool {
        self.flights.len() < AT_ONCE
    }

    fn number(&mut self, context: &mut Context<'_>) -> u32 {
        self.count += 1;
        let until = context.now.after(TIMEOUT);
        context.timers.remind(until, Owner::Fetch(self.count));
        self.count
    }

    /// Sends a read; its number.
    pub(crate) fn send(&mut self, read: Read, context: &mut Context<'_>) -> u32 {
        let req = self.number(context);
        let Read {
            job,
            url,
            etag,
            auth,
        } = read;
        context.outputs.push(Output::Fetch {
            req,
            url,
            etag,
            auth,
        });
        self.flights.push(Flight {
            req,
            job,
            asked: context.now,
            auth,
        });
        req
    }

    /// Takes a read out that has ended, or is to end.
    pub(crate) fn land(&mut self, req: u32) -> Option<Flight> {
        let mut flights = self.flights.iter();
        let at = flights.position(|flight| flight.req == req)?;
        Some(self.flights.swap_remove(at))
    }

    pub(crate) fn is_probing(&self) -> bool {
        self.probe > 0
    }

    /// Asks whether a server is there.
    pub(crate) fn send_probe(&mut self, url: String, context: &mut Context<'_>) {
        let req = self.number(context);
        self.probe = req;
        context.outputs.push(Output::Probe { req, url });
    }

    /// Whether that was the probe under way, which ends.
    pub(crate) fn end_probe(&mut self, req: u32) -> bool {
        let is_probe = req > 0 && self.probe == req;
        if is_probe {
            self.probe = 0;
        }
        is_probe
    }

    /// Ends the probe under way, if there is one.
    pub(crate) fn abort_probe(&mut self, outputs: &mut Vec<Output>) {
        let req = self.probe;
        if self.end_probe(req) {
            outputs.push(Output::Abort { req });
        }
    }

    /// Notes whether the server answers; whether that is new.
    pub(crate) fn reached(&mut self, reachable: bool) -> bool {
        self.reachable.replace(reachable) != Some(reachable)
    }
}
