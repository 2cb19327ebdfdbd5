//! Messages to the server: at once when they can go, else in a bounded queue, else refused with a reason.

use super::super::error::{Log, Problem};
use super::super::input::Gen;
use super::super::input::{Ask, Command};
use super::super::json::{Scanner, Value};
use super::super::queue::Item;
use super::super::stream;
use super::super::time::Time;
use super::inspect::Count;
use super::links::SHARED;
use super::{Engine, Phase};

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
        let job = match self.addressee(data) {
            Ok(job) => job,
            Err(problem) => return self.outbox.refuse(rid, problem, ""),
        };
        let frame = stream::encode(&command.text, data);
        let r#gen = self.open_socket_for(job.as_deref());
        if r#gen != Gen::NONE
            && self.drains.has_room(r#gen)
            && !self.queue.holds(job.as_deref())
            && self.bucket.take(self.now) <= self.now
        {
            self.note_ping(r#gen, &command.text);
            self.give(r#gen, frame);
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
        let item = Item {
            job,
            text: frame,
            expires: self.now.after(age),
            supersede: command.supersede.clone(),
            ..Item::default()
        };
        if self.queue.push(item).is_ok() {
            self.outbox.reply(rid, "\"queued\"");
            self.activate();
        } else {
            self.outbox.refuse(rid, Problem::QueueFull, "");
        }
    }

    /// Whose socket a message takes: with one socket a job, the job it names or the only one followed.
    fn addressee(&self, data: Option<&str>) -> Result<Option<String>, Problem> {
        if !self.per_job() {
            return Ok(None);
        }
        if let Some(id) = named_job(data) {
            return Ok(Some(id));
        }
        let mut followed = self.jobs.iter().filter(|entry| entry.followers > 0);
        match (followed.next(), followed.next()) {
            (Some(only), None) => Ok(Some(only.job.id.clone())),
            _ => Err(Problem::NoAddressee),
        }
    }

    /// The open socket that a message for a job, or for the shared socket, takes; [`Gen::NONE`] where there is none.
    fn open_socket_for(&self, job: Option<&str>) -> Gen {
        let place = job.map_or(Some(SHARED), |id| self.place_of(id));
        place
            .and_then(|place| self.open_link_of(place))
            .map_or(Gen::NONE, |link| link.r#gen)
    }

    /// Sends what can go now, drops what is too old; says when to look again.
    pub(super) fn pump_queue(&mut self) -> Time {
        let now = self.now;
        let mut next = Time::NEVER;
        let mut at = 0;
        // What has no room lets nothing pass.
        let mut room = true;
        while let Some(item) = self.queue.get(at) {
            let expires = item.expires;
            let job = item.job.as_deref();
            let (r#gen, open) = if self.config.is_socketio() {
                let place = job.and_then(|name| self.channel_named(name));
                let mut open = place.is_some_and(|place| self.can_send(place));
                if open && expires > now {
                    room = room && self.has_room(&item.text);
                    open = room;
                }
                (Gen::NONE, open)
            } else {
                let r#gen = self.open_socket_for(job);
                (r#gen, r#gen != Gen::NONE && self.drains.has_room(r#gen))
            };
            if expires <= now {
                let Some(item) = self.queue.remove(at) else {
                    break;
                };
                if self.config.is_socketio() {
                    self.give_up(item, Problem::RequestTimeout);
                } else {
                    self.count(Count::Expired);
                    self.log(Log::QueueExpired, "", None);
                }
                continue;
            }
            let free = if open {
                self.bucket.take(now)
            } else {
                Time::NEVER
            };
            if free > now {
                next = next.min(expires).min(free);
                at += 1;
                continue;
            }
            let Some(item) = self.queue.remove(at) else {
                break;
            };
            if self.config.is_socketio() {
                self.send_queued(item);
            } else {
                self.give(r#gen, item.text);
            }
        }
        next
    }
}
