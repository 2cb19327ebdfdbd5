//! The page's token function, and how long its tokens are good.

use super::dice::Dice;
use jobwire::core::Output;
use std::collections::BTreeMap;

/// How long the page's token function takes at most when all is well, ms.
pub const TOKEN_TIME: u64 = 100;

/// What is wrong with the token function.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrong {
    Hangs,
    Fails,
    /// A cache hands out what has run out.
    Stale,
}

pub struct Tokens {
    /// How long each is good, ms.
    life: u64,
    /// When each runs out, by the request for it.
    until: BTreeMap<u32, u64>,
    /// Until when something is wrong, and what.
    trouble: (u64, Wrong),
    /// Requests that are not answered before all trouble ends.
    hanging: Vec<u32>,
    /// The last request whose token the engine has had forgotten; 0: none.
    forgotten: u32,
    /// The last token that was given when `connect()` was last called; 0: none.
    old: u32,
}

/// The request whose token is used; the core says 0 for none.
pub fn token_of(auth: u32) -> Option<u32> {
    (auth > 0).then_some(auth)
}

impl Tokens {
    pub fn new(life: u64) -> Self {
        Self {
            life,
            until: BTreeMap::new(),
            trouble: (0, Wrong::Hangs),
            hanging: Vec::new(),
            forgotten: 0,
            old: 0,
        }
    }

    /// The page may have another user from here on: whatever begins takes a token that it gives from here on.
    pub(super) fn connects(&mut self) {
        self.old = self.until.last_key_value().map_or(0, |(req, _)| *req);
    }

    /// What is wrong with the token that an output names, if anything is.
    pub(super) fn misused(&mut self, output: &Output) -> Option<String> {
        let (auth, begins) = match output {
            Output::ForgetTokens { until } => {
                self.forgotten = self.forgotten.max(*until);
                return None;
            }
            Output::Fetch { auth, .. } => (*auth, true),
            // With an id in its address it is of a session that has begun already.
            Output::Open { url, auth, .. } | Output::Poll { url, auth, .. } => {
                (*auth, !url.contains("sid="))
            }
            Output::SendToken { auth, .. } => (*auth, false),
            _ => return None,
        };
        let is_old = begins && auth <= self.old;
        (auth > 0 && (auth <= self.forgotten || is_old)).then(|| {
            format!(
                "{output:?}; forgotten up to {}, old up to {}",
                self.forgotten, self.old
            )
        })
    }

    pub fn until(&self, token: Option<u32>) -> Option<u64> {
        self.until.get(&token?).copied()
    }

    pub fn is_good(&self, token: Option<u32>, now: u64) -> bool {
        self.until(token).is_some_and(|until| until > now)
    }

    pub fn go_wrong(&mut self, until: u64, dice: &mut Dice) {
        let wrong = match dice.between(0, 2) {
            0 => Wrong::Hangs,
            1 => Wrong::Fails,
            _ => Wrong::Stale,
        };
        self.trouble = (until, wrong);
    }

    fn is_wrong(&self, wrong: Wrong, now: u64) -> bool {
        self.trouble.0 > now && self.trouble.1 == wrong
    }

    /// After how long a request is answered, and whether with a token; never, where the function hangs.
    pub(super) fn ask(&mut self, req: u32, now: u64, dice: &mut Dice) -> Option<(u64, bool)> {
        if self.is_wrong(Wrong::Hangs, now) {
            self.hanging.push(req);
            return None;
        }
        let good = !self.is_wrong(Wrong::Fails, now);
        Some((dice.between(0, TOKEN_TIME), good))
    }

    pub(super) fn give(&mut self, req: u32, now: u64) {
        let stale = self.is_wrong(Wrong::Stale, now);
        let until = if stale { 0 } else { now + self.life };
        self.until.insert(req, until);
    }

    /// All is well, for good; the requests that were left hanging. A token that lasts three seconds is trouble of its
    /// own.
    pub(super) fn heal(&mut self) -> Vec<u32> {
        self.trouble.0 = 0;
        self.life = 1_000_000;
        for until in self.until.values_mut() {
            *until = u64::MAX;
        }
        std::mem::take(&mut self.hanging)
    }
}
