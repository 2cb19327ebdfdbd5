//! What the page sends over Socket.IO: events, requests that are to be acknowledged in time, and its own
//! acknowledgements of what the server asked.

use super::super::error::{Log, Problem};
use super::super::input::{Ask, Command};
use super::super::json::{Str, push_numbers};
use super::super::output::Output;
use super::super::queue::Item;
use super::super::socketio::{self, Body, Packet};
use super::super::time::Time;
use super::channels::DEFAULT;
use super::inspect::Count;
use super::transport::Attachment;
use super::{Engine, Phase};
use std::collections::VecDeque;

/// Acknowledgements that the page owes at once; of more the oldest are not sent. A page that gives none within their
/// time must not fill the memory.
const MAX_REPLIES: usize = 100_000;
/// How long the page may take for one, ms.
const REPLY_AGE: u64 = 60_000;

/// A request of the page.
#[derive(Debug)]
struct Request {
    rid: u32,
    channel: usize,
    id: u64,
    until: Time,
    /// The server has it, or may have it.
    sent: bool,
}

/// An acknowledgement that the server awaits.
#[derive(Debug)]
struct Reply {
    channel: usize,
    id: u64,
    until: Time,
}

/// Both, and what comes before a message that the page sends.
#[derive(Debug, Default)]
pub(super) struct Acks {
    requests: Vec<Request>,
    /// In the order of the numbers by which the page gives them; `None`: it did, or nobody awaits it any more.
    replies: VecDeque<Option<Reply>>,
    /// The number of the last one.
    numbers: u32,
    /// Attachments of the message that comes next.
    attached: Vec<Attachment>,
    /// Messages want the connection.
    wanting: bool,
    /// Acknowledgements that the page owed and that others took the place of; and data of refusals that was left out:
    /// for a bound, so far.
    pub(super) dropped: u64,
    pub(super) left_out: u64,
}

impl Engine {
    /// The page hands over an attachment of its next message.
    pub(super) fn attach(&mut self, id: u32, size: u64) {
        self.acks.attached.push((id, size));
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
        let channel = self.channels.get_mut(place).ok_or(Problem::Closed)?;
        if let Some(problem) = channel.refusal() {
            return Err(problem);
        }
        let mut ack = None;
        if is_request {
            ack = Some(channel.acks);
            channel.acks += 1;
        }
        let item = Item {
            expires: until,
            supersede: command.supersede.clone(),
            attachments: attachments.to_vec(),
            rid: if is_request { rid } else { 0 },
            ..Item::default()
        };
        let body = Body::Event {
            name: Str::plain(event),
            args: command.data.as_deref().unwrap_or(""),
            ack,
        };
        let is_volatile = command.what == Ask::SendVolatile;
        let goes = self.send_or_queue(place, body, item, is_volatile)?;
        if let Some(id) = ack {
            self.acks.requests.push(Request {
                rid,
                channel: place,
                id,
                until,
                sent: goes,
            });
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
    fn send_or_queue(
        &mut self,
        place: usize,
        body: Body<'_>,
        mut item: Item,
        is_volatile: bool,
    ) -> Result<bool, Problem> {
        let channel = self.channels.get(place).ok_or(Problem::Closed)?;
        let name = channel.name.clone();
        item.text.push('4');
        let packet = Packet {
            namespace: &name,
            attachments: item.attachments.len() as u32,
            body,
        };
        socketio::encode(&packet, &mut item.text).map_err(|_| Problem::BadMessage)?;
        let goes = self.can_send(place)
            && self.has_room(&item.text)
            && !self.queue.holds(Some(&name))
            && self.bucket.take(self.now) <= self.now;
        if goes {
            if !self.transport.takes(&item.text, &item.attachments) {
                return Err(Problem::TooLarge);
            }
            self.transmit(item.text, item.attachments, 0);
        } else if !is_volatile {
            item.job = Some(name);
            let replaced = self.queue.push(item).map_err(|_| Problem::QueueFull)?;
            if let Some(item) = replaced {
                self.forget(&item.attachments);
            }
            self.activate();
        }
        Ok(goes)
    }

    /// Whether something waits to be sent, or to be acknowledged.
    pub(super) fn has_messages(&self) -> bool {
        self.config.is_socketio() && (!self.queue.is_empty() || !self.acks.requests.is_empty())
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

    /// A message leaves the queue.
    pub(super) fn send_queued(&mut self, item: Item) {
        if !self.transport.takes(&item.text, &item.attachments) {
            return self.give_up(item, Problem::TooLarge);
        }
        for request in &mut self.acks.requests {
            request.sent |= request.rid == item.rid;
        }
        if item.replies {
            self.outbox.reply(item.rid, "\"sent\"");
        }
        self.transmit(item.text, item.attachments, 0);
    }

    /// A message that waited is not sent any more.
    pub(super) fn give_up(&mut self, item: Item, problem: Problem) {
        self.forget(&item.attachments);
        if item.replies {
            self.outbox.reply(item.rid, "\"dropped\"");
        } else if !self.end_request(item.rid, problem) {
            let log = if problem == Problem::TooLarge {
                Log::TooLarge
            } else {
                self.count(Count::Expired);
                Log::QueueExpired
            };
            self.log(log, "", None);
        }
    }

    /// A request fails, if there is one of this number.
    fn end_request(&mut self, rid: u32, problem: Problem) -> bool {
        let requests = &mut self.acks.requests;
        let Some(at) = requests.iter().position(|request| request.rid == rid) else {
            return false;
        };
        requests.remove(at);
        self.outbox.refuse(rid, problem, "");
        true
    }

    /// What waits for a namespace is not wanted any more; without a name, any answer to the server.
    pub(super) fn drop_queued(&mut self, name: Option<&str>, problem: Problem) {
        let mut at = 0;
        while let Some(item) = self.queue.get(at) {
            let dropped = match name {
                None => item.replies,
                name => item.job.as_deref() == name,
            };
            if !dropped {
                at += 1;
            } else if let Some(item) = self.queue.remove(at) {
                self.give_up(item, problem);
            }
        }
    }

    /// Namespaces were left: what was asked in them is not answered any more, on either side.
    pub(super) fn channels_left(&mut self) {
        let channels = &self.channels;
        let left = |place: usize| {
            channels
                .get(place)
                .is_none_or(|channel| channel.standing != super::channels::Standing::Joined)
        };
        for reply in &mut self.acks.replies {
            *reply = reply.take().filter(|reply| !left(reply.channel));
        }
        let mut lost = Vec::new();
        self.acks.requests.retain(|request| {
            let is_lost = request.sent && left(request.channel);
            if is_lost {
                lost.push(request.rid);
            }
            !is_lost
        });
        for rid in lost {
            self.outbox.refuse(rid, Problem::RequestLost, "");
        }
    }

    /// The client is closed: whoever awaits an acknowledgement is told, and what waits is let go.
    pub(super) fn close_messages(&mut self) {
        for request in std::mem::take(&mut self.acks.requests) {
            self.outbox.refuse(request.rid, Problem::Closed, "");
        }
        let attached = std::mem::take(&mut self.acks.attached);
        self.forget(&attached);
        while let Some(item) = self.queue.remove(0) {
            self.forget(&item.attachments);
        }
    }

    /// Requests that take too long; says when to look again.
    pub(super) fn pump_requests(&mut self) -> Time {
        let mut next = Time::NEVER;
        let mut at = 0;
        while let Some(request) = self.acks.requests.get(at) {
            if request.until > self.now {
                next = next.min(request.until);
                at += 1;
                continue;
            }
            let rid = request.rid;
            // What was not sent is not sent any more.
            if let Some(place) = self.queue.place_of(rid)
                && let Some(item) = self.queue.remove(place)
            {
                self.forget(&item.attachments);
            }
            self.end_request(rid, Problem::RequestTimeout);
        }
        next
    }

    /// The server acknowledged an event.
    pub(super) fn acknowledged(
        &mut self,
        place: usize,
        id: u64,
        args: &str,
        attachments: &[Attachment],
    ) {
        let requests = &mut self.acks.requests;
        let found = requests
            .iter()
            .position(|request| request.channel == place && request.id == id && request.sent);
        let Some(at) = found else {
            // It took too long.
            self.count(Count::Stale);
            return self.forget(attachments);
        };
        let rid = requests.remove(at).rid;
        let ids = self.hand_over_attachments(attachments);
        self.outbox.acknowledgement(rid, args, &ids);
    }

    /// Hands attachments to the page; their numbers for the record that tells where they belong.
    pub(super) fn hand_over_attachments(&mut self, attachments: &[Attachment]) -> String {
        let mut ids = String::new();
        for (id, _) in attachments {
            self.outputs.push(Output::Hand { id: *id });
            push_numbers(&mut ids, &[f64::from(*id)]);
        }
        ids
    }

    /// The server awaits an acknowledgement: the number by which the page gives it.
    pub(super) fn owe(&mut self, channel: usize, id: u64) -> u32 {
        let (now, acks) = (self.now, &mut self.acks);
        while let Some(oldest) = acks.replies.front() {
            let is_awaited = oldest.as_ref().is_some_and(|reply| reply.until > now);
            if is_awaited && acks.replies.len() < MAX_REPLIES {
                break;
            }
            acks.replies.pop_front();
            acks.dropped += u64::from(is_awaited);
        }
        acks.numbers += 1;
        acks.replies.push_back(Some(Reply {
            channel,
            id,
            until: now.after(REPLY_AGE),
        }));
        acks.numbers
    }

    /// Takes out the acknowledgement of this number, where the server still awaits it.
    fn owed(&mut self, number: u32) -> Option<Reply> {
        let (now, acks) = (self.now, &mut self.acks);
        let first = acks.numbers + 1 - acks.replies.len() as u32;
        let place = number.checked_sub(first)?;
        let reply = acks.replies.get_mut(place as usize)?.take();
        reply.filter(|reply| reply.until > now)
    }

    /// The page acknowledges an event, in the order of all that it says.
    pub(super) fn reply(&mut self, rid: u32, command: &Command) {
        let attachments = std::mem::take(&mut self.acks.attached);
        let found = self.owed(command.max_age as u32);
        let goes = found.and_then(|reply| {
            let item = Item {
                expires: reply.until,
                attachments: attachments.clone(),
                rid,
                replies: true,
                ..Item::default()
            };
            let body = Body::Ack {
                id: reply.id,
                args: command.data.as_deref().unwrap_or(""),
            };
            self.send_or_queue(reply.channel, body, item, false).ok()
        });
        match goes {
            Some(true) => self.outbox.reply(rid, "\"sent\""),
            // It is answered when it leaves, or is dropped.
            Some(false) => {}
            None => {
                self.forget(&attachments);
                self.outbox.reply(rid, "\"dropped\"");
            }
        }
    }
}
