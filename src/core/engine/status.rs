//! The state of the whole connection as one object, told when it changes.

use super::super::error::{Code, Problem};
use super::super::json::Object;
use super::links::State;
use super::{Engine, Phase};

/// What was told last.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Status {
    pub(super) state: &'static str,
    transport: Option<&'static str>,
    attempt: u32,
    next_retry_at: Option<u64>,
    ever_connected: bool,
    error: Option<Problem>,
}

impl Default for Status {
    fn default() -> Self {
        Self {
            state: "idle",
            transport: None,
            attempt: 0,
            next_retry_at: None,
            ever_connected: false,
            error: None,
        }
    }
}

impl Engine {
    /// What the links, taken together, amount to: one that is open counts more than one that waits.
    fn sum_up(&self) -> Status {
        let mut status = Status {
            ever_connected: self.ever_connected,
            ..Status::default()
        };
        match &self.phase {
            Phase::Idle => return status,
            Phase::Suspended => {
                return Status {
                    state: "suspended",
                    ..status
                };
            }
            Phase::Failed(problem) => {
                return Status {
                    state: "failed",
                    error: Some(problem.clone()),
                    ..status
                };
            }
            Phase::Closed => {
                return Status {
                    state: "closed",
                    ..status
                };
            }
            Phase::Active => {}
        }
        let (mut open, mut trying, mut waiting, mut down) = (false, false, false, 0);
        let mut next = None;
        let mut error = None;
        for (_, link) in self.links.iter() {
            status.attempt = status.attempt.max(link.failures);
            match link.state {
                State::Open => open = true,
                State::Token | State::Connecting => trying = true,
                State::Waiting => {
                    waiting = true;
                    next = next.into_iter().chain(link.deadline.get()).min();
                }
                State::Down => down += 1,
            }
            error = error.or(link.error);
        }
        let exhausted = self
            .config
            .reconnect
            .as_ref()
            .is_none_or(|backoff| backoff.exhausted(status.attempt));
        let reads = self.config.polling.is_some() && self.reads.reachable != Some(false);
        if open {
            status.state = "open";
            status.transport = Some("websocket");
            status.attempt = 0;
            return status;
        }
        status.error = error.map(|code| self.explain(code));
        status.next_retry_at = if trying {
            None
        } else {
            next.map(|at| self.wall() + at.since(self.now))
        };
        let followed = !self.waiting.is_empty();
        if (status.attempt > 0 && exhausted || self.links.len() == 0 && followed) && reads {
            status.state = "polling";
            status.transport = Some("polling");
        } else if trying {
            status.state = "connecting";
        } else if waiting {
            status.state = "waiting";
        } else if down > 0 {
            status.state = "failed";
        }
        status
    }

    /// A failure in words, with what the last HTTP read tells about it.
    fn explain(&self, code: Code) -> Problem {
        let reachable = self.reads.reachable;
        match code {
            Code::Handshake if reachable == Some(true) => Problem::new(
                Code::Handshake,
                true,
                "The server answers HTTP, but the WebSocket was not opened.",
                "Check that the `path` exists on the server and that no proxy blocks WebSockets.",
            ),
            Code::Handshake | Code::Network if reachable == Some(false) => Problem::new(
                Code::Network,
                true,
                "The server cannot be reached, neither by WebSocket nor by HTTP.",
                "Check the network, the `url` and that the server runs; the client keeps trying.",
            ),
            Code::Handshake => Problem::new(
                Code::Network,
                true,
                "The WebSocket was not opened.",
                "Check the network, the `url` and the `path`; the client keeps trying.",
            ),
            Code::Timeout => Problem::new(
                Code::Timeout,
                true,
                "The server fell silent.",
                "Check that the server sends heartbeats as often as `heartbeat.interval` says; the client keeps trying.",
            ),
            Code::RateLimited => Problem::new(
                Code::RateLimited,
                true,
                "The server asked the client to come back later.",
                "Wait; lower `pool.maxSockets` if it happens often.",
            ),
            Code::Auth => Problem::new(
                Code::Auth,
                true,
                "The token was refused or could not be had.",
                "Check what `token` returns; the client asks again.",
            ),
            other => Problem::new(
                other,
                true,
                "The connection was lost.",
                "The client keeps trying.",
            ),
        }
    }

    /// Tells the status when it differs from what was told, and answers those who wait for a connection.
    pub(super) fn tell_status(&mut self) {
        if std::mem::take(&mut self.status_dirty) {
            self.tell_status_now();
        }
    }

    pub(super) fn tell_status_now(&mut self) {
        let status = self.sum_up();
        let nothing_to_open = self.links.len() == 0 && self.waiting.is_empty();
        let answer = match (&self.phase, status.state) {
            (Phase::Failed(problem), _) => Some(Err(problem.clone())),
            (Phase::Closed, _) => Some(Err(Problem::closed())),
            (_, "open" | "polling") => Some(Ok(())),
            (_, "failed") => Some(Err(status
                .error
                .clone()
                .unwrap_or_else(|| self.explain(Code::Network)))),
            (Phase::Idle, _) => Some(Err(Problem::new(
                Code::Closed,
                true,
                "disconnect() was called.",
                "Call connect() again.",
            ))),
            _ if nothing_to_open => Some(Ok(())),
            _ => None,
        };
        if let Some(answer) = answer
            && !self.connecting.is_empty()
        {
            for rid in std::mem::take(&mut self.connecting) {
                match &answer {
                    Ok(()) => self.outbox.reply(rid, "null"),
                    Err(problem) => self.outbox.reply_error(rid, problem),
                }
            }
            // Whoever only wanted to be connected holds the shared socket no longer.
            self.want_shared();
        }
        if status == self.status {
            return;
        }
        self.status = status;
        let (status, heard) = (
            &self.status,
            self.last_message
                .map(|at| self.wall().saturating_sub(self.now.since(at))),
        );
        self.outbox.status(|out| status.write(heard, out));
    }
}

impl Status {
    fn write(&self, last_message_at: Option<u64>, out: &mut String) {
        let mut object = Object::new(out);
        object.string("state", self.state);
        if let Some(transport) = self.transport {
            object.string("transport", transport);
        }
        object
            .integer("attempt", u64::from(self.attempt))
            .bool("everConnected", self.ever_connected);
        for (name, at) in [
            ("nextRetryAt", self.next_retry_at),
            ("lastMessageAt", last_message_at),
        ] {
            if let Some(at) = at {
                object.integer(name, at);
            }
        }
        if let Some(problem) = &self.error {
            let mut json = String::new();
            problem.write(&mut json);
            object.raw("error", &json);
        }
        object.end();
    }
}
