//! Tokens: asked for before every connection, once more when the server refuses one, then no more. The core knows a
//! token only by the number of the request that brought it.

use crate::core::context::Context;
use crate::core::io::output::{Output, TokenReason};
use crate::core::time::timers::Owner;

/// How long the page may take to give a token, ms.
const TIMEOUT: u64 = 30_000;

/// Where the client stands with its token.
#[derive(Debug, Default)]
pub(crate) struct Auth {
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
pub(crate) enum Verdict {
    /// There is a newer one: use it.
    Again,
    /// One is being asked for, or is to be.
    Wait,
    /// It is over.
    Final,
}

impl Auth {
    pub(crate) fn current(&self) -> u32 {
        self.current
    }

    /// Whether there is a token that is worth a try: none that was refused.
    pub(crate) fn usable(&self) -> bool {
        self.current > self.refused
    }

    /// The token that request `used` brought has worked.
    pub(crate) fn proven(&mut self, used: u32) {
        if used >= self.refreshed {
            self.refreshed = 0;
        }
    }

    /// `connect()` was called: what begins from here on takes a token that comes from here on.
    pub(crate) fn renew(&mut self) {
        self.current = 0;
        self.refreshed = 0;
    }

    /// What is still asked for is not wanted any more.
    pub(crate) fn stop_asking(&mut self) {
        self.asking = 0;
    }

    /// Asks for a token, unless one is being asked for already.
    pub(crate) fn ask(&mut self, reason: TokenReason, context: &mut Context<'_>) {
        if self.asking > 0 {
            return;
        }
        self.count += 1;
        let req = self.count;
        self.asking = req;
        if reason == TokenReason::Refresh {
            self.refreshed = req;
        }
        context.outputs.push(Output::NeedToken { req, reason });
        let until = context.now.after(TIMEOUT);
        context.timers.remind(until, Owner::Token(req));
    }

    /// Whether this request has not been answered yet.
    pub(crate) fn is_asking(&self, req: u32) -> bool {
        self.asking == req
    }

    /// A request was answered; whether that is still wanted.
    pub(crate) fn answered(&mut self, req: u32, is_given: bool) -> bool {
        if self.asking != req {
            return false;
        }
        self.asking = 0;
        if is_given {
            self.current = req;
        }
        true
    }

    /// The server refused the token that request `used` brought. `works`: the newest request whose token works; 0: none.
    pub(crate) fn refused(&mut self, used: u32, works: u32) -> Verdict {
        self.refused = self.refused.max(used);
        if self.asking > 0 {
            return Verdict::Wait;
        }
        if self.usable() {
            return Verdict::Again;
        }
        self.proven(works);
        // A request that was under way with the old token says nothing about the new one.
        if self.refreshed > 0 && used >= self.refreshed {
            return Verdict::Final;
        }
        Verdict::Wait
    }

    /// Tokens are not used any more: the driver is to forget them.
    pub(crate) fn forget(&mut self) {
        self.forgotten = Some(self.count);
    }

    /// Up to which request the driver is to forget tokens, if it is to; asked once.
    pub(crate) fn take_forgotten(&mut self) -> Option<u32> {
        self.forgotten.take()
    }
}
