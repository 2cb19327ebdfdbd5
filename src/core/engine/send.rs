//! Messages to the server: at once when they can go, else in a bounded queue, else refused with a reason.

use crate::core::engine::inspect::Count;
use crate::core::engine::links::SHARED;
use crate::core::engine::{Engine, Phase};
use crate::core::io::error::{Log, Problem};
use crate::core::io::input::Gen;
use crate::core::io::input::{Ask, Command};
use crate::core::json::{Scanner, Value};
use crate::core::protocol::stream;
use crate::core::send::queue::{Item, Kind, key};
use crate::core::time::Time;

/// The job that a message's data names.
fn named_job(data: Option<&str>) -> Option<String> {
    let mut scanner = Scanner::new(data?);
    if !scanner.eat(b'{') {
        return None;
    }
    let mut first = true;
    while let Ok(Some((name, value))) = scanner.member(&mut first) {
        if let ("job_id" | "jobId", Value::String(id)) = (name.raw, value) {
            return Some(id.get().into_owned());
        }
    }
    None
}

impl Engine {
    pub(super) fn send(&mut self, rid: u32, command: &Command) {
        if self.config.is_socketio() {
            return self.emit(rid, command);
        }
        let data = command.data.as_deref();
        if matches!(self.phase, Phase::Failed(_)) {
            return self.outbox.refuse(rid, Problem::GivenUp, "");
        }
        let line = match self.addressee(data) {
            Ok(line) => line,
            Err(problem) => return self.outbox.refuse(rid, problem, ""),
        };
        let frame = stream::encode(&command.text, data);
        let r#gen = self.open_socket_of(line);
        if r#gen != Gen::NONE
            && self.queue.first(line).is_none()
            && self.drains.has_room(r#gen)
            && self.bucket.take(self.now) <= self.now
        {
            self.note_ping(r#gen, &command.text);
            self.drains.send(r#gen, frame, self.now, &mut self.outputs);
            return self.outbox.reply(rid, "\"sent\"");
        }
        if command.what == Ask::SendVolatile {
            return self.outbox.reply(rid, "\"dropped\"");
        }
        let age = if command.max_age >= 0.0 {
            command.max_age as u64
        } else {
            self.config.queue_age
        };
        let item = Box::new(Item {
            key: command.supersede.as_ref().map(|name| key(line, name)),
            line,
            text: frame,
            expires: self.now.after(age),
            ..Item::default()
        });
        if self.queue.push(item, &mut self.timers).is_ok() {
            self.outbox.reply(rid, "\"queued\"");
            self.activate();
        } else {
            self.outbox.refuse(rid, Problem::QueueFull, "");
        }
    }

    /// The place of the link that a message takes: with one socket a job, of the job it names or of the only one
    /// followed.
    fn addressee(&mut self, data: Option<&str>) -> Result<u32, Problem> {
        if !self.per_job() {
            return Ok(SHARED);
        }
        if let Some(id) = named_job(data) {
            return self.entry_of(&id).ok_or(Problem::QueueFull);
        }
        let is_followed = |place: &u32| {
            let entry = self.jobs.get(*place);
            entry.is_some_and(|entry| entry.followers > 0)
        };
        let mut followed = self.jobs.indexes().filter(is_followed);
        match (followed.next(), followed.next()) {
            (Some(only), None) => Ok(only),
            _ => Err(Problem::NoAddressee),
        }
    }

    /// The open socket of a link; [`Gen::NONE`] where there is none.
    fn open_socket_of(&self, place: u32) -> Gen {
        self.open_link_of(place)
            .map_or(Gen::NONE, |link| link.r#gen)
    }

    /// A message waits too long, or a request is not acknowledged in time.
    pub(super) fn message_due(&mut self, place: u32) {
        let Some(item) = self.queue.overdue(place, self.now, &mut self.timers) else {
            return;
        };
        self.give_up(&item, Problem::RequestTimeout);
    }

    /// A message that waited is not sent any more, or a request not awaited.
    pub(super) fn give_up(&mut self, item: &Item, problem: Problem) {
        if self.config.is_socketio() {
            self.forget(&item.attachments);
            match item.kind {
                Kind::Reply => return self.outbox.reply(item.rid, "\"dropped\""),
                Kind::Request | Kind::Sent => return self.outbox.refuse(item.rid, problem, ""),
                Kind::Event => {}
            }
            if problem == Problem::TooLarge {
                return self.log(Log::TooLarge, "", None);
            }
        }
        self.count(Count::Expired);
        self.log(Log::QueueExpired, "", None);
    }

    /// What stands in a line is not wanted any more.
    pub(super) fn drop_line(&mut self, line: u32, problem: Problem) {
        while let Some(place) = self.queue.first(line) {
            if let Some(item) = self.queue.take(place) {
                self.give_up(&item, problem);
            }
        }
    }

    /// Sends what can go now; says when the rate limit lets more through.
    pub(super) fn pump_queue(&mut self) -> Time {
        let mut next = Time::NEVER;
        if self.config.is_socketio() {
            return self.pump_namespaces();
        }
        let mut link = self.pool.linked.first();
        while let Some(place) = link.filter(|_| next == Time::NEVER && !self.queue.is_empty()) {
            next = self.pump_link(place);
            link = self.pool.linked.after(link);
        }
        next
    }

    /// Sends what waits for a link, as far as it goes; says when the rate limit lets more through.
    fn pump_link(&mut self, place: u32) -> Time {
        let now = self.now;
        let r#gen = self.open_socket_of(place);
        while r#gen != Gen::NONE
            && let Some(number) = self.queue.first(place)
            && self.drains.has_room(r#gen)
        {
            let free = self.bucket.take(now);
            if free > now {
                return free;
            }
            if let Some(item) = self.queue.take(number) {
                self.drains
                    .send(r#gen, item.text, self.now, &mut self.outputs);
            }
        }
        Time::NEVER
    }
}
