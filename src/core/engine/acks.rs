//! What the page sends over Socket.IO: events, and requests that are to be acknowledged in time.

use crate::core::engine::channels::DEFAULT;
use crate::core::engine::inspect::Count;
use crate::core::engine::replies::Owed;
use crate::core::engine::{Engine, Phase};
use crate::core::io::error::Problem;
use crate::core::io::input::{Ask, Command};
use crate::core::io::output::Output;
use crate::core::json::{Str, push_u64};
use crate::core::protocol::socketio::attachment::Attachment;
use crate::core::protocol::socketio::{self, Body, Packet};
use crate::core::send::queue::{Item, Kind, Queue, key};
use crate::core::time::Time;

/// What comes before a message that the page sends, and what the page owes.
#[derive(Debug, Default)]
pub(super) struct Acks {
    pub(super) owed: Owed,
    /// Attachments of the message that comes next.
    pub(super) attached: Vec<Attachment>,
    /// Messages want the connection.
    wanting: bool,
    /// Acknowledgements asked for so far.
    requests: u64,
    /// How many times namespaces were asked for.
    pub(super) joinings: u32,
    /// Acknowledgements that the page owed and that others took the place of; and data of refusals that was left out:
    /// for a bound, so far.
    pub(super) dropped: u64,
    pub(super) left_out: u64,
}

/// The line of what waits for a namespace. Behind it is that of the requests that were sent.
pub(super) fn line_of(place: usize) -> u32 {
    2 * place as u32
}

/// The key of a request.
fn awaited(place: usize, id: u64) -> String {
    let mut name = String::new();
    push_u64(&mut name, id);
    key(line_of(place) + 1, &name)
}

impl Engine {
    /// The page hands over an attachment of its next message.
    pub(super) fn attach(&mut self, id: u32, size: u64) {
        self.acks.attached.push(Attachment { id, size });
    }

    /// The namespace and the event that a text names: docs/core-messages.md.
    pub(super) fn split_name<'a>(&self, text: &'a str) -> (Option<usize>, &'a str) {
        if text.starts_with('/')
            && let Some(at) = text.bytes().position(|byte| byte == b',')
        {
            let name = text.get(..at).unwrap_or("");
            return (self.channel_named(name), text.get(at + 1..).unwrap_or(""));
        }
        (Some(DEFAULT), text)
    }

    /// Sends an event of the page, now or later, or says why not.
    pub(super) fn emit(&mut self, rid: u32, command: &Command) {
        let attachments = std::mem::take(&mut self.acks.attached);
        if let Err(problem) = self.try_emit(rid, command, &attachments) {
            self.forget(&attachments);
            let (place, _) = self.split_name(&command.text);
            let said = self.said(place.unwrap_or(DEFAULT));
            self.outbox.refuse(rid, problem, &said);
        }
    }

    fn try_emit(
        &mut self,
        rid: u32,
        command: &Command,
        attachments: &[Attachment],
    ) -> Result<(), Problem> {
        if let Phase::Failed(_) = self.phase {
            return Err(Problem::GivenUp);
        }
        let is_request = command.what == Ask::Request;
        let (place, event) = self.split_name(&command.text);
        let place = place.ok_or(Problem::Closed)?;
        let age = match command.max_age {
            age if age >= 0.0 => age as u64,
            _ => self.config.queue_age,
        };
        let until = self.now.after(age);
        let channel = self.channels.get(place).ok_or(Problem::Closed)?;
        if let Some(problem) = channel.refusal() {
            return Err(problem);
        }
        let mut item = Box::new(Item {
            line: line_of(place),
            expires: until,
            key: command
                .supersede
                .as_ref()
                .map(|name| key(line_of(place), name)),
            ..Item::default()
        });
        item.attachments.extend_from_slice(attachments);
        let mut ack = None;
        if is_request {
            let id = self.acks.requests;
            item.rid = rid;
            item.kind = Kind::Request;
            item.key = Some(awaited(place, id));
            self.acks.requests += 1;
            ack = Some(id);
        }
        let body = Body::Event {
            name: Str::plain(event),
            args: command.data.as_deref().unwrap_or(""),
            ack,
        };
        let is_volatile = command.what == Ask::SendVolatile;
        let goes = self.send_or_queue(place, body, item, is_volatile)?;
        if is_request {
            return Ok(());
        }
        let told = if goes {
            "\"sent\""
        } else if is_volatile {
            self.forget(attachments);
            "\"dropped\""
        } else {
            "\"queued\""
        };
        self.outbox.reply(rid, told);
        Ok(())
    }

    /// Sends a message at once, where nothing waits for the same namespace; else it waits, unless it may not. Whether
    /// it went.
    pub(super) fn send_or_queue(
        &mut self,
        place: usize,
        body: Body<'_>,
        mut item: Box<Item>,
        is_volatile: bool,
    ) -> Result<bool, Problem> {
        let channel = self.channels.get(place).ok_or(Problem::Closed)?;
        item.text.push('4');
        let packet = Packet {
            namespace: &channel.name,
            attachments: item.attachments.len() as u32,
            body,
        };
        socketio::encode(&packet, &mut item.text).map_err(|_| Problem::BadMessage)?;
        let goes = self.can_send(place)
            && self.queue.first(line_of(place)).is_none()
            && self.has_room(&item.text)
            && self.bucket.take(self.now) <= self.now;
        if goes {
            if !self.transport.takes(&item.text, &item.attachments) {
                return Err(Problem::TooLarge);
            }
            self.send_item(item);
        } else if !is_volatile {
            let replaced = self.queue.push(item, &mut self.timers);
            let replaced = replaced.map_err(|_| Problem::QueueFull)?;
            if let Some(item) = replaced {
                self.forget(&item.attachments);
            }
            self.activate();
        }
        Ok(goes)
    }

    /// Whether something waits to be sent, or to be acknowledged.
    pub(super) fn has_messages(&self) -> bool {
        self.config.is_socketio() && !self.queue.is_empty()
    }

    /// Messages want the connection, or no more.
    pub(super) fn want_for_messages(&mut self) {
        let wanting = self.has_messages();
        if wanting != std::mem::replace(&mut self.acks.wanting, wanting) {
            self.want_shared();
        }
    }

    /// Whether a message may go out on a namespace now. A connection that should have been heard of is not trusted.
    pub(super) fn can_send(&self, place: usize) -> bool {
        self.is_joined(place) && self.is_trusted()
    }

    /// Sends what waits and can go, in the order in which it came; says when the rate limit lets more through.
    pub(super) fn pump_namespaces(&mut self) -> Time {
        let now = self.now;
        while !self.queue.is_empty() {
            let ready = (0..self.channels.len()).filter(|place| self.can_send(*place));
            let firsts = ready.filter_map(|place| self.queue.first(line_of(place)));
            let Some(place) =
                firsts.min_by_key(|place| self.queue.get(*place).map(|item| item.number))
            else {
                break;
            };
            // What has no room lets nothing pass.
            let has_room = self
                .queue
                .get(place)
                .is_some_and(|item| self.has_room(&item.text));
            if !has_room {
                break;
            }
            let free = self.bucket.take(now);
            if free > now {
                return free;
            }
            if let Some(item) = self.queue.take(place) {
                self.send_queued(item);
            }
        }
        Time::NEVER
    }

    /// A message leaves the queue.
    fn send_queued(&mut self, item: Box<Item>) {
        if !self.transport.takes(&item.text, &item.attachments) {
            return self.give_up(&item, Problem::TooLarge);
        }
        if item.kind == Kind::Reply {
            self.outbox.reply(item.rid, "\"sent\"");
        }
        self.send_item(item);
    }

    /// Sends a message; a request is awaited from here on.
    fn send_item(&mut self, mut item: Box<Item>) {
        let text = std::mem::take(&mut item.text);
        let attachments = std::mem::take::<Vec<_>>(&mut item.attachments);
        if item.kind == Kind::Request {
            item.kind = Kind::Sent;
            item.line += 1;
            // No bound is about it.
            let _ = self.queue.push(item, &mut self.timers);
        }
        self.transmit(text, attachments, 0);
    }

    /// What acknowledges something is of no use any more, in one line or in all.
    pub(super) fn drop_replies(&mut self, line: Option<u32>) {
        for place in self.queue.replies(line) {
            if let Some(reply) = self.queue.take(place) {
                self.give_up(&reply, Problem::RequestLost);
            }
        }
    }

    /// Namespaces were left: what was asked in them is not answered any more.
    pub(super) fn channels_left(&mut self) {
        for place in 0..self.channels.len() {
            if !self.is_joined(place) {
                self.drop_line(line_of(place) + 1, Problem::RequestLost);
            }
        }
    }

    /// The client is closed: whoever awaits an acknowledgement is told, and what waits is let go.
    pub(super) fn close_messages(&mut self) {
        let attached = std::mem::take(&mut self.acks.attached);
        self.forget(&attached);
        for item in std::mem::replace(&mut self.queue, Queue::new(0, 0)).into_items() {
            self.forget(&item.attachments);
            if matches!(item.kind, Kind::Request | Kind::Sent) {
                self.outbox.refuse(item.rid, Problem::Closed, "");
            }
        }
    }

    /// The server acknowledged an event.
    pub(super) fn acknowledged(
        &mut self,
        place: usize,
        id: u64,
        args: &str,
        attachments: &[Attachment],
    ) {
        let found = self.queue.keyed(&awaited(place, id)).filter(|place| {
            let item = self.queue.get(*place);
            item.is_some_and(|item| item.kind == Kind::Sent)
        });
        let Some(item) = found.and_then(|place| self.queue.take(place)) else {
            // It took too long.
            self.count(Count::Stale);
            return self.forget(attachments);
        };
        self.outbox.acknowledgement(item.rid, args, attachments);
        self.hand_over_attachments(attachments);
    }

    /// Hands attachments to the page, for the record that says where they belong.
    pub(super) fn hand_over_attachments(&mut self, attachments: &[Attachment]) {
        for attachment in attachments {
            self.outputs.push(Output::Hand { id: attachment.id });
        }
    }
}
