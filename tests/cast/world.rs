//! One simulated session in virtual time.

use crate::check::Check;
use crate::dice::Dice;
use crate::model::end_of;
use crate::recording::{Line, Recording, Tape};
use crate::server::Server;
use jobwire::core::io::config::{Config, Maps};
use jobwire::core::protocol::Protocol;
use jobwire::core::{
    Ask, Backoff, Command, Engine, Gen, HttpOutcome, Input, Output, Recorded, Time,
};
use serde_json::Value;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

const EPOCH: u64 = 1_736_937_000_000;

#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    pub messages: u64,
    pub told: u64,
    pub sockets: u64,
    pub reads: u64,
    pub ends: u64,
}

impl Figures {
    pub fn add(&mut self, more: &Self) {
        self.messages += more.messages;
        self.told += more.told;
        self.sockets += more.sockets;
        self.reads += more.reads;
        self.ends += more.ends;
    }
}

enum Event {
    Timer(u64),
    Take,
    Thaw,
    Handshake(Gen),
    /// The client hears something of a socket.
    Frames(Gen, Vec<(String, Vec<u64>)>),
    Closed(Gen, u16),
    Beat(Gen),
    Answer(u32, String),
    Step,
    Fault,
    Heal,
    Finish,
    Quiet,
    Over,
}

struct Plan {
    latency: u64,
    pace: u64,
    burst: u64,
    faults: u64,
    bad_frames: bool,
    duplicates: bool,
    heal_at: u64,
    intervals: BTreeMap<String, u64>,
    heartbeat: u64,
    /// The longest frame of the page, ms.
    frame: u64,
    /// The page is told after its frames: the core is in a worker.
    late: bool,
    /// The events that it listens to.
    hears: Vec<&'static str>,
    kinds: Vec<&'static str>,
}

pub struct World {
    now: u64,
    dice: Dice,
    plan: Plan,
    config: Config,
    engine: Engine,
    server: Server,
    check: Check,
    queue: BinaryHeap<Reverse<(u64, u64)>>,
    events: BTreeMap<u64, Event>,
    count: u64,
    timer_mark: u64,
    timer_for: Option<Time>,
    socket: Option<Gen>,
    /// The server's end of it.
    served: Option<Gen>,
    /// Nothing passes, and nobody is told.
    silent: bool,
    arrival: u64,
    down_until: u64,
    frozen_until: u64,
    waiting: Vec<Event>,
    taking: bool,
    aborted: BTreeSet<u32>,
    known_ends: BTreeSet<String>,
    healed: bool,
    figures: Figures,
    closed: bool,
    answers: Vec<Value>,
    tape: Option<Tape>,
}

/// An empty recording to run `seed` with.
pub fn empty_recording(seed: u64) -> Recording {
    Recording::empty(seed, World::new(seed, None).config)
}

pub fn run(seed: u64, tape: Option<Tape>) -> Result<Figures, String> {
    let mut world = World::new(seed, tape);
    world.begin();
    while let Some(Reverse((at, id))) = world.queue.pop() {
        let Some(event) = world.events.remove(&id) else {
            continue;
        };
        world.now = world.now.max(at);
        let is_over = matches!(event, Event::Over);
        world.happen(event);
        if let Some(broken) = world.check.broken.take() {
            return Err(format!("at {} ms: {broken}", world.now));
        }
        if is_over {
            break;
        }
    }
    world.figures.told = world.check.told;
    world.figures.messages = world.check.delivered.len() as u64;
    Ok(world.figures)
}

impl World {
    fn new(seed: u64, tape: Option<Tape>) -> Self {
        let mut dice = Dice::new(seed);
        let mut text = String::from(r#"{"metric_update":1000,"analytics_updated":1}"#);
        if dice.chance(30) {
            text = r#"{"metric_update":300,"track_enriched":200,"job_status":150,"party":100,"job_progress":250,"track_status_changed":0}"#
                .into();
        }
        let intervals = serde_json::from_str(&text).unwrap();
        let heartbeat = dice.pick(&[0, 0, 5000]);
        let config = Config {
            protocol: Protocol::Broadcast,
            servers: vec!["://s".into()],
            path: "/".into(),
            polling_url: "/jobs/{id}".into(),
            interval: dice.pick(&[0, 500, 3000]),
            backoff: Backoff {
                attempts: 1_000_000_000,
                base_delay: dice.pick(&[100, 1000]),
                max_delay: dice.pick(&[1000, 5000]),
                jitter: dice.pick(&[0, 1000]),
                ..Backoff::default()
            },
            heartbeat_interval: heartbeat,
            history: 1_000_000,
            maps: Some(Maps {
                intervals: text,
                ..Maps::default()
            }),
            ..Config::default()
        };
        let (pace, burst) = dice.pick(&[(5, 1), (50, 1), (50, 4), (500, 4), (1000, 60)]);
        let plan = Plan {
            latency: dice.between(1, 100),
            pace,
            burst,
            faults: if seed.is_multiple_of(8) {
                0
            } else {
                dice.between(0, 6)
            },
            bad_frames: dice.chance(30),
            duplicates: dice.chance(30),
            heal_at: dice.between(2000, 20_000),
            intervals,
            heartbeat,
            frame: dice.pick(&[0, 16, 16, 16, 100, 3000]),
            hears: dice.pick(&[
                vec!["*"],
                vec!["*"],
                vec!["*"],
                vec!["job_progress", "track_enriched", "metric_update"],
                vec![],
            ]),
            kinds: dice.pick(&[vec![], vec!["track"], vec!["track", "playlist"]]),
            late: dice.chance(40),
        };
        Self {
            now: 0,
            engine: Engine::new(config.clone(), seed),
            server: Server::new(&mut dice),
            check: Check::new(plan.hears.clone(), plan.intervals.clone(), plan.late),
            queue: BinaryHeap::new(),
            events: BTreeMap::new(),
            count: 0,
            timer_mark: 0,
            timer_for: None,
            socket: None,
            served: None,
            silent: false,
            arrival: 0,
            down_until: 0,
            frozen_until: 0,
            waiting: Vec::new(),
            taking: false,
            aborted: BTreeSet::new(),
            known_ends: BTreeSet::new(),
            healed: false,
            figures: Figures::default(),
            closed: false,
            answers: Vec::new(),
            tape,
            dice,
            plan,
            config,
        }
    }

    fn at(&mut self, at: u64, event: Event) {
        self.count += 1;
        self.events.insert(self.count, event);
        self.queue.push(Reverse((at, self.count)));
    }

    fn begin(&mut self) {
        self.input(Input::Clock { wall: EPOCH }, false);
        self.command(Ask::WatchAll, 1.0, "");
        for name in self.plan.hears.clone() {
            self.command(Ask::Listen, 1.0, name);
        }
        for kind in self.plan.kinds.clone() {
            self.command(Ask::WatchEntities, 1.0, kind);
        }
        for job in self.server.jobs.clone() {
            self.command(Ask::Follow, 0.0, &job.id);
        }
        self.at(0, Event::Step);
        for _ in 0..self.plan.faults {
            let at = self.dice.between(0, self.plan.heal_at);
            self.at(at, Event::Fault);
        }
        self.at(self.plan.heal_at, Event::Heal);
    }

    // ---- the driver ----

    fn command(&mut self, what: Ask, n: f64, text: &str) {
        self.input(Input::Command(Command::new(what, n, text)), false);
    }

    fn record(&self, line: impl FnOnce() -> Line) {
        if let Some(tape) = &self.tape {
            tape.borrow_mut().lines.push(line());
        }
    }

    fn input(&mut self, input: Input, taken: bool) {
        let at = Time(self.now);
        self.record(|| {
            Line::In(Recorded {
                at,
                input: input.clone(),
            })
        });
        self.engine.handle(at, input);
        while let Some(output) = self.engine.poll_output() {
            self.record(|| Line::Out(output.clone()));
            self.check
                .ensure(!self.closed, || format!("after close: {output:?}"));
            self.carry_out(output, taken);
        }
        let next = self.engine.next_deadline();
        let now = self.now;
        self.check.ensure(next.is_none_or(|at| at.0 > now), || {
            format!("a deadline in the past: {next:?}")
        });
        if next != self.timer_for {
            self.timer_for = next;
            self.timer_mark += 1;
            if let Some(at) = next {
                let late = self.dice.pick(&[0, 0, 1, 20]);
                self.at(at.0 + late, Event::Timer(self.timer_mark));
            }
        }
    }

    fn take(&mut self) {
        self.taking = false;
        let late = self.plan.late;
        self.input(Input::Take { late }, true);
        self.check.taken();
    }

    fn carry_out(&mut self, output: Output, taken: bool) {
        match output {
            Output::Open { r#gen, url, .. } => {
                self.figures.sockets += 1;
                let alone = self.socket.replace(r#gen).is_none();
                self.check.ensure(alone, || "two sockets".into());
                self.check
                    .ensure(url == "ws://s/", || format!("a socket to {url}"));
                self.silent = false;
                self.arrival = 0;
                let at = self.now + self.plan.latency;
                self.at(at, Event::Handshake(r#gen));
            }
            Output::Close { r#gen, .. } => {
                self.socket = None;
                self.served = None;
                let at = self.now + 2 * self.plan.latency;
                self.at(at, Event::Closed(r#gen, 1000));
            }
            Output::Fetch { req, url, .. } => {
                self.figures.reads += 1;
                let id = url.strip_prefix("http://s/jobs/").unwrap_or("").to_owned();
                let at = self.now + self.plan.latency;
                self.at(at, Event::Answer(req, id));
            }
            Output::Abort { req } => drop(self.aborted.insert(req)),
            Output::Dirty => {
                self.check
                    .ensure(!self.taking, || "dirty was said twice before a take".into());
                self.taking = true;
                let at = self.now + self.dice.between(0, self.plan.frame);
                self.at(at, Event::Take);
            }
            Output::Batch(text) => {
                let records: Vec<Value> = serde_json::from_str(&format!("[{text}]")).unwrap();
                self.check.batch(&self.server, self.now, taken, &records);
                self.answers
                    .extend(records.into_iter().filter(|record| record[0] == 4));
            }
            _ => {}
        }
    }

    fn happen(&mut self, event: Event) {
        let for_page = matches!(
            event,
            Event::Timer(_)
                | Event::Take
                | Event::Frames(..)
                | Event::Closed(..)
                | Event::Answer(..)
        );
        if for_page && self.frozen_until > self.now {
            self.waiting.push(event);
            return;
        }
        match event {
            Event::Timer(mark) if mark == self.timer_mark => {
                self.timer_for = None;
                self.input(Input::Timer, false);
            }
            Event::Timer(_) => {}
            Event::Take => {
                self.take();
            }
            Event::Thaw => {
                for event in std::mem::take(&mut self.waiting) {
                    self.happen(event);
                }
            }
            Event::Handshake(r#gen) => self.handshake(r#gen),
            Event::Frames(r#gen, frames) => self.frames(r#gen, frames),
            Event::Closed(r#gen, code) => {
                if self.socket == Some(r#gen) {
                    self.socket = None;
                }
                self.input(
                    Input::Closed {
                        r#gen,
                        code,
                        reason: String::new(),
                    },
                    false,
                );
            }
            Event::Beat(r#gen) => {
                if self.served == Some(r#gen) {
                    self.tell(vec![("{\"type\":\"heartbeat\"}".into(), vec![])]);
                    let at = self.now + self.plan.heartbeat;
                    self.at(at, Event::Beat(r#gen));
                }
            }
            Event::Answer(req, id) => self.answer(req, &id),
            Event::Step => self.step(),
            Event::Fault => self.fault(),
            Event::Heal => self.heal(),
            Event::Finish => self.finish(),
            Event::Quiet => self.quiet(),
            Event::Over => self.over(),
        }
    }

    fn frames(&mut self, r#gen: Gen, frames: Vec<(String, Vec<u64>)>) {
        if self.socket != Some(r#gen) {
            return;
        }
        for (_, numbers) in &frames {
            for number in numbers {
                let message = self.server.said[*number as usize].clone();
                self.check.arrives(&message);
                if let Some(id) = end_of(&message) {
                    self.known_ends.insert(id);
                }
            }
        }
        let gens = vec![r#gen; frames.len()];
        let texts: Vec<String> = frames.into_iter().map(|(text, _)| text).collect();
        self.input(
            Input::Frames {
                text: texts.join("\u{1e}"),
                gens,
            },
            false,
        );
    }

    // ---- the server ----

    fn handshake(&mut self, r#gen: Gen) {
        if self.socket != Some(r#gen) {
            return;
        }
        if self.down_until > self.now {
            let at = self.now + self.plan.latency;
            return self.at(at, Event::Closed(r#gen, 1006));
        }
        self.served = Some(r#gen);
        self.arrival = self.now + self.plan.latency;
        // The page hears of it at once: what happens in between is read.
        self.input(Input::Opened { r#gen }, false);
        if self.plan.heartbeat > 0 {
            self.at(self.now, Event::Beat(r#gen));
        }
    }

    /// Frames on their way to the client, in order.
    fn tell(&mut self, frames: Vec<(String, Vec<u64>)>) {
        let Some(r#gen) = self.served.filter(|_| !self.silent) else {
            return;
        };
        self.arrival = self
            .arrival
            .max(self.now + self.dice.between(1, self.plan.latency));
        self.at(self.arrival, Event::Frames(r#gen, frames));
    }

    fn step(&mut self) {
        let may_end = self.dice.chance(50);
        let mut said = Vec::new();
        for _ in 0..self.dice.between(1, self.plan.burst) {
            said.push(self.server.step(&mut self.dice, may_end));
        }
        self.say(&said);
        if !self.healed {
            let at = self.now + self.dice.between(1, self.plan.pace);
            self.at(at, Event::Step);
        }
    }

    fn say(&mut self, said: &[crate::server::Message]) {
        let mut frames: Vec<(String, Vec<u64>)> = Vec::new();
        for message in said {
            let text = Server::wrap(message, &mut self.dice);
            if self.plan.bad_frames && self.dice.chance(10) {
                let bad = self.dice.pick(&[
                    "{",
                    "",
                    "7",
                    "{\"type\":5}",
                    "{\"type\":\"job_status\"}",
                    "[{\"type\":\"track_enriched\"}]",
                    "{\"event\":\"job_status\",\"data\":{\"jobId\":0,\"status\":\"odd\"}}",
                ]);
                frames.push((bad.to_owned(), vec![]));
            }
            // Several lines in a frame, or a frame of its own; twice, if it so happens.
            let twice = self.plan.duplicates && self.dice.chance(15);
            for _ in 0..=u64::from(twice) {
                match frames.last_mut() {
                    Some((line, numbers)) if self.dice.chance(30) && !numbers.is_empty() => {
                        line.push('\n');
                        line.push_str(&text);
                        numbers.push(message.number);
                    }
                    _ => frames.push((text.clone(), vec![message.number])),
                }
            }
        }
        self.tell(frames);
    }

    fn answer(&mut self, req: u32, id: &str) {
        if self.aborted.contains(&req) {
            return;
        }
        let job = self.server.jobs.iter().find(|job| job.id == id);
        if let Some(job) = job
            && self.down_until <= self.now
        {
            self.check.read_arrives(id, &job.snapshot());
        }
        let outcome = match job {
            Some(job) if self.down_until <= self.now => {
                if job.is_over() {
                    self.known_ends.insert(job.id.clone());
                }
                HttpOutcome {
                    status: 200,
                    body: job.snapshot().to_string(),
                    ..HttpOutcome::default()
                }
            }
            _ => HttpOutcome::default(),
        };
        self.input(Input::Http { req, outcome }, false);
    }

    // ---- trouble ----

    fn fault(&mut self) {
        if self.healed {
            return;
        }
        let until = self.now + self.dice.between(1, 5000);
        match self.dice.between(0, 3) {
            0 => self.cut(1006),
            1 => {
                // A restart: refused for a while.
                self.down_until = until;
                self.cut(1012);
            }
            2 => self.silent = true,
            _ => {
                self.frozen_until = until;
                self.at(until, Event::Thaw);
            }
        }
    }

    fn cut(&mut self, code: u16) {
        if let Some(r#gen) = self.served.take() {
            let at = self.arrival.max(self.now + 1);
            self.at(at, Event::Closed(r#gen, code));
        }
    }

    fn heal(&mut self) {
        self.healed = true;
        self.down_until = 0;
        if self.silent {
            self.cut(1006);
        }
        if self.frozen_until > self.now {
            self.frozen_until = self.now;
            self.happen(Event::Thaw);
        }
        // Until the client is back: the longest back-off, and a handshake.
        let at = self.now + self.config.backoff.max_delay + 4 * self.plan.latency + 15_000;
        self.at(at, Event::Finish);
    }

    fn finish(&mut self) {
        for index in 0..self.server.jobs.len() {
            while !self.server.jobs[index].is_over() {
                let message = self.server.advance(index, &mut self.dice, true);
                self.say(&[message]);
            }
        }
        let at = self.now + 2 * self.config.interval + 10_000;
        self.at(at, Event::Quiet);
    }

    /// Everything was told.
    fn quiet(&mut self) {
        self.figures.ends = self.server.jobs.len() as u64;
        if self.taking {
            self.take();
        }
        let polls = self.config.polls();
        let known = self.known_ends.clone();
        self.check
            .truth(&self.server, |id| polls || known.contains(id));
        let kinds = self.plan.kinds.clone();
        self.check.tables(&kinds);
        self.check.last_was_told(&self.server, polls);
        self.figures_agree();
        // A kind that is watched later is told in full.
        self.check.entities.clear();
        for kind in ["track", "playlist"] {
            self.command(Ask::WatchEntities, 0.0, kind);
            self.command(Ask::WatchEntities, 1.0, kind);
        }
        self.take();
        self.check.tables(&["track", "playlist"]);
        // What is held is not told after close.
        let playlist = self.server.step(&mut self.dice, false);
        self.say(&[playlist]);
        let at = self.now + self.plan.latency + 1;
        self.at(at, Event::Over);
    }

    /// History has every event, and the audit counts them.
    fn figures_agree(&mut self) {
        let mut received: BTreeMap<String, u64> = BTreeMap::new();
        for number in &self.check.delivered {
            let event = self.server.said[*number as usize].event;
            *received.entry(event.to_owned()).or_default() += 1;
        }
        for row in self.engine.audit() {
            let told = self.check.told_of.get(&row.event).copied().unwrap_or(0);
            self.check.ensure(row.delivered == told, || {
                format!("{row:?}: {told} were told")
            });
            if let Some(count) = received.get(&row.event) {
                let came = row.received - row.invalid;
                self.check
                    .ensure(came == *count, || format!("{row:?}: {count} came"));
            }
        }
        let text = format!("[{}]", self.engine.inspect(1));
        let found: Value = serde_json::from_str(&text).unwrap();
        let history = found[0][5].as_array().unwrap();
        let kept: Vec<u64> = history[1..]
            .chunks(5)
            .filter(|entry| entry[4].is_null())
            .filter_map(|entry| {
                serde_json::from_str::<Value>(entry[3].as_str()?).ok()?["n"].as_u64()
            })
            .collect();
        let delivered = self.check.delivered.clone();
        self.check.ensure(kept == delivered, || {
            format!(
                "history has {} events, {} came",
                kept.len(),
                delivered.len()
            )
        });
    }

    fn over(&mut self) {
        let told = self.check.told;
        self.input(Input::Command(Command::new(Ask::Shutdown, 0.0, "")), false);
        let same = self.check.told == told;
        self.check
            .ensure(same, || "an event is told on closing".into());
        self.closed = true;
        self.input(Input::Take { late: false }, true);
        self.now += 5000;
        self.input(Input::Timer, false);
        let next = self.engine.next_deadline();
        self.check
            .ensure(next.is_none(), || "a deadline after close".into());
    }
}
