//! What tokens mean for connections and reads: which wait for one, and what a refused one ends.
//!
//! After `disconnect()` the next token may be another user's. So no read and no socket begins with a token that is older
//! than the last `connect()`, and no read asks whether what the user before was shown is still true.

use crate::core::connection::auth::Verdict;
use crate::core::connection::link::State;
use crate::core::context::Context;
use crate::core::engine::Engine;
use crate::core::engine::inspect::Count;
use crate::core::io::config::TokenIn;
use crate::core::io::error::{Log, Loss, Problem};
use crate::core::io::output::{Output, TokenReason};

/// How long a socket must last at least to show that its token is good, ms: servers may accept, then refuse.
const PROOF: u64 = 1000;

impl Engine {
    /// `connect()` was called, perhaps for another user: neither a token nor an `ETag` from before is used again.
    pub(super) fn renew_tokens(&mut self) {
        self.auth.renew();
        for index in self.jobs.indexes() {
            if let Some(entry) = self.jobs.get_mut(index) {
                entry.etag = None;
            }
        }
    }

    /// Every connection was given up for good: the tokens are forgotten, and with them what the server remembers the
    /// user by.
    pub(super) fn forget_tokens(&mut self) {
        self.renew_tokens();
        self.auth.stop_asking();
        self.forget_sessions();
        if self.config.token {
            self.auth.forget();
        }
    }

    /// Has the driver forget tokens, once no session that was left needs one to be closed.
    pub(super) fn hand_over_forgotten(&mut self) {
        if !self.is_leaving()
            && let Some(until) = self.auth.take_forgotten()
        {
            self.outputs.push(Output::ForgetTokens { until });
        }
    }

    /// Asks for a token, unless one is being asked for already.
    pub(super) fn ask_token(&mut self, reason: TokenReason) {
        let mut context = Context {
            now: self.now,
            timers: &mut self.timers,
            outputs: &mut self.outputs,
        };
        self.auth.ask(reason, &mut context);
    }

    /// The page takes too long to give a token.
    pub(super) fn token_overdue(&mut self, req: u32) {
        if self.auth.is_asking(req) {
            self.token_answered(
                req,
                Some("The `token` function did not settle in time.".into()),
            );
        }
    }

    /// The page answered: those who waited go on.
    pub(super) fn token_answered(&mut self, req: u32, error: Option<String>) {
        let failed = error.is_some();
        if !self.auth.answered(req, !failed) {
            self.count(Count::Stale);
            return;
        }
        if let Some(message) = error {
            self.log(Log::Token, &message, None);
        }
        for place in self.pool.places() {
            if !self
                .pool
                .link(place)
                .is_some_and(|link| link.state == State::Token)
            {
                continue;
            }
            if failed {
                self.link_failed(place, Loss::Auth)
            } else {
                self.open_link(place, req)
            }
        }
        self.token_for_channels(if failed { 0 } else { req });
        if failed {
            self.fail_blocked_reads();
        }
    }

    /// How long a socket must last to show that its token is good, ms.
    pub(super) fn proof(&self) -> u64 {
        self.config.backoff.min_uptime.max(PROOF)
    }

    /// Whether a socket that lasts shows that its token is good: not where only namespaces are told the token.
    pub(super) fn link_has_token(&self) -> bool {
        !self.config.is_socketio() || self.config.token_in != TokenIn::Auth
    }

    /// The server refused the token that request `used` brought.
    pub(super) fn token_refused(&mut self, used: u32) -> Verdict {
        if !self.config.token {
            return Verdict::Final;
        }
        let (now, proof) = (self.now, self.proof());
        let mut works = 0;
        if self.link_has_token() {
            for link in self.pool.iter() {
                if link.state == State::Open && now.since(link.opened_at) >= proof {
                    works = works.max(link.auth);
                }
            }
        }
        if self.config.is_socketio() {
            for channel in self.channels.iter() {
                works = works.max(channel.proves(now, proof));
            }
        }
        let verdict = self.auth.refused(used, works);
        if verdict == Verdict::Wait {
            self.ask_token(TokenReason::Refresh);
        }
        verdict
    }

    pub(super) fn auth_problem(&self) -> Problem {
        if self.config.token {
            Problem::TokenRefused
        } else {
            Problem::TokenMissing
        }
    }
}
