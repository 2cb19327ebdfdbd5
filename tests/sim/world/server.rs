//! The servers: whom they let in, what they answer, how their jobs go on.

use super::driver::Frame;
use super::{Event, World};
use crate::plan::Refusal;
use crate::simulator::{Bound, Driver, Travel};
use jobwire::core::HttpOutcome;

/// The longest `Retry-After` of the servers here, ms.
pub(super) const LONGEST_WAIT: u64 = 15_000;

impl World {
    fn token_is_good(&self, auth: Option<u32>) -> bool {
        !self.plan.config.token || self.tokens.is_good(auth, self.clock.now)
    }

    pub(super) fn handshake(&mut self, conn: usize, auth: Option<u32>) {
        let link = &self.connections[conn].link;
        let server = link.host;
        if link.forgotten || link.silent {
            return;
        }
        if self.network.is_out(server, self.clock.now) || self.trouble.sockets > self.clock.now {
            return self.end(conn, 1006, "");
        }
        let good = self.token_is_good(auth);
        if !good && self.plan.refusal == Refusal::Handshake {
            return self.end(conn, 1006, "");
        }
        self.tell_client(conn, Bound::Opened);
        if !good {
            let Refusal::Close(code) = self.plan.refusal else {
                return;
            };
            return self.end(conn, code, "token refused");
        }
        if self.trouble.wait > self.clock.now {
            let code = self.dice.pick(&[1013, 4429]);
            return self.end(conn, code, "try again later");
        }
        if !self.connections[conn].known {
            return self.end(conn, 4404, "no such job");
        }
        self.connections[conn].link.accepted = true;
        self.connections[conn].token_until = self.tokens.until(auth);
        match self.connections[conn].job {
            // A job that has ended is told again; otherwise nothing is said of the past.
            Some(job) if self.truth.is_over(job) => {
                if let Some((text, said)) = self.truth.message(job) {
                    self.say(conn, text, vec![said.number]);
                }
                self.end(conn, 1000, "done");
            }
            _ => {
                let wait = self.plan.heartbeat;
                self.later(wait, Event::Beat(conn));
            }
        }
    }

    pub(super) fn beat(&mut self, conn: usize) {
        if !self.is_served(conn) {
            return;
        }
        if self.plan.strict_tokens
            && self.connections[conn]
                .token_until
                .is_some_and(|until| until <= self.clock.now)
        {
            let code = if let Refusal::Close(code) = self.plan.refusal {
                code
            } else {
                1000
            };
            return self.end(conn, code, "token has run out");
        }
        self.tell(
            conn,
            Frame::Text(
                "{\"type\":\"heartbeat\",\"timestamp\":\"now\"}".into(),
                Vec::new(),
            ),
        );
        let wait = self.plan.heartbeat;
        self.later(wait, Event::Beat(conn));
    }

    /// Tells everybody who is connected now.
    fn publish(&mut self, job: usize) {
        let serving: Vec<usize> = (0..self.connections.len())
            .filter(|conn| {
                self.is_served(*conn) && self.connections[*conn].job.is_none_or(|own| own == job)
            })
            .collect();
        for conn in serving {
            let Some((text, said)) = self.truth.message(job) else {
                return;
            };
            self.say(conn, text, vec![said.number]);
            if self.truth.is_over(job) && self.connections[conn].job.is_some() {
                self.end(conn, 1000, "done");
            }
        }
    }

    pub(super) fn step(&mut self, job: usize) {
        if self.truth.is_over(job) {
            return;
        }
        if self.holding {
            return self.later(1000, Event::Step(job));
        }
        self.truth.step(job, self.clock.now, &mut self.dice);
        self.publish(job);
        let pace = if self.finishing {
            self.truth.jobs[job].pace.min(500)
        } else {
            self.truth.jobs[job].pace
        };
        let wait = self.dice.between(pace / 2, pace);
        self.later(wait, Event::Step(job));
    }

    pub(super) fn begin_attempt(&mut self, job: usize) -> bool {
        for conn in 0..self.connections.len() {
            self.release(conn);
        }
        let begun = self.truth.retry(job);
        if begun {
            let wait = self.truth.jobs[job].pace;
            self.later(wait, Event::Step(job));
        }
        begun
    }

    pub(super) fn retry_arrives(&mut self, job: usize, tell: bool) {
        if self.begin_attempt(job) && tell {
            let latency = self.latency();
            self.later(latency, Event::RetryAnswered(job));
        }
    }

    pub(super) fn http_arrives(&mut self, req: u32) {
        let Some(flight) = self.flights.get(&req) else {
            return;
        };
        let (job, server, etag) = (flight.job, flight.server, flight.etag.clone());
        let good = self.token_is_good(flight.auth);
        let answer = |status, retry_after, etag, body: String| HttpOutcome {
            status,
            etag,
            retry_after,
            body,
            refused: None,
        };
        let outcome = if self.network.is_out(server, self.clock.now) {
            HttpOutcome::default()
        } else if self.trouble.errors > self.clock.now {
            let wait = self.dice.between(1, LONGEST_WAIT);
            match self.trouble.error_kind {
                0 => answer(500, None, None, "oops".into()),
                1 => answer(503, Some(wait), None, String::new()),
                2 => answer(429, Some(wait), None, String::new()),
                3 => answer(200, None, None, "<html>Welcome to the hotel</html>".into()),
                4 => answer(
                    200,
                    None,
                    None,
                    "{\"job_id\":\"ghost\",\"status\":\"completed\"}".into(),
                ),
                _ => answer(403, None, None, String::new()),
            }
        } else if !good {
            answer(401, None, None, String::new())
        } else if etag == Some(self.truth.etag(job)) {
            answer(304, None, None, String::new())
        } else {
            answer(
                200,
                None,
                Some(self.truth.etag(job)),
                self.truth.snapshot(job),
            )
        };
        let takes = self.travel();
        self.later(takes, Event::HttpAnswer(req, outcome));
    }
}
