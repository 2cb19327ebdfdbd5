//! What an event of a server does, whichever protocol brought it: it is counted, kept in the history, and applied to its
//! job; then it is delivered to the listeners of its name. What is not valid takes the same way, and reaches no job.

use crate::core::deliver::held::Terms;
use crate::core::deliver::outbox::Delivery;
use crate::core::engine::Engine;
use crate::core::engine::inspect::Count;
use crate::core::io::config::OnInvalid;
use crate::core::io::error::Log;
use crate::core::jobs::fields::Fields;
use crate::core::jobs::status::{Applied, Source};
use crate::core::json::{push_numbers, push_text};
use crate::core::protocol::broadcast;
use crate::core::protocol::kind::Kind;
use crate::core::protocol::message::Invalid;
use crate::core::text::words::{excerpt, joined};
use crate::core::time::Time;

/// A valid event.
pub(super) struct Event<'a> {
    /// Its name for listeners, for the audit and for the history.
    pub(super) name: &'a str,
    /// What the history keeps of it.
    pub(super) raw: &'a str,
    /// The job whose state it reports, and what it reports.
    pub(super) job: Option<(u32, &'a Fields<'a>)>,
    /// Listeners get it even where the job's state repeats what is known: it reports something else besides.
    pub(super) says_more: bool,
}

/// What became of an event.
pub(super) struct Ingested {
    /// Somebody listens to its name.
    pub(super) heard: bool,
    /// Listeners have not had it yet.
    pub(super) is_news: bool,
    /// What it changed of its job.
    pub(super) applied: Option<Applied>,
    /// Its job has ended.
    pub(super) ends: bool,
}

/// The record of a server's event: the facade gives the members of a known one the names that JavaScript knows; an
/// app's own events keep theirs.
pub(super) fn record_of(kind: Kind) -> char {
    if kind == Kind::Other { '1' } else { '6' }
}

impl Engine {
    /// Takes in a valid event.
    pub(super) fn ingest(&mut self, event: &Event<'_>) -> Ingested {
        let Event { name, raw, .. } = *event;
        let wall = self.wall();
        self.seq += 1;
        self.count(Count::Events);
        let heard = self.audit.received(name, wall);
        self.history.push(self.seq, wall, name, raw, None);
        let mut ingested = Ingested {
            heard,
            is_news: true,
            applied: None,
            ends: false,
        };
        if let Some((index, fields)) = event.job {
            let applied = self.apply(index, fields, Time::NEVER);
            ingested.applied = Some(applied);
            ingested.ends = fields.status.is_terminal();
            if !event.says_more {
                ingested.is_news = self.jobs.is_news(index, name, applied);
            }
        }
        ingested
    }

    /// Gives an event to the listeners of its name. False where there is no room for it, or where it takes the place of
    /// another one.
    pub(super) fn deliver(&mut self, delivery: &Delivery<'_>) -> bool {
        let at = self.wall();
        let entry = delivery.job.and_then(|index| self.jobs.get(index));
        let job = entry.map(|entry| entry.job.id.as_str());
        let is_new = self.outbox.event(delivery, at, job);
        if is_new && !delivery.terms.is_some_and(|terms| terms.unheard) {
            self.audit.delivered(delivery.name);
        }
        is_new
    }

    /// Something that does not fit: counted, logged, offered as `invalid`; the connection lives on.
    pub(super) fn invalid(&mut self, invalid: &Invalid<'_>, job: Option<u32>, source: Source) {
        let wall = self.wall();
        let name = invalid.event.unwrap_or("(unreadable)");
        self.seq += 1;
        self.count(Count::Invalid);
        self.audit.invalid(name, wall);
        let text = joined(&[invalid.code, " ", name, " dropped: ", invalid.reason]);
        self.log(Log::Invalid, &text, job);
        // One frame may hold very many that are not valid, and each of them is the whole frame.
        let raw = excerpt(invalid.raw, 1000);
        let mut elements = String::from("[0");
        for text in [
            invalid.event,
            Some(invalid.code),
            Some(invalid.reason),
            Some(&raw),
        ] {
            push_text(&mut elements, text);
        }
        elements.push(']');
        if self.audit.received("invalid", wall) {
            self.deliver(&Delivery {
                job,
                source,
                ..Delivery::new(self.seq, '7', "invalid", &elements)
            });
        }
        if self.config.on_invalid == OnInvalid::Drop {
            return;
        }
        let why = Some(invalid.reason);
        self.history.push(self.seq, wall, name, &raw, why);
        if self.config.on_invalid == OnInvalid::Pass
            && let Some(event) = invalid.event
            && self.audit.heard(event)
        {
            let kind = if self.config.is_broadcast() {
                broadcast::kind_of(event)
            } else {
                Kind::of(event)
            };
            self.deliver(&Delivery {
                job,
                source,
                invalid: why,
                ..Delivery::new(self.seq, record_of(kind), event, invalid.raw)
            });
        }
    }

    /// The end of a job that an HTTP read found, told as the server's own event would have told it.
    pub(super) fn tell_end(&mut self, index: u32, seq: u64) {
        let Some(entry) = self.jobs.get(index) else {
            return;
        };
        let name = if self.config.is_broadcast() {
            self.broadcast_end(entry.job.status)
        } else {
            entry.job.end_event(self.config.is_socketio())
        };
        self.jobs.is_news(index, name, Applied::Ended);
        let Some(entry) = self.jobs.get(index) else {
            return;
        };
        if !self.audit.heard(name) {
            return;
        }
        let mut elements = String::from("[");
        entry.job.write(&mut elements);
        elements.push(']');
        let id = entry.job.id.clone();
        self.deliver(&Delivery {
            job: Some(index),
            source: Source::Polling,
            ends: true,
            terms: Some(&Terms {
                job: &id,
                urgent: true,
                ..Terms::default()
            }),
            ..Delivery::new(seq, '7', name, &elements)
        });
    }

    /// A connection came back after `down` ms. `recovered`: the server has made up for what was missed.
    pub(super) fn tell_reconnected(&mut self, attempts: u32, down: u64, recovered: bool) {
        let flag = |on: bool| f64::from(u8::from(on));
        let polling = flag(self.config.is_socketio() && self.transport.polls());
        self.tell_own(
            "reconnected",
            None,
            &[attempts.into(), down as f64, polling, flag(recovered)],
        );
    }

    /// News of a job may have been missed since `from` (epoch ms); `healed` when a read made up for it.
    pub(super) fn tell_gap(&mut self, index: u32, from: u64, healed: bool) {
        let healed = f64::from(u8::from(healed));
        self.tell_own(
            "gap",
            Some(index),
            &[from as f64, self.wall() as f64, healed],
        );
    }

    /// An event of ours; the facade knows what its numbers mean.
    fn tell_own(&mut self, name: &str, job: Option<u32>, numbers: &[f64]) {
        let wall = self.wall();
        self.seq += 1;
        if !self.audit.received(name, wall) {
            return;
        }
        let mut elements = String::from("[0");
        push_numbers(&mut elements, numbers);
        elements.push(']');
        self.deliver(&Delivery {
            job,
            ..Delivery::new(self.seq, '7', name, &elements)
        });
    }
}
