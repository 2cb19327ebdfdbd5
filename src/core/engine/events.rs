//! Events of Socket.IO: those of system B to its jobs (SYSTEMS.md, B), all of them to listeners and history. What the
//! server appends for recovery is taken off before anybody sees it.

use crate::core::deliver::outbox::Delivery;
use crate::core::engine::Engine;
use crate::core::engine::channels::DEFAULT;
use crate::core::engine::ingest::Event;
use crate::core::jobs::fields::{Field, Fields, Wrong};
use crate::core::jobs::status::Source;
use crate::core::json::{Raw, Scanner, Value, push_numbers};
use crate::core::protocol::kind::Kind;
use crate::core::protocol::message::Invalid;
use crate::core::protocol::socketio::attachment::{Attachment, push_ids};
use crate::core::protocol::socketio::offset;
use crate::core::text::words::{about, joined};
use crate::core::time::Time;

/// What an event of system B is about.
#[derive(Clone, Copy, PartialEq)]
enum Topic {
    /// One job.
    Job,
    /// Every job of the server.
    Jobs,
    /// The player's state.
    Performance,
    /// Nothing that is checked, but its members have names that JavaScript knows otherwise.
    Known,
    /// An event of the app.
    Other,
}

impl Topic {
    fn of(name: &str, default: bool) -> Self {
        match name {
            "job_created" | "job_updated" | "job_completed" | "job_failed" | "job_cancelled"
                if default =>
            {
                Self::Job
            }
            "jobs_list" if default => Self::Jobs,
            "performance_state" => Self::Performance,
            "playback_play" | "playback_pause" => Self::Known,
            _ => Self::Other,
        }
    }
}

/// The members of the player's state that have a type, and which: a number, a boolean or a text.
const PERFORMANCE: [(&str, &str); 6] = [
    ("vocal_volume", "a number"),
    ("instrumental_volume", "a number"),
    ("lyrics_offset", "a number"),
    ("current_time", "a number"),
    ("lyrics_size", "a string"),
    ("is_playing", "a boolean"),
];

fn check_performance(args: &str) -> Result<(), Wrong> {
    let mut scanner = Scanner::new(args);
    let mut first = scanner.eat(b'{');
    if !first {
        return Err(not_an_object(args));
    }
    while let Ok(Some((name, value))) = scanner.member(&mut first) {
        for (known, holds) in &PERFORMANCE {
            if name.raw == *known && value != Value::Null && value.type_name() != *holds {
                return Err(Wrong(
                    "wrong-type",
                    about(&[known, ": expected ", holds, ", got "], &value),
                ));
            }
        }
    }
    Ok(())
}

fn not_an_object(args: &str) -> Wrong {
    let value = Scanner::new(args).value().unwrap_or(Value::Null);
    Wrong(
        "not-an-object",
        about(&["expected an object, got "], &value),
    )
}

impl Engine {
    /// An event came on a namespace.
    pub(super) fn event(
        &mut self,
        place: usize,
        name: &str,
        args: &str,
        ack: Option<u64>,
        attachments: Vec<Attachment>,
    ) {
        let args = self.without_offset(place, args, ack.is_some());
        let default = place == DEFAULT;
        let key = match self.channel(place) {
            Some(channel) if !default || name.starts_with('/') => {
                joined(&[&channel.name, ",", name])
            }
            _ => name.to_owned(),
        };
        let topic = Topic::of(name, default);
        let mut job = None;
        let checked = match topic {
            Topic::Job => self
                .job_news(name, args)
                .map(|reported| job = Some(reported)),
            Topic::Jobs => self.jobs_list(name, args),
            Topic::Performance => check_performance(args),
            Topic::Known | Topic::Other => Ok(()),
        };
        if let Err(Wrong(code, reason)) = checked {
            self.forget(&attachments);
            let mut scanner = Scanner::new(args);
            let is_one = scanner.value().is_ok() && scanner.end().is_ok();
            let list = joined(&["[", args, "]"]);
            let invalid = Invalid {
                event: Some(&key),
                code,
                reason: &reason,
                raw: if is_one { args } else { &list },
            };
            return self.invalid(&invalid, None, Source::Socket);
        }
        let ingested = self.ingest(&Event {
            name: &key,
            raw: args,
            job: job.as_ref().map(|(index, news)| (*index, news)),
            says_more: false,
        });
        if !ingested.heard || !ingested.is_news {
            return self.forget(&attachments);
        }
        let reply = match ack {
            // What is not delivered is not answered by anybody.
            Some(id) if self.outbox.has_room(ingested.ends) => self.owe(place, id),
            _ => 0,
        };
        let mut more = String::new();
        push_numbers(&mut more, &[f64::from(reply)]);
        push_ids(&mut more, &attachments);
        push_numbers(&mut more, &[f64::from(u8::from(topic != Topic::Other))]);
        let list = joined(&["[", args, "]"]);
        let delivered = self.deliver(&Delivery {
            job: job.map(|(index, _)| index),
            more: &more,
            ends: ingested.ends,
            ..Delivery::new(self.seq, '9', &key, &list)
        });
        if delivered {
            self.hand_over_attachments(&attachments);
        } else {
            self.forget(&attachments);
        }
    }

    /// Remembers where the server's memory of events stands after this one, and takes the mark off.
    fn without_offset<'a>(&mut self, place: usize, args: &'a str, asks: bool) -> &'a str {
        let clocks = [self.wall() as f64, self.now.0 as f64];
        let Some(channel) = self.channels.get_mut(place) else {
            return args;
        };
        // Events that ask for an acknowledgement are not kept by servers, and not marked.
        if asks || !channel.is_recoverable() {
            return args;
        }
        let Some((rest, last)) = offset::split_last(args) else {
            return args;
        };
        if !channel.offset.is_empty() && !offset::alike(&channel.offset, last) {
            return args;
        }
        let Some(skews) = offset::skews(last, clocks, channel.skews) else {
            return args;
        };
        channel.skews = skews;
        channel.offset.clear();
        channel.offset.push_str(last);
        rest
    }

    /// The job that an event is about, and what it reports of it.
    fn job_news<'a>(&mut self, name: &str, args: &'a str) -> Result<(u32, Fields<'a>), Wrong> {
        let mut scanner = Scanner::new(args);
        if scanner.peek() != Some(b'{') {
            return Err(not_an_object(args));
        }
        let mut news = Fields::default();
        // It has been read once: nothing is wrong with its grammar.
        let _ = news.read(&mut scanner);
        let says_state = news.get(Field::Status) != Value::Null;
        let kind = match name {
            "job_cancelled" if !says_state => Kind::Cancelled,
            "job_completed" if !says_state => Kind::Completed,
            _ => Kind::Snapshot,
        };
        news.check(kind)?;
        news.limit_names()?;
        let Some(id) = news.text(Field::Job).map(|id| id.get()) else {
            return Err(Wrong("wrong-type", joined(&["id: missing"])));
        };
        let Some(index) = self.entry_of(&id) else {
            return Err(Wrong(
                "too-many-jobs",
                joined(&["the table of jobs is full"]),
            ));
        };
        Ok((index, news))
    }

    /// The server's list of jobs: `{"jobs":[…]}`, or the list alone. One that is wrong is left out and said so.
    fn jobs_list(&mut self, name: &str, args: &str) -> Result<(), Wrong> {
        let mut scanner = Scanner::new(args);
        let mut list = None;
        if scanner.peek() == Some(b'{') {
            let mut first = scanner.eat(b'{');
            while let Ok(Some((member, value))) = scanner.member(&mut first) {
                if let ("jobs", Value::Array(Raw(jobs))) = (member.raw, value) {
                    list = Some(jobs);
                }
            }
        } else if let Ok(Value::Array(Raw(jobs))) = scanner.value() {
            list = Some(jobs);
        }
        let Some(list) = list else {
            return Err(Wrong("wrong-type", joined(&["jobs: expected a list"])));
        };
        let mut scanner = Scanner::new(list);
        let mut first = scanner.eat(b'[');
        while let Ok(Some(value)) = scanner.element(&mut first) {
            let raw = match value {
                Value::Object(Raw(job)) | Value::Array(Raw(job)) => job,
                _ => scanner.last_scalar(),
            };
            match self.job_news(name, raw) {
                Ok((index, news)) => {
                    self.apply(index, &news, Time::NEVER);
                }
                Err(Wrong(code, reason)) => {
                    let invalid = Invalid {
                        event: Some(name),
                        code,
                        reason: &reason,
                        raw,
                    };
                    self.invalid(&invalid, None, Source::Socket);
                    // There is no room for those behind it either.
                    if code == "too-many-jobs" {
                        break;
                    }
                }
            }
        }
        Ok(())
    }
}
