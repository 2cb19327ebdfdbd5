//! The network: connections that open, break, fall silent and end.

use super::{Event, World};
use crate::connection::Connection;
use crate::simulator::{Bound, Driver, Travel, host_of};
use jobwire::core::Gen;

impl World {
    pub(super) fn open(&mut self, r#gen: Gen, url: &str, auth: Option<u32>) {
        self.figures.sockets += 1;
        let server = host_of(url);
        let job = self.truth.jobs.iter().position(|job| {
            url.split_once("/jobs/")
                .is_some_and(|(_, rest)| rest.strip_suffix("/stream") == Some(job.encoded))
        });
        let conn = self.connections.len();
        let mut connection =
            Connection::new(r#gen, server, job, job.is_some() || !self.plan.per_job());
        let hanging = self.network.hangs(server, self.clock.now);
        connection.hanging = hanging;
        self.connections.push(connection);
        self.by_gen.insert(r#gen.id(), conn);
        if !hanging {
            let at = self.arrival_at_server(conn);
            self.at(at, Event::Handshake(conn, auth));
        }
    }

    pub(super) fn forget(&mut self, r#gen: Gen) {
        let Some(conn) = self.by_gen.get(&r#gen.id()).copied() else {
            return;
        };
        self.connections[conn].link.forgotten = true;
        let at = self.arrival_at_server(conn);
        self.at(at, Event::Goodbye(conn));
    }

    /// The server hears that the client lets a connection go; its answer ends the closing handshake.
    pub(super) fn goodbye(&mut self, conn: usize) {
        let connection = &mut self.connections[conn];
        let ended = std::mem::replace(&mut connection.ended, true);
        if !ended && !connection.link.silent {
            self.tell_client(conn, Bound::Closed(1000, String::new()));
        }
    }

    /// The server ends a connection; what it said before still arrives.
    pub(super) fn end(&mut self, conn: usize, code: u16, reason: &str) {
        if std::mem::replace(&mut self.connections[conn].ended, true) {
            return;
        }
        self.flush_held(conn);
        if self.connections[conn].link.silent {
            return;
        }
        self.tell_client(conn, Bound::Closed(code, reason.into()));
    }

    /// The connection breaks: what a silent or hanging one waits for in the end.
    pub(super) fn reset(&mut self, conn: usize) {
        let connection = &mut self.connections[conn];
        if connection.link.forgotten {
            return;
        }
        if connection.link.silent || connection.hanging || !connection.ended {
            connection.ended = true;
            connection.hanging = false;
            connection.link.silent = true;
            self.tell_client(conn, Bound::Closed(1006, String::new()));
        }
    }

    pub(super) fn is_served(&self, conn: usize) -> bool {
        let connection = &self.connections[conn];
        connection.link.accepted && !connection.ended
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
            if self.connections[conn].link.host != server || !self.is_served(conn) {
                continue;
            }
            if quiet {
                self.connections[conn].link.silent = true;
                self.connections[conn].ended = true;
                self.at(reset_at, Event::Reset(conn));
            } else {
                self.end(conn, code, "");
            }
        }
    }
}
