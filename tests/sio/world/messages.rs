//! What the page and the server's application say to each other.

use super::acts::Act;
use super::{Event, World};
use crate::check::{Kind, Message};
use crate::server::{Door, Style, bytes_of};
use crate::simulator::Driver;
use jobwire::core::{Ask, Command, Input};

impl World {
    pub(super) fn some_channel(&mut self) -> String {
        let mut all: Vec<String> = self.page.channels.iter().cloned().collect();
        all.push(self.plan.config.namespace.clone());
        self.dice.pick(&all)
    }

    /// The event's name on a namespace, as the engine is told it.
    pub(super) fn event_on(&self, namespace: &str, name: &str) -> String {
        if self.plan.config.namespace == namespace {
            name.to_owned()
        } else {
            format!("{namespace},{name}")
        }
    }

    pub(super) fn send_something(&mut self) {
        let namespace = self.some_channel();
        let volatile = self.dice.chance(20);
        self.send_message(&namespace, volatile);
    }

    /// The page's bytes, handed over before the message they belong to; and the arguments that name them.
    fn attach(&mut self, message: &mut Message, more: &str) -> String {
        let n = message.n;
        let count = if self.dice.chance(20) {
            self.dice.between(1, 2)
        } else {
            0
        };
        let mut args = format!("{{\"n\":{n}{more}}}");
        for place in 0..count {
            let bytes = bytes_of(n + place);
            message.attachments.push(bytes.clone());
            let size = bytes.len() as u64;
            let id = self.store.keep(bytes);
            self.input(Input::Attached { id, size });
            args.push_str(&format!(",{{\"_placeholder\":true,\"num\":{place}}}"));
        }
        args
    }

    pub(super) fn send_message(&mut self, namespace: &str, volatile: bool) {
        let kind = if volatile { Kind::Volatile } else { Kind::Send };
        let now = self.clock.mono();
        let mut message = Message::new(self.page.next(), kind, namespace, now);
        let max_age = if self.dice.chance(20) { 500.0 } else { -1.0 };
        let age = if max_age < 0.0 {
            self.plan.config.queue_age
        } else {
            500
        };
        message.expires = now + age;
        message.key = self
            .dice
            .chance(20)
            .then(|| self.dice.pick(&["a", "b"]).to_owned());
        let long = self.dice.chance(10);
        let more = if long {
            format!(",\"text\":\"{}\"", "x".repeat(300))
        } else {
            String::new()
        };
        let args = self.attach(&mut message, &more);
        let command = Command {
            data: Some(args),
            supersede: message.key.clone(),
            max_age,
            ..Command::new(
                if volatile {
                    Ask::SendVolatile
                } else {
                    Ask::Send
                },
                message.n as f64,
                &self.event_on(namespace, "m"),
            )
        };
        self.ledger.issue(message);
        self.command(command);
    }

    pub(super) fn request(&mut self, namespace: &str) {
        let now = self.clock.mono();
        let mut message = Message::new(self.page.next(), Kind::Request, namespace, now);
        let limit = if self.healed {
            20_000
        } else {
            self.dice.pick(&[300, 2000, 10_000])
        };
        message.expires = now + limit;
        message.wait = if self.healed {
            Some(0)
        } else {
            self.dice
                .pick(&[Some(0), Some(0), Some(200), Some(3000), None])
        };
        let bytes = self.dice.chance(20);
        let wait = message
            .wait
            .map_or("null".to_owned(), |wait| wait.to_string());
        let args = self.attach(&mut message, &format!(",\"wait\":{wait},\"bytes\":{bytes}"));
        let command = Command {
            data: Some(args),
            max_age: limit as f64,
            ..Command::new(
                Ask::Request,
                message.n as f64,
                &self.event_on(namespace, "ask"),
            )
        };
        self.ledger.issue(message);
        self.command(command);
    }

    /// The server asks something: the page answers, sooner or later or never.
    pub(super) fn asked(&mut self, namespace: &str, number: u64) {
        let wait = if self.healed {
            0
        } else {
            self.dice.pick(&[0, 0, 50, 3000, 90_000])
        };
        let namespace = namespace.to_owned();
        if wait < 90_000 {
            self.later(wait, Event::Act(Act::Reply { namespace, number }));
        }
    }

    pub(super) fn reply(&mut self, namespace: &str, number: u64) {
        let now = self.clock.mono();
        let mut message = Message::new(self.page.next(), Kind::Reply, namespace, now);
        let args = self.attach(&mut message, "");
        let command = Command {
            data: Some(args),
            max_age: number as f64,
            ..Command::new(Ask::Reply, message.n as f64, "")
        };
        self.ledger.issue(message);
        self.command(command);
    }

    /// The server's application has its question answered.
    pub(super) fn replied(&mut self, k: u64, n: u64) {
        let fits = self
            .ledger
            .messages
            .get(&n)
            .is_some_and(|message| message.kind == Kind::Reply);
        let asked = self.server.emissions[k as usize].style == Style::Question;
        self.broken
            .ensure("questions are answered with replies", fits && asked, || {
                format!("{k} with {n}")
            });
    }

    pub(super) fn emit(&mut self) {
        let open: Vec<&'static str> = self
            .plan
            .habits
            .doors
            .iter()
            .filter(|(_, door)| **door != Door::Closed)
            .map(|(name, _)| *name)
            .collect();
        if open.is_empty() {
            return;
        }
        let namespace = self.dice.pick(&open);
        let style = self.dice.pick(&[
            Style::Plain,
            Style::Plain,
            Style::Several,
            Style::Binary,
            Style::Question,
            Style::Volatile,
            Style::VolatileText,
        ]);
        self.server.now = self.clock.now;
        for _ in 0..self.dice.pick(&[1, 1, 3, 20]) {
            self.server.emit(namespace, style);
        }
        self.serve();
    }
}
