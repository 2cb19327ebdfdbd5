//! The end of the story: everything is as it should be, works once more, and is let go.

use super::acts::Act;
use super::{Event, World};
use crate::plan::Fault;
use crate::server::{Door, Style};
use crate::simulator::{Driver, SLOW, TOKEN_TIME};
use jobwire::core::{Ask, Command, Gen, Input};

impl World {
    /// After the trouble: a page that was told that the client gave up calls `connect()`.
    pub(super) fn come_back(&mut self) {
        self.connect();
        // What gives up over something that was under way when the trouble ended is asked once more.
        let settled = self.under_way();
        self.later(settled, Event::Act(Act::Connect));
        // The remedy for reads that were refused for good while the connection served.
        if self.plan.config.interval > 0 {
            for job in 0..self.plan.jobs {
                self.later(settled + 1, Event::Act(Act::Refresh(job)));
            }
        }
        self.holding = true;
        let bound = settled + self.bound();
        self.later(bound, Event::Settled);
    }

    /// How long after the end of all trouble the last connection is known to be lost, ms.
    fn under_way(&self) -> u64 {
        2 * (self.plan.latency + SLOW)
            + 3 * TOKEN_TIME
            + self.plan.config.heartbeat_timeout.max(1000)
            + 2000
    }

    /// How long after the end of all trouble everything must be as it should be, ms: the longest back-off, a token and
    /// its refresh, a handshake on either way, the door, a read.
    fn bound(&self) -> u64 {
        let slow = if self.plan.faults.contains(&Fault::SlowNetwork) {
            2 * SLOW
        } else {
            0
        };
        let config = &self.plan.config;
        let trips = 12 * 2 * self.plan.latency;
        let handshakes = 2 * config.heartbeat_timeout.max(1000);
        config.backoff.max_delay
            + handshakes
            + config.interval
            + trips
            + slow
            + 3 * TOKEN_TIME
            + self.plan.habits.slow_door
            + 2000
    }

    /// Whether a namespace lets the client in.
    fn lets_in(&self, name: &str) -> bool {
        self.plan
            .habits
            .doors
            .get(name)
            .is_some_and(|door| match door {
                Door::Open => true,
                Door::Closed => false,
                Door::Token => self.plan.config.token,
            })
    }

    /// Namespaces that the client wants and that let it in.
    fn expected(&self) -> Vec<String> {
        let mut all: Vec<String> = self.page.channels.iter().cloned().collect();
        let wants_any = !all.is_empty()
            || !self.page.listens.is_empty()
            || self.page.listens_to_all
            || self.page.watch_all
            || self.follows_any();
        if wants_any {
            all.push(self.plan.config.namespace.clone());
        }
        all.retain(|name| self.lets_in(name));
        all
    }

    fn follows_any(&self) -> bool {
        self.server
            .jobs
            .iter()
            .any(|job| !job.is_over() && self.page.follows(&job.id))
    }

    fn joined(&self, name: &str) -> Option<usize> {
        self.server.living(name).last().copied()
    }

    pub(super) fn settled(&mut self) {
        for name in self.expected() {
            let joined = self.joined(&name).is_some();
            let state = self.state_of(&name);
            self.broken.ensure(
                "what is wanted is joined",
                joined && state == "open",
                || {
                    format!(
                        "{name}: joined: {joined}, the page is told {state}; {:?} {:?}",
                        self.page.status, self.page.statuses
                    )
                },
            );
        }
        self.nothing_else_is_joined();
        // Where the server does not let the client in, nothing more is tried: nor are jobs read.
        let home = self.plan.config.namespace.clone();
        if self.plan.config.interval > 0 && self.lets_in(&home) {
            self.compare_jobs();
        }
        self.holding = false;
        self.prove();
    }

    /// In the session that the client has now it is in no namespace that nobody wants.
    fn nothing_else_is_joined(&mut self) {
        if self.page.status.state != "open" {
            return;
        }
        let home = self.plan.config.namespace.as_str();
        // The newest: of one that was lost the server may not know yet, and let the client into it later.
        let number = |sid: &String| -> Option<u64> {
            let digits = sid.trim_start_matches('s').split('_').next()?;
            digits.parse().ok()
        };
        let home_lives = self.server.living(home).into_iter();
        let sessions = home_lives.filter_map(|life| self.server.lives[life].session.as_ref());
        let Some(now) = sessions.max_by_key(|sid| number(sid)) else {
            return;
        };
        let unwanted = self.server.lives.iter().find(|life| {
            life.session.as_ref() == Some(now)
                && life.namespace != home
                && !self.page.channels.contains(&life.namespace)
        });
        let why = unwanted.map(|life| format!("{life:?}"));
        self.broken
            .ensure("what nobody wants is left", why.is_none(), || {
                why.unwrap_or_default()
            });
    }

    fn state_of(&self, name: &str) -> &'static str {
        if self.plan.config.namespace == name {
            self.page.status.state
        } else {
            self.page
                .statuses
                .get(name)
                .map_or("(not told)", |status| status.state)
        }
    }

    fn compare_jobs(&mut self) {
        for job in &self.server.jobs {
            if self.page.follows(&job.id) {
                self.jobs.show_the_truth(job, &mut self.broken);
            }
        }
    }

    /// Once more, without trouble: whatever is sent now arrives.
    fn prove(&mut self) {
        self.proof_since = self.clock.mono();
        for name in self.expected() {
            self.send_message(&name, false);
            self.request(&name);
            self.server.now = self.clock.now;
            for style in [Style::Plain, Style::Binary, Style::Question] {
                self.server.emit(&name, style);
            }
            self.serve();
        }
        let bound = self.bound() + 60_000;
        self.later(bound, Event::Proven);
    }

    pub(super) fn proven(&mut self) {
        if self.server.jobs.iter().any(|job| !job.is_over()) {
            return self.later(5000, Event::Proven);
        }
        // To disconnect is no trouble: what was said before still goes.
        let leaves_alone = |fault: &Fault| *fault == Fault::Disconnect;
        let leaves_only = self.plan.faults.iter().all(leaves_alone);
        let since = if self.plan.is_calm() || leaves_only && !self.plan.habits.always_connect {
            0
        } else {
            self.proof_since
        };
        let now = self.clock.mono();
        // Where the server lets in first and refuses then, what was said in between is lost.
        let open: Vec<&str> = self
            .plan
            .habits
            .doors
            .keys()
            .copied()
            .filter(|name| self.lets_in(name))
            .collect();
        self.ledger
            .everything_arrived(&open, since, now, &mut self.broken);
        let refused = self.ledger.messages.values().find(|message| {
            message.issued >= self.proof_since
                && message.kind == crate::check::Kind::Request
                && !matches!(message.answer, Some(crate::check::Answer::Acknowledged(..)))
                && message.expires < now
        });
        let full = self.plan.config.queue_items < 100
            || self.plan.config.queue_bytes < 10_000
            || self.plan.config.rate_limit.is_some();
        self.broken.ensure(
            "requests are answered when all is well",
            full || refused.is_none(),
            || format!("{refused:?}"),
        );
        if self.plan.listens_always {
            for name in self.expected() {
                if let Some(life) = self.joined(&name) {
                    self.events
                        .all_was_told(life, &self.server, &mut self.broken);
                }
            }
        }
        if self.joined(&self.plan.config.namespace).is_some() {
            self.compare_jobs();
        }
        self.inspect();
        self.leave();
    }

    /// The page loses interest: nothing may outlive the linger time.
    fn leave(&mut self) {
        let jobs: Vec<usize> = (0..self.plan.jobs).collect();
        for job in jobs {
            while self.page.follows(&self.server.jobs[job].id.clone()) {
                self.act(Act::Unfollow(job));
            }
        }
        for name in self.page.listens.clone() {
            self.listen(&name, false);
        }
        if self.page.listens_to_all {
            self.listen_to_all(false);
        }
        for name in self.page.channels.clone() {
            self.page.channels.remove(&name);
            self.input(Input::Command(Command::new(Ask::Channel, 0.0, &name)));
        }
        if self.page.watch_all {
            self.act(Act::WatchAll);
        }
        // What is being said is said to its end.
        let linger = self.plan.config.linger + 100 + 8 * self.plan.latency;
        self.later(linger, Event::Left);
    }

    pub(super) fn left(&mut self) {
        let live = self.transports.live();
        self.broken
            .ensure("nothing is open when nobody wants it", live == 0, || {
                format!("{live} transports: {:?}", self.transports)
            });
        for _ in 0..2 {
            let act = self.dice.pick(&[
                Act::Connect,
                Act::Send,
                Act::Follow(0),
                Act::Request,
                Act::Open("/chat"),
            ]);
            self.act(act);
        }
        self.input(Input::Command(Command::new(Ask::Shutdown, 0.0, "")));
        self.nothing_is_left();
        self.page.closed = true;
        for act in [
            Act::Connect,
            Act::Send,
            Act::Request,
            Act::Refresh(0),
            Act::Follow(0),
        ] {
            self.act(act);
        }
        // What was said before still goes, and good-bye behind it.
        let trips = 100 + 8 * self.plan.latency;
        self.later(trips, Event::Closed);
    }

    pub(super) fn closed(&mut self) {
        let doors = &self.plan.habits.doors;
        let open: Vec<&str> = doors
            .keys()
            .copied()
            .filter(|name| self.lets_in(name))
            .collect();
        self.ledger
            .what_was_sent_arrived(&open, self.proof_since, &mut self.broken);
        self.nobody_is_left_behind();
        self.after_close();
        self.nothing_is_left();
        let kept = self.store.kept();
        let seed = self.seed;
        self.broken.ensure("no attachment leaks", kept == 0, || {
            format!("{kept} are kept at the end of seed {seed}")
        });
        self.end_story();
    }

    /// The server keeps no session of a client that has left.
    fn nobody_is_left_behind(&mut self) {
        let leaves_alone = |fault: &Fault| *fault == Fault::Disconnect;
        if !self.plan.is_calm() && !self.plan.faults.iter().all(leaves_alone) {
            return;
        }
        let live = self.server.live_sessions();
        self.broken.ensure(
            "the server keeps no session that was left",
            live.is_empty(),
            || format!("{live:?}"),
        );
    }

    /// What still reaches the driver after the end.
    fn after_close(&mut self) {
        self.input(Input::Take { late: false });
        self.input(Input::Timer);
        let gens: Vec<Gen> = self
            .wires
            .iter()
            .rev()
            .take(2)
            .map(|wire| wire.link.r#gen)
            .collect();
        for r#gen in gens {
            self.input(Input::Frames {
                text: "42[\"news\",{}]".into(),
                gens: vec![r#gen],
            });
            self.input(Input::Closed {
                r#gen,
                code: 1000,
                reason: String::new(),
            });
        }
        for req in self.flights.keys().copied().collect::<Vec<_>>() {
            let outcome = jobwire::core::HttpOutcome::default();
            self.input(Input::Http { req, outcome });
        }
    }

    fn nothing_is_left(&mut self) {
        self.ledger.everything_is_answered(&mut self.broken);
        let open: Vec<u64> = self
            .page
            .answers
            .iter()
            .filter(|(_, count)| **count != 1)
            .map(|(rid, _)| *rid)
            .collect();
        self.broken
            .ensure("every command is answered", open.is_empty(), || {
                format!("{open:?}")
            });
        let live = self.transports.live();
        self.broken
            .ensure("nothing is open after close", live == 0, || {
                format!("{live} transports")
            });
        // What tells a server that the client has left has a time limit.
        let next = self.client.engine.next_deadline();
        let is_over = self.client.engine.is_over();
        self.broken.ensure(
            "no deadline after close",
            next.is_none() || !is_over,
            || format!("{next:?}"),
        );
    }
}
