//! The network: connections that open, break, fall silent and end.

use super::driver::{Bound, server_of};
use super::trouble::SLOW;
use super::{Event, World};
use crate::link::Connection;
use jobwire::core::Gen;

impl World<'_> {
    pub(super) fn is_out(&self, server: usize) -> bool {
        self.trouble.outage[server] > self.now
    }

    pub(super) fn latency(&mut self) -> u64 {
        let spike = if self.trouble.slow > self.now {
            self.dice.between(0, SLOW)
        } else {
            0
        };
        self.plan.latency + spike
    }

    pub(super) fn open(&mut self, r#gen: Gen, url: &str, auth: Option<u32>) {
        self.figures.sockets += 1;
        let server = server_of(url);
        let job = self.truth.jobs.iter().position(|job| {
            url.split_once("/jobs/")
                .is_some_and(|(_, rest)| rest.strip_suffix("/stream") == Some(job.encoded))
        });
        let conn = self.connections.len();
        let mut connection =
            Connection::new(r#gen, server, job, job.is_some() || !self.plan.per_job());
        connection.hanging = self.is_out(server) && self.trouble.hang > self.now;
        let hanging = connection.hanging;
        self.connections.push(connection);
        self.by_gen.insert(r#gen.id(), conn);
        if !hanging {
            let latency = self.latency();
            let at = self.connections[conn].arrival_at_server(self.now, latency, &mut self.dice);
            self.at(at, Event::Handshake(conn, auth));
        }
    }

    pub(super) fn forget(&mut self, r#gen: Gen) {
        let Some(conn) = self.by_gen.get(&r#gen.id()).copied() else {
            return;
        };
        self.connections[conn].forgotten = true;
        let latency = self.latency();
        let at = self.connections[conn].arrival_at_server(self.now, latency, &mut self.dice);
        self.at(at, Event::Goodbye(conn));
    }

    /// The server hears that the client lets a connection go; its answer ends the closing handshake.
    pub(super) fn goodbye(&mut self, conn: usize) {
        let connection = &mut self.connections[conn];
        let ended = std::mem::replace(&mut connection.ended, true);
        if !ended && !connection.silent {
            self.tell_client(conn, Bound::Closed(1000, String::new()));
        }
    }

    pub(super) fn tell_client(&mut self, conn: usize, what: Bound) {
        let latency = self.latency();
        let at = self.connections[conn].arrival(self.now, latency, &mut self.dice);
        self.at(at, Event::ToClient(conn, what));
    }

    /// The server ends a connection; what it said before still arrives.
    pub(super) fn end(&mut self, conn: usize, code: u16, reason: &str) {
        if std::mem::replace(&mut self.connections[conn].ended, true) {
            return;
        }
        self.flush_held(conn);
        if self.connections[conn].silent {
            return;
        }
        self.tell_client(conn, Bound::Closed(code, reason.into()));
    }

    /// The connection breaks: what a silent or hanging one waits for in the end.
    pub(super) fn reset(&mut self, conn: usize) {
        let connection = &mut self.connections[conn];
        if connection.forgotten {
            return;
        }
        if connection.silent || connection.hanging || !connection.ended {
            connection.ended = true;
            connection.hanging = false;
            connection.silent = true;
            self.tell_client(conn, Bound::Closed(1006, String::new()));
        }
    }

    pub(super) fn is_served(&self, conn: usize) -> bool {
        let connection = &self.connections[conn];
        connection.accepted && !connection.ended
    }

    pub(super) fn some_connection(&mut self) -> Option<usize> {
        let served: Vec<usize> = (0..self.connections.len())
            .filter(|conn| self.is_served(*conn))
            .collect();
        if served.is_empty() {
            None
        } else {
            Some(self.dice.pick(&served))
        }
    }

    pub(super) fn cut(&mut self, server: usize, quiet: bool, reset_at: u64, code: u16) {
        for conn in 0..self.connections.len() {
            if self.connections[conn].server != server || !self.is_served(conn) {
                continue;
            }
            if quiet {
                self.connections[conn].silent = true;
                self.connections[conn].ended = true;
                self.at(reset_at, Event::Reset(conn));
            } else {
                self.end(conn, code, "");
            }
        }
    }
}
