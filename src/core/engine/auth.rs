//! Tokens: asked for before every connection, once more when the server refuses one, then no more. The core knows a
//! token only by the number of the request that brought it.

use super::super::error::{Code, Problem};
use super::super::output::{Output, TokenReason};
use super::super::timers::Owner;
use super::Engine;
use super::links::State;

/// How long the page may take to give a token, ms.
const TIMEOUT: u64 = 30_000;

/// Where the client stands with its token.
#[derive(Debug, Default)]
pub(super) struct Auth {
    /// Requests made so far.
    count: u64,
    /// The request that is not answered yet.
    asking: Option<u64>,
    /// The request that brought the present token.
    current: Option<u64>,
    /// The present token came from a refresh and has not worked yet.
    refreshed: bool,
}

/// What to do after the server refused a token.
pub(super) enum Verdict {
    /// There is a newer one: use it.
    Again,
    /// One is being asked for.
    Wait,
    /// It is over.
    Final,
}

impl Auth {
    pub(super) fn current(&self) -> Option<u64> {
        self.current
    }

    /// Whether there is a token that is worth a try: not while the server's refusal of it is being made good.
    pub(super) fn usable(&self) -> bool {
        self.current.is_some() && !(self.asking.is_some() && self.refreshed)
    }

    /// The token worked.
    pub(super) fn proven(&mut self) {
        self.refreshed = false;
    }

    pub(super) fn forget(&mut self) {
        self.refreshed = false;
    }

    /// What is still asked for is not wanted any more.
    pub(super) fn stop_asking(&mut self) {
        self.asking = None;
    }
}

impl Engine {
    /// Asks for a token, unless one is being asked for already.
    pub(super) fn ask_token(&mut self, reason: TokenReason) {
        if self.auth.asking.is_some() {
            return;
        }
        self.auth.count += 1;
        self.auth.asking = Some(self.auth.count);
        self.auth.refreshed |= reason == TokenReason::Refresh;
        self.outputs.push(Output::NeedToken {
            req: self.auth.count,
            reason,
        });
        self.timers
            .remind(self.now.after(TIMEOUT), Owner::Token(self.auth.count));
    }

    /// The page takes too long to give a token.
    pub(super) fn token_overdue(&mut self, req: u64) {
        if self.auth.asking == Some(req) {
            self.token_answered(
                req,
                Some("The `token` function did not settle in time.".into()),
            );
        }
    }

    /// The page answered: those who waited go on.
    pub(super) fn token_answered(&mut self, req: u64, error: Option<String>) {
        if self.auth.asking != Some(req) {
            self.counters.stale += 1;
            return;
        }
        self.auth.asking = None;
        let failed = error.is_some();
        if let Some(message) = error {
            self.outbox
                .log(self.now, self.wall(), "warn", "auth", &message, None);
        } else {
            self.auth.current = Some(req);
        }
        let waiting: Vec<u32> = self
            .links
            .iter()
            .filter(|(_, link)| link.state == State::Token)
            .map(|(index, _)| index)
            .collect();
        for index in waiting {
            if failed {
                self.link_failed(index, Code::Auth)
            } else {
                self.open_link(index, Some(req))
            }
        }
        if failed {
            self.fail_blocked_reads();
        }
    }

    /// The server refused the token that request `used` brought.
    pub(super) fn token_refused(&mut self, used: Option<u64>) -> Verdict {
        if !self.config.token {
            return Verdict::Final;
        }
        if self.auth.asking.is_some() {
            return Verdict::Wait;
        }
        if self.auth.current.is_some() && used != self.auth.current {
            return Verdict::Again;
        }
        if self.auth.refreshed {
            return Verdict::Final;
        }
        self.ask_token(TokenReason::Refresh);
        Verdict::Wait
    }

    pub(super) fn auth_problem(&self) -> Problem {
        if self.config.token {
            Problem::new(
                Code::Auth,
                false,
                "The server refused the token, and the refreshed one too.",
                "Check what `token` returns for the reason \"refresh\", sign in again, then call connect().",
            )
        } else {
            Problem::new(
                Code::Auth,
                false,
                "The server wants authentication and no `token` was given.",
                "Give the client a `token` option, or send cookies from the same origin, then call connect().",
            )
        }
    }
}
