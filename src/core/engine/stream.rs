//! Messages of `stream` (SYSTEMS.md, D and E): which job each is about, and what answers it.

use crate::core::deliver::outbox::Delivery;
use crate::core::engine::Engine;
use crate::core::engine::ingest::{Event, record_of};
use crate::core::io::input::Gen;
use crate::core::jobs::status::{Source, Status};
use crate::core::protocol::kind::Kind;
use crate::core::protocol::message::{Invalid, Message};
use crate::core::text::iso;
use crate::core::text::words::{excerpt, joined};

impl Engine {
    /// One message of a socket that is for `own` job, or for all.
    pub(super) fn message(&mut self, r#gen: Gen, own: Option<u32>, message: &Message<'_>) {
        let reports_state = message.news.status != Status::Unknown;
        let mut job = own;
        if reports_state {
            job = self.job_of(own, message);
            if job.is_none() {
                return;
            }
        } else if matches!(message.kind, Kind::Heartbeat | Kind::Ping) {
            self.pong(r#gen);
            job = None;
        } else if message.kind == Kind::Pong {
            self.note_pong(r#gen);
        }
        let ingested = self.ingest(&Event {
            name: message.name,
            raw: message.raw,
            job: job
                .filter(|_| reports_state)
                .map(|index| (index, message.news)),
            says_more: false,
        });
        if ingested.heard && ingested.is_news {
            let record = record_of(message.kind);
            self.deliver(&Delivery {
                job,
                ends: ingested.ends,
                ..Delivery::new(self.seq, record, message.name, message.raw)
            });
        }
    }

    /// The job a message is about: the socket's own, which it must not contradict, or the one it names.
    pub(super) fn job_of(&mut self, own: Option<u32>, message: &Message<'_>) -> Option<u32> {
        let reason;
        let (code, reason) = match (own, message.job) {
            (Some(_), None) => return own,
            (Some(index), Some(id)) => {
                if self.jobs.get(index)?.job.id == *id {
                    return own;
                }
                reason = joined(&["about another job: ", &excerpt(id, 64)]);
                ("wrong-job", reason.as_str())
            }
            (None, Some(id)) => match self.entry_of(id) {
                None => ("too-many-jobs", "the table of jobs is full"),
                index => return index,
            },
            (None, None) => ("wrong-type", "job_id: missing"),
        };
        let invalid = Invalid {
            event: Some(message.name),
            code,
            reason,
            raw: message.raw,
        };
        self.invalid(&invalid, own, Source::Socket);
        None
    }

    /// Answered at once: the server counts the time.
    pub(super) fn pong(&mut self, r#gen: Gen) {
        // A message before it in the same frame may have ended the job, and with it the socket.
        if self.current_link(r#gen).is_none() || self.drains.is_stuck(r#gen) {
            return;
        }
        let mut text = String::from("{\"type\":\"pong\",\"timestamp\":\"");
        text.push_str(&iso::format(self.wall()));
        text.push_str("\"}");
        self.drains.send(r#gen, text, self.now, &mut self.outputs);
    }
}
