//! What the simulators of `stream` and Socket.IO share: virtual time, the driver of the page with its timer, the network,
//! tokens, faults, an engine driven by hand, and how seeds are run, recorded and replayed. That of `broadcast` takes the
//! dice, the runner, and how runs are recorded from here.

mod agenda;
mod client;
mod clock;
mod dice;
pub mod driver;
mod faults;
mod network;
mod rig;
mod simulation;
mod tokens;
mod words;

pub use client::{Bound, Client};
pub use clock::Clock;
pub use dice::Dice;
pub use driver::Driver;
pub use faults::{Faults, Standstill, draw_faults, is_calm};
pub use network::{Link, Network, SLOW, Travel, host_of};
pub use rig::{Page, Rig};
pub use simulation::{Parts, Simulation, Turn, live};
pub use tokens::{TOKEN_TIME, Tokens, token_of};
pub use words::{STATES, STATUSES};
