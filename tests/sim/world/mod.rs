//! One simulated session: an engine, its driver and page, a network and servers, in virtual time from one seed.

mod acts;
mod driver;
mod figures;
mod finale;
mod frames;
mod network;
mod server;
mod trouble;

use crate::agenda::Agenda;
use crate::check::Check;
use crate::dice::Dice;
use crate::link::Connection;
use crate::page::Page;
use crate::plan::{Fault, Plan};
use crate::recording::Recording;
use crate::server::Truth;
use acts::Act;
use driver::{Bound, Inboxed};
pub use figures::Figures;
use jobwire::core::{Ask, Command, Engine, HttpOutcome, Input, Time};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use trouble::Trouble;

enum Event {
    Timer(u64),
    Take,
    Flush,
    ToClient(usize, Bound),
    Handshake(usize, Option<u32>),
    Goodbye(usize),
    Release(usize),
    Beat(usize),
    Reset(usize),
    HttpArrives(u32),
    HttpAnswer(u32, HttpOutcome),
    ProbeAnswer(u32, HttpOutcome),
    Token(u32, bool),
    RetryArrives(usize, bool),
    RetryAnswered(usize),
    Step(usize),
    Fault(Fault),
    Thaw,
    Act(Act),
    Heal,
    CheckStill,
    CheckEnds,
    Leave,
    Close,
    Over,
}

struct Flight {
    job: usize,
    server: usize,
    auth: Option<u32>,
    etag: Option<String>,
    hanging: bool,
}

pub struct World<'a> {
    seed: u64,
    now: u64,
    slept: u64,
    jump: i64,
    told_epoch: Option<i64>,
    dice: Dice,
    /// For what the page sends beside.
    bursts: Dice,
    plan: Plan,
    engine: Engine,
    truth: Truth,
    page: Page,
    check: Check,
    agenda: Agenda<Event>,
    timer_for: Option<Time>,
    timer_mark: u64,
    connections: Vec<Connection>,
    by_gen: BTreeMap<u64, usize>,
    flights: BTreeMap<u32, Flight>,
    /// The probe under way; 0: none.
    probe: u32,
    tokens: BTreeMap<u32, u64>,
    slow_tokens: Vec<u32>,
    inbox: VecDeque<Inboxed>,
    flushing: bool,
    frozen_until: Option<u64>,
    frozen_for_sleep: bool,
    suspended: bool,
    timer_missed: bool,
    trouble: Trouble,
    healed: bool,
    holding: bool,
    still: u64,
    listens_always: bool,
    finishing: bool,
    figures: Figures,
    recorder: Option<&'a RefCell<Recording>>,
}

/// Runs one seed. An error says what was broken and when.
pub fn run(seed: u64, recorder: Option<&RefCell<Recording>>) -> Result<Figures, String> {
    let mut world = World::new(seed, recorder);
    world.begin();
    while let Some((at, event)) = world.agenda.next() {
        world.now = world.now.max(at);
        if matches!(event, Event::Over) {
            break;
        }
        world.happen(event);
        if let Some(broken) = world.check.broken.take() {
            return Err(format!("at {} ms: {broken}", world.now));
        }
    }
    world.figures.virtual_ms = world.now;
    world.figures.ends = world.check.ends_seen;
    Ok(world.figures)
}

/// An empty recording to run `seed` with.
pub fn empty_recording(seed: u64) -> Recording {
    Recording::empty(seed, Plan::draw(&mut Dice::new(seed), seed).config)
}

impl<'a> World<'a> {
    fn new(seed: u64, recorder: Option<&'a RefCell<Recording>>) -> Self {
        let mut dice = Dice::new(seed);
        let plan = Plan::draw(&mut dice, seed);
        let truth = Truth::new(plan.jobs, plan.attempts, &mut dice);
        Self {
            seed,
            now: 0,
            slept: 0,
            jump: 0,
            told_epoch: None,
            engine: Engine::new(plan.config.clone(), seed),
            truth,
            page: Page::new(plan.jobs),
            check: Check::new(plan.jobs),
            agenda: Agenda::new(),
            timer_for: None,
            timer_mark: 0,
            connections: Vec::new(),
            by_gen: BTreeMap::new(),
            flights: BTreeMap::new(),
            probe: 0,
            tokens: BTreeMap::new(),
            slow_tokens: Vec::new(),
            inbox: VecDeque::new(),
            flushing: false,
            frozen_until: None,
            frozen_for_sleep: false,
            suspended: false,
            timer_missed: false,
            trouble: Trouble::new(plan.config.servers.len()),
            healed: false,
            holding: false,
            still: 0,
            listens_always: dice.chance(50),
            finishing: false,
            figures: Figures::default(),
            recorder,
            bursts: Dice::new(!seed),
            dice,
            plan,
        }
    }

    fn at(&mut self, at: u64, event: Event) {
        self.agenda.add(at, event);
    }

    fn later(&mut self, ms: u64, event: Event) {
        self.at(self.now + ms, event);
    }

    fn mono(&self) -> u64 {
        self.now - self.slept
    }

    fn begin(&mut self) {
        let heal = self.plan.heal_at;
        for job in 0..self.plan.jobs {
            let begins = self.dice.pick(&[0, 500, 5000]);
            self.later(begins, Event::Step(job));
            if self.dice.chance(80) {
                let at = self.dice.pick(&[0, 0, 1000]);
                self.at(at, Event::Act(Act::Follow(job)));
            }
        }
        if self.listens_always {
            self.listen("*", 1);
        }
        let faults = self.plan.faults.clone();
        if !faults.is_empty() {
            for _ in 0..self.plan.troubles {
                let (at, fault) = (self.dice.between(0, heal), self.dice.pick(&faults));
                self.at(at, Event::Fault(fault));
            }
        }
        for _ in 0..self.plan.actions {
            let at = self.dice.between(0, heal);
            let act = self.draw_act();
            self.at(at, Event::Act(act));
        }
        self.at(heal, Event::Heal);
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Timer(mark) => self.timer(mark),
            Event::Take => self.when_awake(Input::Take),
            Event::Flush => {
                self.flushing = false;
                if self.frozen_until.is_none() {
                    self.flush();
                }
            }
            Event::ToClient(conn, what) => self.reaches_client(conn, what),
            Event::Handshake(conn, auth) => self.handshake(conn, auth),
            Event::Goodbye(conn) => self.goodbye(conn),
            Event::Release(conn) => self.release(conn),
            Event::Beat(conn) => self.beat(conn),
            Event::Reset(conn) => self.reset(conn),
            Event::HttpArrives(req) => self.http_arrives(req),
            Event::HttpAnswer(req, outcome) => {
                if self.flights.remove(&req).is_some() {
                    self.when_awake(Input::Http { req, outcome });
                }
            }
            Event::ProbeAnswer(req, outcome) => {
                if self.probe == req {
                    self.probe = 0;
                    self.when_awake(Input::Http { req, outcome });
                }
            }
            Event::Token(req, good) => self.token(req, good),
            Event::RetryArrives(job, tell) => self.retry_arrives(job, tell),
            Event::RetryAnswered(job) => {
                // The new attempt may be over, and known to be, before the page hears that it was granted.
                if self.frozen_until.is_some() || self.truth.is_over(job) {
                    self.check.guessed(job);
                }
                let id = self.truth.jobs[job].id;
                self.when_awake(Input::Command(Command::new(Ask::Retry, 0.0, id)));
            }
            Event::Step(job) => self.step(job),
            Event::Fault(fault) => self.fault(fault),
            Event::Thaw => self.thaw(),
            Event::Act(act) => self.act(act),
            Event::Heal => self.heal(),
            Event::CheckStill => self.check_still(),
            Event::CheckEnds => self.check_ends(),
            Event::Leave => self.leave(),
            Event::Close => self.close(),
            Event::Over => {}
        }
    }
}
