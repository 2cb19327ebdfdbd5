//! What the page owes over Socket.IO: acknowledgements of what the server asked.

use crate::core::engine::Engine;
use crate::core::engine::acks::line_of;
use crate::core::io::input::Command;
use crate::core::protocol::socketio::Body;
use crate::core::protocol::socketio::channel::Channel;
use crate::core::send::queue::{Item, Kind};
use crate::core::time::Time;
use std::collections::VecDeque;

/// Acknowledgements that the page owes at once; of more the oldest are not sent. A page that gives none within their
/// time must not fill the memory.
const MAX_REPLIES: usize = 100_000;
/// How long the page may take for one, ms.
const REPLY_AGE: u64 = 60_000;

/// An acknowledgement that the server awaits.
#[derive(Debug)]
struct Reply {
    channel: usize,
    /// Which time the client was in the namespace: no other time is it of use.
    joining: u32,
    id: u64,
    until: Time,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Owed {
    /// In the order of the numbers by which the page gives them; `None`: it did.
    list: VecDeque<Option<Reply>>,
    /// The number of the last one.
    last: u32,
}

impl Engine {
    /// Whether a server still awaits an acknowledgement.
    fn is_awaited(&self, reply: &Reply) -> bool {
        let channel = self.channel(reply.channel);
        let joining = channel.and_then(Channel::joining);
        reply.until > self.now && joining == Some(reply.joining)
    }

    /// The server awaits an acknowledgement: the number by which the page gives it.
    pub(super) fn owe(&mut self, channel: usize, id: u64) -> u32 {
        while let Some(oldest) = self.acks.owed.list.front() {
            let is_awaited = oldest.as_ref().is_some_and(|reply| self.is_awaited(reply));
            if is_awaited && self.acks.owed.list.len() < MAX_REPLIES {
                break;
            }
            self.acks.owed.list.pop_front();
            self.acks.dropped += u64::from(is_awaited);
        }
        let joining = self.channel(channel).and_then(Channel::joining);
        let owed = &mut self.acks.owed;
        owed.last += 1;
        owed.list.push_back(Some(Reply {
            channel,
            joining: joining.unwrap_or_default(),
            id,
            until: self.now.after(REPLY_AGE),
        }));
        owed.last
    }

    /// Takes out the acknowledgement of this number, where the server still awaits it.
    fn take_owed(&mut self, number: u32) -> Option<Reply> {
        let owed = &mut self.acks.owed;
        let first = owed.last + 1 - owed.list.len() as u32;
        let place = number.checked_sub(first)?;
        let reply = owed.list.get_mut(place as usize)?.take();
        reply.filter(|reply| self.is_awaited(reply))
    }

    /// The page acknowledges an event, in the order of all that it says.
    pub(super) fn reply(&mut self, rid: u32, command: &Command) {
        let attachments = std::mem::take(&mut self.acks.attached);
        let found = self.take_owed(command.max_age as u32);
        let goes = found.and_then(|reply| {
            let mut item = Box::new(Item {
                line: line_of(reply.channel),
                expires: reply.until,
                rid,
                kind: Kind::Reply,
                ..Item::default()
            });
            item.attachments.extend_from_slice(&attachments);
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
