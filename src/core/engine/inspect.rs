//! A look inside: what is connected, followed, queued, counted and remembered. Never a token: there is none in here.

use super::super::audit::AuditRow;
use super::super::history::Entry as HistoryEntry;
use super::super::json::{Object, push_string};
use super::Engine;
use super::links::State;

/// Figures since the client was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Frames taken in.
    pub frames: u64,
    /// Bytes of text frames.
    pub bytes: u64,
    /// Events read from them.
    pub events: u64,
    /// Messages that did not fit.
    pub invalid: u64,
    /// News older than what was known.
    pub late: u64,
    /// News that said what was known.
    pub duplicates: u64,
    /// News about a job that had ended.
    pub after_end: u64,
    /// Things that came from a socket, read or token request that is no longer current.
    pub stale: u64,
    /// Sockets opened.
    pub opened: u64,
    /// Connections that came back.
    pub reconnected: u64,
    /// Handshakes that took too long.
    pub handshake_timeouts: u64,
    /// Sockets replaced because nothing was heard.
    pub silences: u64,
    /// Times the page came back.
    pub wakes: u64,
    /// HTTP reads sent.
    pub reads: u64,
    /// Those that failed.
    pub failed_reads: u64,
    /// Outgoing messages dropped for their age.
    pub expired: u64,
    /// Jobs refused because the table was full.
    pub refused_jobs: u64,
}

/// One socket, or the intention of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The job it is for; absent when it carries all.
    pub job_id: Option<String>,
    /// `token`, `connecting`, `open`, `waiting`, `down`.
    pub state: &'static str,
    /// Failures in a row.
    pub attempt: u32,
    /// Milliseconds since the last message.
    pub silent_for_ms: u64,
}

/// One job that is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The job.
    pub job_id: String,
    /// Handles on it.
    pub followers: u32,
    /// `socket`, `polling` or `none`.
    pub served_by: &'static str,
}

/// What waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queues {
    /// Outgoing messages.
    pub outgoing: usize,
    /// Their bytes.
    pub outgoing_bytes: usize,
    /// Reads under way.
    pub reading: usize,
    /// Reads in line.
    pub reads_in_line: usize,
    /// Jobs in line for a socket.
    pub jobs_in_line: usize,
    /// Events dropped because the page took none.
    pub overflowed: u64,
    /// Reminders of deadlines.
    #[doc(hidden)]
    pub reminders: usize,
}

/// The answer to `inspect()`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// The connection's state.
    pub state: &'static str,
    /// The sockets.
    pub connections: Vec<Connection>,
    /// The followed jobs.
    pub subscriptions: Vec<Subscription>,
    /// Jobs known.
    pub jobs: usize,
    /// What waits.
    pub queues: Queues,
    /// Figures.
    pub counters: Counters,
    /// The last events.
    pub history: Vec<HistoryEntry>,
}

impl Engine {
    /// Each event's figures.
    #[must_use]
    pub fn audit(&self) -> Vec<AuditRow> {
        self.audit.rows()
    }

    /// Everything worth knowing, as plain data.
    #[must_use]
    pub fn inspect(&self) -> Inspection {
        let connections = self.links.iter().map(|(_, link)| Connection {
            job_id: link
                .job
                .and_then(|job| self.jobs.get(job))
                .map(|entry| entry.job.id.clone()),
            state: match link.state {
                State::Token => "token",
                State::Connecting => "connecting",
                State::Open => "open",
                State::Waiting => "waiting",
                State::Down => "down",
            },
            attempt: link.failures,
            silent_for_ms: self.now.since(link.last_message),
        });
        let followed = self
            .jobs
            .iter()
            .filter(|(_, entry)| entry.wanted())
            .map(|(_, entry)| Subscription {
                job_id: entry.job.id.clone(),
                followers: entry.followers,
                served_by: match (entry.open_ended(), self.open_link_of(entry)) {
                    (false, _) => "none",
                    (true, Some(_)) => "socket",
                    (true, None) => "polling",
                },
            });
        Inspection {
            state: self.status.state,
            connections: connections.collect(),
            subscriptions: followed.collect(),
            jobs: self.jobs.len(),
            queues: Queues {
                outgoing: self.queue.len(),
                outgoing_bytes: self.queue.bytes(),
                reading: self.reads.under_way(),
                reads_in_line: self.reads.in_line(),
                jobs_in_line: self.waiting.len(),
                overflowed: self.outbox.overflowed,
                reminders: self.timers.len(),
            },
            counters: self.counters.clone(),
            history: self.history.entries(),
        }
    }
}

/// Appends an array of objects.
fn list<T>(out: &mut String, items: &[T], write: impl Fn(&T, &mut Object<'_>)) {
    out.push('[');
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        let mut object = Object::new(out);
        write(item, &mut object);
        object.end();
    }
    out.push(']');
}

impl Inspection {
    /// Appends it as JSON (`Inspection` of the public contract).
    pub fn write(&self, out: &mut String) {
        let mut object = Object::new(out);
        object
            .string("state", self.state)
            .integer("jobs", self.jobs as u64);
        list(
            object.value("connections"),
            &self.connections,
            |connection, object| {
                if let Some(id) = &connection.job_id {
                    object.string("jobId", id);
                }
                object
                    .string("state", connection.state)
                    .integer("attempt", u64::from(connection.attempt));
                object.integer("silentForMs", connection.silent_for_ms);
            },
        );
        list(
            object.value("subscriptions"),
            &self.subscriptions,
            |subscription, object| {
                object
                    .string("jobId", &subscription.job_id)
                    .string("servedBy", subscription.served_by);
                object.integer("followers", u64::from(subscription.followers));
            },
        );
        numbers(object.object("queues"), &self.queues.figures());
        numbers(object.object("counters"), &self.counters.figures());
        list(object.value("history"), &self.history, |entry, object| {
            object
                .integer("seq", entry.seq)
                .integer("at", entry.at)
                .string("event", &entry.event);
            push_string(object.value("payload"), &entry.payload);
            if let Some(invalid) = &entry.invalid {
                object.string("invalid", invalid);
            }
        });
        object.end();
    }
}

fn numbers(mut object: Object<'_>, figures: &[(&str, u64)]) {
    for (name, figure) in figures {
        object.integer(name, *figure);
    }
    object.end();
}

impl Queues {
    fn figures(&self) -> [(&'static str, u64); 6] {
        [
            ("outgoing", self.outgoing as u64),
            ("outgoingBytes", self.outgoing_bytes as u64),
            ("reading", self.reading as u64),
            ("readsInLine", self.reads_in_line as u64),
            ("jobsInLine", self.jobs_in_line as u64),
            ("overflowed", self.overflowed),
        ]
    }
}

impl Counters {
    fn figures(&self) -> [(&'static str, u64); 17] {
        [
            ("frames", self.frames),
            ("bytes", self.bytes),
            ("events", self.events),
            ("invalid", self.invalid),
            ("late", self.late),
            ("duplicates", self.duplicates),
            ("afterEnd", self.after_end),
            ("stale", self.stale),
            ("opened", self.opened),
            ("reconnected", self.reconnected),
            ("handshakeTimeouts", self.handshake_timeouts),
            ("silences", self.silences),
            ("wakes", self.wakes),
            ("reads", self.reads),
            ("failedReads", self.failed_reads),
            ("expired", self.expired),
            ("refusedJobs", self.refused_jobs),
        ]
    }
}
