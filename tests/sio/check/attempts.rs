//! Attempts to connect keep their distance: none comes sooner than the back-off allows, unless the page asks for it, or
//! the machine wakes, or the token is to blame. One attempt may try both ways.

use super::Broken;
use crate::plan::Plan;
use jobwire::core::io::config::Transports;

/// What a failure is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    Network,
    /// The server asked the client to come back later.
    Busy,
    Token,
}

#[derive(Debug, Default)]
pub struct Attempts {
    /// Failures in a row: at most as many as the client counts.
    failures: u32,
    /// No attempt before this time.
    earliest: Option<u64>,
    under_way: bool,
    /// One way has failed just now.
    failed_way: bool,
    /// Both ways were tried in this attempt.
    tried: bool,
    opened_at: Option<u64>,
}

impl Attempts {
    pub fn begins(&mut self, plan: &Plan, now: u64, broken: &mut Broken) {
        let two_ways = matches!(
            plan.config.transports,
            Transports::SocketFirst | Transports::PollingFirst
        );
        self.under_way = true;
        if std::mem::take(&mut self.failed_way) && two_ways && !self.tried {
            self.tried = true;
            return;
        }
        self.tried = false;
        let early = self.earliest.filter(|earliest| *earliest > now);
        broken.ensure("attempts keep their distance", early.is_none(), || {
            format!("one at {now} instead of {early:?}: {self:?}")
        });
    }

    /// The server has opened a session; whether one was to be opened.
    pub fn opened(&mut self, now: u64) -> bool {
        if !std::mem::take(&mut self.under_way) {
            return false;
        }
        self.opened_at = Some(now);
        self.earliest = None;
        true
    }

    /// An attempt failed, or a session was lost.
    pub fn fails(&mut self, plan: &Plan, now: u64, blame: Blame) {
        if std::mem::take(&mut self.under_way) {
            match blame {
                Blame::Network => self.failed_way = true,
                Blame::Busy => self.lost(plan, now),
                Blame::Token => {}
            }
        } else if let Some(at) = self.opened_at.take() {
            if now - at >= plan.config.backoff.min_uptime {
                self.failures = 0;
            }
            self.lost(plan, now);
        }
    }

    fn lost(&mut self, plan: &Plan, now: u64) {
        let config = &plan.config;
        let backoff = &config.backoff;
        self.failures += 1;
        let polls = config.interval > 0;
        self.earliest = Some(
            if !config.reconnects || !polls && backoff.exhausted(self.failures) {
                u64::MAX
            } else {
                let ceiling = backoff.ceiling(self.failures - 1);
                now + ceiling - ceiling * u64::from(backoff.jitter) / 1000
            },
        );
    }

    /// The engine has said all it had to say.
    pub fn settled(&mut self, plan: &Plan, now: u64) {
        if std::mem::take(&mut self.failed_way) {
            self.lost(plan, now);
        }
    }

    /// Somebody did something after which waiting is over.
    pub fn forgive(&mut self) {
        self.failures = 0;
        self.earliest = None;
    }

    /// The client has let the connection go of its own accord.
    pub fn let_go(&mut self) {
        *self = Self::default();
    }
}
