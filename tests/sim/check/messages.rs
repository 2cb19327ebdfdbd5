//! Messages to the server: which leave at once, which wait and for how long, which are refused, and in what order.
//!
//! The queue is followed item by item, so that every answer and every frame can be foretold.

use super::Check;
use crate::page::{Page, Said};
use crate::plan::Plan;
use crate::server::Truth;
use jobwire::core::{Ask, Command, Gen};
use std::collections::VecDeque;

/// Below this a token of the rate limit is not missing but lost in rounding.
const HAIR: f64 = 1e-3;

/// A message that waits.
pub(super) struct Waiting {
    rid: u32,
    /// Whose socket it takes.
    key: usize,
    text: String,
    expires: u64,
    supersede: Option<String>,
}

/// What the page has just been promised, or will be.
struct Issued {
    message: Waiting,
    volatile: bool,
    /// The socket it takes is open.
    open: bool,
    /// The client may have given up, and take nothing.
    failed: bool,
    answer: Option<Said>,
}

pub(super) struct Messages {
    waiting: Vec<Waiting>,
    /// The one that was handed in with this input.
    issued: Option<Issued>,
    /// One that names no job, while several are followed or none.
    unaddressed: Option<u32>,
    /// Those that left with this input, and by whose socket.
    sent: VecDeque<(Option<usize>, String)>,
    /// What the rate limit has left, and when it had.
    tokens: f64,
    at: u64,
}

impl Messages {
    pub(super) fn new() -> Self {
        Self {
            waiting: Vec::new(),
            issued: None,
            unaddressed: None,
            sent: VecDeque::new(),
            tokens: f64::INFINITY,
            at: 0,
        }
    }
}

/// A message as it must leave.
fn text_of(command: &Command) -> String {
    let event = &command.text;
    match &command.data {
        None => format!("{{\"type\":\"{event}\"}}"),
        Some(data) => match data.strip_prefix('{') {
            Some(members) => format!("{{\"type\":\"{event}\",{members}"),
            None => format!("{{\"type\":\"{event}\",\"data\":{data}}}"),
        },
    }
}

impl Check {
    /// The page sends something.
    pub(super) fn issues(
        &mut self,
        plan: &Plan,
        page: &Page,
        truth: &Truth,
        mono: u64,
        command: &Command,
    ) {
        let mut followed = (0..plan.jobs).filter(|job| page.followers[*job] > 0);
        let only = followed.next().filter(|_| followed.next().is_none());
        let about = command.data.as_deref().and_then(|data| {
            let id = data.strip_prefix("{\"jobId\":\"")?.strip_suffix("\"}")?;
            truth.jobs.iter().position(|job| job.id == id)
        });
        let key = if plan.per_job() {
            about.or(only)
        } else {
            Some(plan.jobs)
        };
        let rid = command.n as u32;
        if page.closed {
            return;
        }
        let Some(key) = key else {
            self.messages.unaddressed = Some(rid);
            return;
        };
        let age = if command.max_age < 0.0 {
            plan.config.queue_age
        } else {
            command.max_age as u64
        };
        self.messages.issued = Some(Issued {
            message: Waiting {
                rid,
                key,
                text: text_of(command),
                expires: mono + age,
                supersede: command.supersede.clone(),
            },
            volatile: command.what == Ask::SendVolatile,
            open: self.is_open(key),
            failed: page.state == "failed",
            answer: None,
        });
    }

    pub(super) fn leaves(&mut self, r#gen: Gen, text: &str) {
        let key = self.sockets.get(&r#gen.id()).map(|socket| socket.key);
        self.messages.sent.push_back((key, text.to_owned()));
    }

    /// What a request was answered with.
    pub(super) fn message_answered(&mut self, rid: u32, said: &Said) {
        if let Some(issued) = &mut self.messages.issued
            && issued.message.rid == rid
        {
            issued.answer = Some(said.clone());
        }
        if self.messages.unaddressed == Some(rid) {
            self.ensure(*said == Said::Refused, || {
                format!("message {rid} is for no job in particular: {said:?}")
            });
        }
    }

    /// After every input: what was foretold has happened, and nothing else.
    pub(super) fn messages_settled(&mut self, plan: &Plan, mono: u64) {
        let mut messages = std::mem::replace(&mut self.messages, Messages::new());
        messages.tokens = plan
            .config
            .rate_limit
            .as_ref()
            .map_or(f64::INFINITY, |limit| {
                let earned = (mono - messages.at) as f64 * limit.per_second / 1000.0;
                (messages.tokens + earned).min(limit.burst)
            });
        messages.at = mono;
        if let Some(issued) = messages.issued.take() {
            self.settle_issued(plan, &mut messages, issued);
        }
        self.settle_waiting(mono, &mut messages);
        let extra = messages.sent.pop_front();
        self.ensure(extra.is_none(), || {
            format!("sent though nobody asked for it, or again, or out of its order: {extra:?}")
        });
        self.messages = messages;
    }

    /// The message of this input: sent, or in its place in the queue, or refused for want of room.
    fn settle_issued(&mut self, plan: &Plan, messages: &mut Messages, issued: Issued) {
        let message = issued.message;
        let (rid, key) = (message.rid, message.key);
        let said = match issued.answer {
            Some(Said::Word(word)) => word,
            Some(Said::Refused) if issued.failed => return,
            Some(Said::Refused) => "refused".to_owned(),
            Some(Said::Other) | None => "something else".to_owned(),
        };
        let behind = messages.waiting.iter().any(|other| other.key == key);
        let may_go = issued.open && !behind && messages.tokens > 1.0 - HAIR;
        if may_go && (messages.tokens > 1.0 + HAIR || said == "sent") {
            messages.tokens -= 1.0;
            let left = messages.sent.pop_front();
            let right = left == Some((Some(key), message.text));
            return self.ensure(right && said == "sent", || {
                format!("message {rid} could leave at once: {said}, {left:?}")
            });
        }
        let waiting = &mut messages.waiting;
        let bytes: usize = waiting.iter().map(|other| other.text.len()).sum();
        let count = waiting.len();
        let older = waiting.iter_mut().find(|older| {
            message.supersede.is_some() && older.supersede == message.supersede && older.key == key
        });
        let before = older.as_ref().map_or(0, |older| older.text.len());
        let fits = bytes - before + message.text.len() <= plan.config.queue_bytes
            && (older.is_some() || count < plan.config.queue_items);
        let expected = match (issued.volatile, fits) {
            (true, _) => "dropped",
            (false, false) => "refused",
            (false, true) => "queued",
        };
        if expected == "queued" {
            match older {
                Some(older) => *older = message,
                None => waiting.push(message),
            }
        }
        self.ensure(said == expected, || {
            format!("message {rid} must be {expected}, the page is told {said}")
        });
    }

    /// What waits leaves in its order as soon as it can, or is dropped for its age.
    fn settle_waiting(&mut self, mono: u64, messages: &mut Messages) {
        messages.waiting.retain(|message| message.expires > mono);
        let mut at = 0;
        while let Some(Waiting { key, .. }) = messages.waiting.get(at) {
            // A socket may be let go after it has carried something.
            let carried = messages.sent.iter().any(|(by, _)| *by == Some(*key));
            if !(self.is_open(*key) || carried) || messages.tokens < 1.0 - HAIR {
                at += 1;
                continue;
            }
            let next = messages.sent.pop_front();
            if next.is_none() && messages.tokens < 1.0 + HAIR {
                return;
            }
            let Waiting { rid, key, text, .. } = messages.waiting.remove(at);
            messages.tokens -= 1.0;
            self.ensure(next == Some((Some(key), text)), || {
                format!("message {rid}, which waited, could leave: {next:?}")
            });
        }
    }
}
