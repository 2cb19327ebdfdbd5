//! What the server says: frames to messages, messages to jobs, listeners, history and figures.

use crate::core::engine::Engine;
use crate::core::engine::held::Terms;
use crate::core::engine::inspect::Count;
use crate::core::engine::outbox::Meta;
use crate::core::io::config::OnInvalid;
use crate::core::io::error::Log;
use crate::core::io::input::Gen;
use crate::core::jobs::job::{Applied, Source, Status};
use crate::core::jobs::limits::TOO_LARGE;
use crate::core::json::{Scanner, push_numbers, push_text};
use crate::core::protocol::broadcast;
use crate::core::protocol::frame;
use crate::core::protocol::message::{Invalid, Kind, Message, excerpt, joined};
use crate::core::protocol::stream;
use crate::core::text::iso;
use crate::core::time::Time;

impl Engine {
    /// Text frames, joined; one generation each.
    pub(super) fn frames(&mut self, text: &str, gens: &[Gen]) {
        if self.config.is_socketio() {
            return self.session_frames(text, gens);
        }
        let mut scanner = Scanner::new(text);
        let mut left = gens.len();
        for r#gen in gens {
            left -= 1;
            let start = scanner.position();
            if self.frame(*r#gen, &mut scanner, left == 0) {
                self.counters
                    .add(Count::Bytes, (scanner.position() - start) as f64);
            }
            scanner.step();
        }
    }

    pub(super) fn not_utf8(&mut self, r#gen: Gen) {
        self.unreadable(r#gen, "not-utf8", "a binary frame that is not UTF-8");
    }

    pub(super) fn oversize(&mut self, r#gen: Gen, size: u64) {
        let mut reason = String::from("a frame of ");
        crate::core::json::push_u64(&mut reason, size);
        reason.push_str(" bytes is above the limit");
        let Some(link) = self.unreadable(r#gen, TOO_LARGE, &reason) else {
            return;
        };
        for job in self.jobs_of(link) {
            self.message_lost(job);
        }
    }

    /// A frame of a link came that is not read; `None` when that is not its socket any more.
    fn unreadable(&mut self, r#gen: Gen, code: &'static str, reason: &str) -> Option<u32> {
        let link = self.current_link(r#gen)?;
        let job = self.heard(link);
        self.invalid(
            &Invalid {
                event: None,
                code,
                reason,
                raw: "",
            },
            job,
            Source::Socket,
        );
        Some(link)
    }

    /// Whether anybody read it.
    fn frame(&mut self, r#gen: Gen, scanner: &mut Scanner<'_>, last: bool) -> bool {
        let Some(link) = self.current_link(r#gen) else {
            frame::skip(scanner, last);
            return false;
        };
        let job = self.heard(link);
        if self.config.is_broadcast() {
            self.broadcast_frame(r#gen, scanner, last);
            return true;
        }
        stream::decode(scanner, last, &mut |found| match found {
            Ok(message) => self.message(r#gen, job, message),
            Err(invalid) => self.invalid(invalid, job, Source::Socket),
        });
        true
    }

    /// A frame came: a sign of life. The job whose socket it is, if it is not for all.
    pub(super) fn heard(&mut self, link: u32) -> Option<u32> {
        self.link_heard(link);
        self.count(Count::Frames);
        self.job_of_link(link)
    }

    /// One message of a socket that is for `own` job, or for all.
    fn message(&mut self, r#gen: Gen, own: Option<u32>, message: &Message<'_>) {
        let mut job = own;
        if message.news.status != Status::Unknown {
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
        let wall = self.wall();
        self.seq += 1;
        self.count(Count::Events);
        let heard = self.audit.received(message.name, wall);
        self.history
            .push(self.seq, wall, message.name, message.raw, None);
        let news = match job {
            Some(index) if message.news.status != Status::Unknown => {
                let applied = self.apply(index, message.news, Time::NEVER);
                self.is_news(index, message.name, applied)
            }
            _ => true,
        };
        if heard && news {
            let job = job
                .and_then(|index| self.jobs.get(index))
                .map(|entry| entry.job.id.as_str());
            let meta = Meta {
                seq: self.seq,
                at: wall,
                source: Source::Socket,
                job,
                invalid: None,
                ends: message.news.status.is_terminal(),
            };
            if self.outbox.event(
                record_of(message.kind),
                message.name,
                message.raw,
                &meta,
                "",
            ) {
                self.audit.delivered(message.name);
            }
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
        self.give(r#gen, text);
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
            self.tell_listeners('7', "invalid", &elements, job, source, None);
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
            self.tell_listeners(record_of(kind), event, invalid.raw, job, source, why);
        }
    }

    /// The end of a job that an HTTP read found, told as the server's own event would have told it.
    pub(super) fn tell_end(&mut self, index: u32, seq: u64) {
        let wall = self.wall();
        let Some(entry) = self.jobs.get(index) else {
            return;
        };
        let name = if self.config.is_broadcast() {
            self.broadcast_end(entry.job.status)
        } else {
            entry.job.end_event(self.config.is_socketio())
        };
        self.is_news(index, name, Applied::Ended);
        let Some(entry) = self.jobs.get(index) else {
            return;
        };
        if self.audit.heard(name) {
            let meta = Meta {
                seq,
                at: wall,
                source: Source::Polling,
                job: Some(&entry.job.id),
                invalid: None,
                ends: true,
            };
            let mut elements = String::from("[");
            entry.job.write(&mut elements);
            elements.push(']');
            if self.config.is_broadcast() {
                let terms = Terms {
                    job: &entry.job.id,
                    urgent: true,
                    ..Terms::default()
                };
                self.outbox.hold(&terms, '7', name, &elements, &meta, "");
            } else {
                self.outbox.event('7', name, &elements, &meta, "");
            }
            self.audit.delivered(name);
        }
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
        self.tell_listeners('7', name, &elements, job, Source::Socket, None);
    }

    /// Tells listeners of an event of the current number; `invalid`: what is wrong with it.
    fn tell_listeners(
        &mut self,
        record: char,
        name: &str,
        json: &str,
        job: Option<u32>,
        source: Source,
        invalid: Option<&str>,
    ) {
        let meta = Meta {
            seq: self.seq,
            at: self.wall(),
            source,
            job: job
                .and_then(|index| self.jobs.get(index))
                .map(|entry| entry.job.id.as_str()),
            invalid,
            ends: false,
        };
        if self.outbox.event(record, name, json, &meta, "") {
            self.audit.delivered(name);
        }
    }
}

/// The record of a server's event: the facade gives the members of a known one the names that JavaScript knows; an
/// app's own events keep theirs.
pub(super) fn record_of(kind: Kind) -> char {
    if kind == Kind::Other { '1' } else { '6' }
}
