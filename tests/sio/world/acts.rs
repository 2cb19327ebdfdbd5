//! What the page does.

use super::{Event, World};
use crate::plan::NAMESPACES;
use crate::simulator::{Driver, Faults};
use jobwire::core::{Ask, Command, Input};

/// The names of the application's events.
const EVENTS: [&str; 4] = ["news", "bytes", "question", "tick"];

/// What a page, or the server's application, does of its own.
#[derive(Clone, Debug)]
pub(super) enum Act {
    Follow(usize),
    Unfollow(usize),
    Refresh(usize),
    Open(&'static str),
    Close(&'static str),
    Send,
    Burst,
    Request,
    Reply { namespace: String, number: u64 },
    Listen(&'static str),
    Unlisten(&'static str),
    WatchAll,
    Wake,
    Connect,
    Inspect,
    Emit,
}

impl World {
    /// What the page does first of all.
    pub(super) fn settle_in(&mut self) {
        let default = self.plan.config.namespace.clone();
        if self.plan.listens_always {
            self.listen_to_all(true);
        }
        for name in NAMESPACES {
            if *name != *default && self.dice.chance(if name == "/nowhere" { 5 } else { 35 }) {
                let at = self.dice.pick(&[0, 0, 2000]);
                self.at(at, Event::Act(Act::Open(name)));
            }
        }
        for job in 0..self.plan.jobs {
            if self.dice.chance(80) {
                self.at(0, Event::Act(Act::Follow(job)));
            }
        }
        if self.dice.chance(50) {
            self.at(0, Event::Act(Act::Connect));
        }
    }

    pub(super) fn draw_act(&mut self) -> Act {
        let job = self.dice.between(0, self.plan.jobs as u64 - 1) as usize;
        let name = self.dice.pick(&NAMESPACES[..4]);
        match self.dice.between(0, 35) {
            0 | 1 => Act::Follow(job),
            2 => Act::Unfollow(job),
            3 => Act::Refresh(job),
            4 | 5 => Act::Open(name),
            6 | 7 => Act::Close(name),
            8..=13 => Act::Send,
            14 | 15 => Act::Burst,
            16..=20 => Act::Request,
            21 => Act::Listen(name),
            22 => Act::Unlisten(name),
            23 => Act::WatchAll,
            24 => Act::Wake,
            25 => Act::Connect,
            26 => Act::Inspect,
            _ => Act::Emit,
        }
    }

    pub(super) fn command(&mut self, command: Command) {
        self.input(Input::Command(command));
    }

    pub(super) fn act(&mut self, act: Act) {
        if let Act::Emit = act {
            return self.emit();
        }
        if self.client.is_frozen() {
            // A page that does not run does nothing, but what it must.
            if matches!(act, Act::Connect | Act::Reply { .. }) {
                self.later(1000, Event::Act(act));
            }
            return;
        }
        let job = |world: &Self, job: usize| world.server.jobs[job].id.clone();
        match act {
            Act::Follow(at) => {
                let id = job(self, at);
                *self.page.followers.entry(id.clone()).or_insert(0) += 1;
                self.command(Command::new(Ask::Follow, 0.0, &id));
            }
            Act::Unfollow(at) => {
                let id = job(self, at);
                if self.page.follows(&id) {
                    *self.page.followers.entry(id.clone()).or_insert(0) -= 1;
                    self.command(Command::new(Ask::Unfollow, 0.0, &id));
                }
            }
            Act::Refresh(at) => {
                let (rid, id) = (self.page.rid(), job(self, at));
                self.command(Command::new(Ask::Refresh, rid as f64, &id));
            }
            Act::Open(name) => self.open_channel(name),
            Act::Close(name) => {
                if self.page.channels.remove(name) {
                    self.ledger.doubt(name);
                    self.listen(name, false);
                    self.command(Command::new(Ask::Channel, 0.0, name));
                }
            }
            Act::Send => self.send_something(),
            Act::Burst => {
                for _ in 0..self.dice.between(2, 40) {
                    self.send_something();
                }
            }
            Act::Request => {
                let namespace = self.some_channel();
                self.request(&namespace);
            }
            Act::Reply { namespace, number } => self.reply(&namespace, number),
            Act::Listen(name) => {
                if self.knows(name) {
                    self.listen(name, true);
                }
            }
            Act::Unlisten(name) => self.listen(name, false),
            Act::WatchAll => {
                self.page.watch_all = !self.page.watch_all;
                let on = f64::from(u8::from(self.page.watch_all));
                self.command(Command::new(Ask::WatchAll, on, ""));
            }
            Act::Wake => {
                let reason = self.dice.pick(&[0.0, 4.0, 3.0, 2.0, 1.0]);
                self.wake(reason);
            }
            Act::Connect => self.connect(),
            Act::Inspect => self.inspect(),
            Act::Emit => {}
        }
    }

    fn knows(&self, name: &str) -> bool {
        self.page.channels.contains(name) || self.plan.config.namespace == name
    }

    pub(super) fn open_channel(&mut self, name: &'static str) {
        if self.plan.config.namespace == name {
            return;
        }
        self.page.channels.insert(name.to_owned());
        self.page.opened.insert(name.to_owned());
        self.doors.forgive(name);
        self.command(Command::new(Ask::Channel, 1.0, name));
    }

    /// Listens to whatever the server's application emits in a namespace, or no more.
    pub(super) fn listen(&mut self, name: &str, on: bool) {
        if self.page.listens.contains(name) == on {
            return;
        }
        if on {
            self.page.listens.insert(name.to_owned());
        } else {
            self.page.listens.remove(name);
            self.page.stopped_listening.insert(name.to_owned());
        }
        // Where it is not the default one, by the name for all of its events.
        let all = self.plan.config.namespace != name;
        for event in if all { &["*"][..] } else { &EVENTS } {
            let text = self.event_on(name, event);
            self.command(Command::new(
                Ask::Listen,
                if on { 1.0 } else { -1.0 },
                &text,
            ));
        }
    }

    /// The same for everything in every namespace.
    pub(super) fn listen_to_all(&mut self, on: bool) {
        self.page.listens_to_all = on;
        self.command(Command::new(Ask::Listen, if on { 1.0 } else { -1.0 }, "*"));
    }

    pub(super) fn connect(&mut self) {
        self.page.connected = true;
        self.doors.forgive_all();
        let rid = self.page.rid();
        self.command(Command::new(Ask::Connect, rid as f64, ""));
    }

    /// What has bounds is within them.
    pub(super) fn inspect(&mut self) {
        let text = self.client.engine.inspect(7);
        let lists: serde_json::Value =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let config = &self.plan.config;
        let figure = |place: usize| lists[2][place].as_u64().unwrap_or(u64::MAX);
        let within = [
            ("outgoing", figure(3), config.queue_items as u64),
            ("outgoing bytes", figure(4), config.queue_bytes as u64),
            ("reading", figure(5), 4),
            ("jobs", figure(2), self.plan.jobs as u64),
            ("reminders", figure(8), 1000),
        ];
        for (what, is, most) in within {
            self.broken
                .ensure("tables keep within their bounds", is <= most, || {
                    format!("{what}: {is}, at most {most}")
                });
        }
        let pending = self.ledger.messages.values().filter(|message| {
            message.answer == Some(crate::check::Answer::Queued) || message.answer.is_none()
        });
        let attachments: usize = pending.map(|message| message.attachments.len()).sum();
        let (kept, most) = (self.store.kept(), attachments + 200);
        self.broken
            .ensure("attachments keep within bounds", kept <= most, || {
                format!("{kept}, at most {most}")
            });
    }
}
