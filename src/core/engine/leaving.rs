//! Sessions of HTTP polling that the client has left (SOCKETIO.md, Engine.IO 4). The server is told to close each of them,
//! whatever was under way when the client left: else it would keep a session, and whom it takes for joined, until its
//! own heartbeat fails.

use crate::core::engine::Engine;
use crate::core::io::input::HttpOutcome;
use crate::core::io::output::Output;
use crate::core::protocol::socketio::engineio::{Handshake, Packet, Payload};
use crate::core::time::Time;

/// How long a request of a session that was left may still take, ms.
const LIMIT: u64 = 10_000;

/// Requests of sessions that were left at once. Of more the oldest is given up: a browser has at most six under way to
/// one host, so the server has not seen it.
const MOST: usize = 32;

/// What is to be done when a request of a session that was left has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// It was the handshake: the session that its answer names is closed.
    CloseNamed,
    /// It was a POST: the session is closed behind it, since a slow server might see to that first.
    Close,
    /// Nothing. A GET is answered by the server when it closes the session; were it broken off, the session would end
    /// before what was said last.
    Nothing,
}

#[derive(Debug)]
struct Request {
    req: u32,
    /// Where the session is closed; for a handshake what comes before its id.
    url: String,
    /// The request whose token the session has in its addresses; 0: none.
    auth: u32,
    until: Time,
    then: Then,
}

/// The requests under way of sessions that were left.
#[derive(Debug, Default)]
pub(super) struct Leaving {
    requests: Vec<Request>,
}

impl Engine {
    /// Whether a server is still to be told that the client has left.
    pub(super) fn is_leaving(&self) -> bool {
        self.config.is_socketio() && !self.leaving.requests.is_empty()
    }

    /// The handshake is under way, and nobody wants its session any more.
    pub(super) fn leave_handshake(&mut self, req: u32) {
        self.let_end(req, Then::CloseNamed);
    }

    /// A POST is under way, and the session is to be closed when it has ended.
    pub(super) fn leave_after(&mut self, req: u32) {
        self.let_end(req, Then::Close);
    }

    /// A request of the session that is left ends by itself.
    pub(super) fn let_end_alone(&mut self, req: u32) {
        self.let_end(req, Then::Nothing);
    }

    fn let_end(&mut self, req: u32, then: Then) {
        let url = self.session_url("http", "polling");
        let auth = self.session_auth();
        self.track(req, url, auth, then);
    }

    fn track(&mut self, req: u32, url: String, auth: u32, then: Then) {
        if self.leaving.requests.len() >= MOST {
            let oldest = self.leaving.requests.remove(0);
            self.outputs.push(Output::Abort { req: oldest.req });
        }
        let until = self.now.after(LIMIT);
        self.leaving.requests.push(Request {
            req,
            url,
            auth,
            until,
            then,
        });
    }

    /// Has the server close the session that the client has now, or had just now.
    pub(super) fn close_session(&mut self) {
        let url = self.session_url("http", "polling");
        let auth = self.session_auth();
        self.close_session_at(url, auth);
    }

    fn close_session_at(&mut self, url: String, auth: u32) {
        let req = self.request_at(url.clone(), Some("1".into()), Vec::new(), auth);
        self.track(req, url, auth, Then::Nothing);
    }

    /// A request ended; whether it was one of a session that was left.
    pub(super) fn left_ended(&mut self, req: u32, outcome: &HttpOutcome) -> bool {
        let requests = &mut self.leaving.requests;
        let Some(at) = requests.iter().position(|request| request.req == req) else {
            return false;
        };
        let Request {
            mut url,
            auth,
            then,
            ..
        } = requests.remove(at);
        if then == Then::CloseNamed {
            let Some(Ok(Packet::Open(json))) = Payload::new(&outcome.body).next() else {
                return true;
            };
            let Ok(handshake) = Handshake::read(json) else {
                return true;
            };
            url.push_str("&sid=");
            url.push_str(&handshake.sid.get());
        }
        if then != Then::Nothing {
            self.close_session_at(url, auth);
        }
        true
    }

    /// The page may go at any moment, and with it what was to be done after a POST: the server is told now.
    pub(super) fn close_left_now(&mut self) {
        if !self.config.is_socketio() {
            return;
        }
        let mut closing = Vec::new();
        for request in &mut self.leaving.requests {
            if request.then == Then::Close {
                request.then = Then::Nothing;
                closing.push((request.url.clone(), request.auth));
            }
        }
        for (url, auth) in closing {
            self.close_session_at(url, auth);
        }
    }

    /// Gives up requests that take too long; says when to look again.
    pub(super) fn pump_leaving(&mut self) -> Time {
        let now = self.now;
        let mut next = Time::NEVER;
        let outputs = &mut self.outputs;
        self.leaving.requests.retain(|request| {
            let is_late = request.until <= now;
            if is_late {
                outputs.push(Output::Abort { req: request.req });
            } else {
                next = next.min(request.until);
            }
            !is_late
        });
        next
    }
}
