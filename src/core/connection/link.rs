//! One socket, or the intention of one: its state, and when its next step comes.

use crate::core::io::error::Loss;
use crate::core::io::input::Gen;
use crate::core::protocol::STREAM;
use crate::core::time::backoff::Backoff;
use crate::core::time::rng::Rng;
use crate::core::time::timers::Deadline;
use crate::core::time::{Now, Time};

/// A link's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Waits for a token.
    Token,
    /// Handshake under way.
    Connecting,
    /// Open.
    Open,
    /// Waits for its back-off to end.
    Waiting,
    /// Given up until something wakes it.
    Down,
}

/// One socket, or the intention of one. With one socket a job, a link's place is its job's; else there is one link.
#[derive(Debug)]
pub(crate) struct Link {
    /// Somebody wants it. One that was let go while it was failing keeps its place in the back-off, for whoever wants
    /// it again.
    pub(crate) on: bool,
    pub(crate) state: State,
    /// The silence deadline passed, late; queued frames are waited for.
    pub(crate) grace: bool,
    pub(crate) error: Option<Loss>,
    /// The present socket's; meaningless while there is none.
    pub(crate) r#gen: Gen,
    /// Failures in a row.
    pub(crate) failures: u32,
    /// The request whose token it was opened with.
    pub(crate) auth: u32,
    pub(crate) server: usize,
    pub(crate) opened_at: Time,
    pub(crate) last_message: Time,
    /// When its next step comes: the end of a handshake, of silence, or of a back-off.
    pub(crate) deadline: Deadline,
    /// News came over it.
    pub(crate) served: bool,
    /// When news was lost, epoch ms; 0: not at all.
    pub(crate) lost_at: u64,
}

impl Default for Link {
    fn default() -> Self {
        Self {
            on: false,
            state: State::Waiting,
            grace: false,
            error: None,
            r#gen: Gen::NONE,
            failures: 0,
            auth: 0,
            server: 0,
            opened_at: Time(0),
            last_message: Time(0),
            deadline: Deadline::default(),
            served: false,
            lost_at: 0,
        }
    }
}

impl Link {
    /// Somebody wants it from here on.
    pub(crate) fn begin(&mut self, now: Time) {
        self.on = true;
        if self.failures == 0 {
            self.last_message = now;
        }
    }

    /// Messages may come and go from here on.
    pub(crate) fn open(&mut self, now: Time) {
        self.state = State::Open;
        self.opened_at = now;
        self.last_message = now;
        self.grace = false;
        self.error = None;
    }

    /// Its socket is lost, or never opened. `silent`: what was lost began with the last message.
    pub(crate) fn lose(&mut self, silent: bool, min_uptime: u64, now: Now) -> Lost {
        let mut lost = Lost {
            was: self.state,
            from: None,
            uptime: 0,
            soon: false,
        };
        self.state = State::Waiting;
        if lost.was != State::Open {
            return lost;
        }
        let silence = if silent {
            now.monotonic.since(self.last_message)
        } else {
            0
        };
        if std::mem::take(&mut self.served) {
            self.lost_at = now.wall.saturating_sub(silence);
            lost.from = Some(self.lost_at);
        }
        lost.uptime = now.monotonic.since(self.opened_at);
        if lost.uptime >= min_uptime {
            self.failures = 0;
        }
        lost.soon = self.failures > 0;
        lost
    }

    /// When it tries again, if it does. `polls`: reads serve meanwhile, so that attempts have no end.
    pub(crate) fn back_off(
        &mut self,
        backoff: &Backoff,
        polls: bool,
        rng: &mut Rng,
    ) -> Option<u64> {
        if !polls && backoff.exhausted(self.failures) {
            return None;
        }
        self.state = State::Waiting;
        let mut delay = backoff.delay(self.failures.saturating_sub(1), rng);
        if self.error == Some(Loss::RateLimited) {
            // The server told the link to come back later: the longest back-off at least halved by chance.
            let half = backoff.max_delay / 2;
            delay = delay.max(half + rng.up_to(half));
        }
        Some(delay)
    }

    /// Whether there is a socket.
    pub(crate) fn is_live(&self) -> bool {
        matches!(self.state, State::Connecting | State::Open)
    }
}

/// What the loss of a socket means.
#[derive(Debug)]
pub(crate) struct Lost {
    /// The state before.
    pub(crate) was: State,
    /// Since when messages may have been missed, epoch ms, where any came before.
    pub(crate) from: Option<u64>,
    /// How long it was open, ms.
    pub(crate) uptime: u64,
    /// It did not last.
    pub(crate) soon: bool,
}

/// What a close code tells, if it is more than that there is no connection (RFC 6455, 7.4.1; 4xxx as the systems use
/// them, like HTTP's status).
pub(crate) fn told_by(code: u16) -> Option<Loss> {
    match code {
        4404 if STREAM => Some(Loss::NoSuchJob),
        // These in the HTTP-like band are not about who asks.
        4404 | 4408 => None,
        1013 | 4429 => Some(Loss::RateLimited),
        1008 | 4400..=4499 => Some(Loss::Auth),
        _ => None,
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn close_codes_tell_why() {
        for (code, expected) in [
            (1000, None),
            (1001, None),
            (1006, None),
            (1011, None),
            (1008, Some(Loss::Auth)),
            (1013, Some(Loss::RateLimited)),
            (4401, Some(Loss::Auth)),
            (4403, Some(Loss::Auth)),
            (4404, Some(Loss::NoSuchJob)),
            (4429, Some(Loss::RateLimited)),
            (4000, None),
            (4500, None),
        ] {
            assert_eq!(told_by(code), expected, "{code}");
        }
    }
}
