//! What must always hold, watched from outside: only what goes into the engine and comes out of it, and what the server
//! knows. The first broken invariant is kept; every message begins with its name.

mod attempts;
mod doors;
mod events;
mod jobs;
mod ledger;
mod transports;

pub use attempts::{Attempts, Blame};
pub use doors::Doors;
pub use events::Events;
pub use jobs::Jobs;
pub use ledger::{Answer, Kind, Ledger, Message};
pub use transports::{Transports, sid_of};

/// The first thing that was not as it must be.
#[derive(Default)]
pub struct Broken(pub Option<String>);

impl Broken {
    pub fn ensure(&mut self, name: &str, holds: bool, why: impl FnOnce() -> String) {
        if !holds && self.0.is_none() {
            self.0 = Some(format!("{name}: {}", why()));
        }
    }

    pub fn expect<T>(&mut self, name: &str, result: Result<T, String>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(why) => {
                self.ensure(name, false, || why);
                None
            }
        }
    }
}
