//! Tokens: asked for before every connection, once more when the server refuses one, then no more. The core knows a
//! token only by the number of the request that brought it.
//!
//! After `disconnect()` the next token may be another user's. So no read and no socket begins with a token that is older
//! than the last `connect()`, and no read asks whether what the user before was shown is still true.

use crate::core::connection::link::State;
use crate::core::engine::Engine;
use crate::core::engine::inspect::Count;
use crate::core::io::config::TokenIn;
use crate::core::io::error::{Log, Loss, Problem};
use crate::core::io::output::{Output, TokenReason};
use crate::core::time::timers::Owner;

/// How long the page may take to give a token, ms.
const TIMEOUT: u64 = 30_000;

/// How long a socket must last at least to show that its token is good, ms: servers may accept, then refuse.
const PROOF: u64 = 1000;

/// Where the client stands with its token.
#[derive(Debug, Default)]
pub(super) struct Auth {
    /// Requests made so far.
    count: u32,
    /// The request that is not answered yet; here as in what follows 0 stands for none.
    asking: u32,
    /// The request that brought the present token.
    current: u32,
    /// The request that asked for a token in the place of a refused one, while nothing shows that it works.
    refreshed: u32,
    /// The newest request whose token the server refused.
    refused: u32,
    /// Tokens up to this request are to be forgotten by the driver as soon as nothing uses them.
    forgotten: Option<u32>,
}

/// What to do after the server refused a token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// There is a newer one: use it.
    Again,
    /// One is being asked for.
    Wait,
    /// It is over.
    Final,
}

impl Auth {
    pub(super) fn current(&self) -> u32 {
        self.current
    }

    /// Whether there is a token that is worth a try: none that was refused.
    pub(super) fn usable(&self) -> bool {
        self.current > self.refused
    }

    /// The token that request `used` brought has worked.
    pub(super) fn proven(&mut self, used: u32) {
        if used >= self.refreshed {
            self.refreshed = 0;
        }
    }

    /// `connect()` was called: what begins from here on takes a token that comes from here on.
    fn renew(&mut self) {
        self.current = 0;
        self.refreshed = 0;
    }

    /// What is still asked for is not wanted any more.
    pub(super) fn stop_asking(&mut self) {
        self.asking = 0;
    }
}

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
            self.auth.forgotten = Some(self.auth.count);
        }
    }

    /// Has the driver forget tokens, once no session that was left needs one to be closed.
    pub(super) fn hand_over_forgotten(&mut self) {
        if !self.is_leaving()
            && let Some(until) = self.auth.forgotten.take()
        {
            self.outputs.push(Output::ForgetTokens { until });
        }
    }

    /// Asks for a token, unless one is being asked for already.
    pub(super) fn ask_token(&mut self, reason: TokenReason) {
        if self.auth.asking > 0 {
            return;
        }
        self.auth.count += 1;
        self.auth.asking = self.auth.count;
        if reason == TokenReason::Refresh {
            self.auth.refreshed = self.auth.asking;
        }
        self.outputs.push(Output::NeedToken {
            req: self.auth.count,
            reason,
        });
        self.timers
            .remind(self.now.after(TIMEOUT), Owner::Token(self.auth.count));
    }

    /// The page takes too long to give a token.
    pub(super) fn token_overdue(&mut self, req: u32) {
        if self.auth.asking == req {
            self.token_answered(
                req,
                Some("The `token` function did not settle in time.".into()),
            );
        }
    }

    /// The page answered: those who waited go on.
    pub(super) fn token_answered(&mut self, req: u32, error: Option<String>) {
        if self.auth.asking != req {
            self.count(Count::Stale);
            return;
        }
        self.auth.asking = 0;
        let failed = error.is_some();
        if let Some(message) = error {
            self.log(Log::Token, &message, None);
        } else {
            self.auth.current = req;
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
        self.auth.refused = self.auth.refused.max(used);
        if self.auth.asking > 0 {
            return Verdict::Wait;
        }
        if self.auth.usable() {
            return Verdict::Again;
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
        self.auth.proven(works);
        // A request that was under way with the old token says nothing about the new one.
        if self.auth.refreshed > 0 && used >= self.auth.refreshed {
            return Verdict::Final;
        }
        self.ask_token(TokenReason::Refresh);
        Verdict::Wait
    }

    pub(super) fn auth_problem(&self) -> Problem {
        if self.config.token {
            Problem::TokenRefused
        } else {
            Problem::TokenMissing
        }
    }
}
