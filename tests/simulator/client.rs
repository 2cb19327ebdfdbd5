//! The client's side: the engine, its timer, and what waits in the driver for the page to run.

use crate::recording::{Line, Tape};
use jobwire::core::{Engine, Gen, Input, Time};
use std::collections::VecDeque;

/// What is on its way to the driver on a WebSocket.
#[derive(Debug)]
pub enum Bound<F> {
    Opened,
    Frame(F),
    Closed(u16, String),
}

/// What waits in the driver.
pub(super) enum Waiting<F> {
    Socket(usize, Bound<F>),
    Direct(Input),
}

/// The page does not run.
pub(super) struct Pause {
    pub(super) since: u64,
    /// Nor does its machine.
    pub(super) asleep: bool,
    /// The page said that it would be suspended.
    pub(super) announced: bool,
}

/// The page's timer for the engine.
#[derive(Default)]
pub(super) struct Timer {
    pub(super) due: Option<Time>,
    /// Tells the timer that is set from those that were set before.
    pub(super) mark: u64,
    /// It went off while the page did not run.
    pub(super) missed: bool,
}

pub struct Client<F> {
    pub engine: Engine,
    pub(super) timer: Timer,
    pub(super) pause: Option<Pause>,
    pub(super) inbox: VecDeque<Waiting<F>>,
    /// A flush is planned.
    pub(super) flushing: bool,
    /// The driver hands frames over in batches, this far apart at most, ms.
    pub(super) batch: u64,
    /// What reaches the driver after the engine closed a socket is handed in all the same.
    pub(super) leftovers: bool,
    /// Frames next to each other, to be handed in as one.
    pub(super) joined: Option<(String, Vec<Gen>)>,
    tape: Option<Tape>,
}

impl<F> Client<F> {
    pub fn new(engine: Engine, batch: u64, leftovers: bool, tape: Option<Tape>) -> Self {
        Self {
            engine,
            timer: Timer::default(),
            pause: None,
            inbox: VecDeque::new(),
            flushing: false,
            batch,
            leftovers,
            joined: None,
            tape,
        }
    }

    pub fn is_frozen(&self) -> bool {
        self.pause.is_some()
    }

    pub(super) fn record(&self, line: impl FnOnce() -> Line) {
        if let Some(tape) = &self.tape {
            tape.borrow_mut().lines.push(line());
        }
    }
}
