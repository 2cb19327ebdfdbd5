//! One simulated session: an engine, its driver and page, a network and a server, in virtual time from one seed.

mod acts;
mod driver;
mod figures;
mod finale;
mod messages;
mod outputs;
mod told;
mod traffic;
mod trouble;

use crate::agenda::Agenda;
use crate::check::{Broken, Doors, Events, Jobs, Ledger, Transports};
use crate::dice::Dice;
use crate::network::{Flight, Wire};
use crate::page::Page;
use crate::plan::{Fault, Plan};
use crate::recording::Recording;
use crate::server::{Alarm, Frame, Server};
use crate::store::Store;
use acts::Act;
use driver::{Bound, Inboxed};
pub use figures::Figures;
use jobwire::core::{Engine, HttpOutcome, Time};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use trouble::Trouble;

enum Event {
    Timer(u64),
    Take,
    Flush,
    WireOpens(usize),
    ToServer(usize, Frame),
    ToClient(usize, Bound),
    WireLeft(usize),
    WireBreaks(usize),
    RequestArrives(u32),
    AbortArrives(u32),
    RequestAnswered(u32, HttpOutcome),
    Token(u32, bool),
    Alarm(Alarm),
    Step(usize),
    Fault(Fault),
    Thaw,
    Act(Act),
    Heal,
    Settled,
    Proven,
    Left,
    Closed,
    Over,
}

pub struct World<'a> {
    seed: u64,
    now: u64,
    slept: u64,
    jump: i64,
    told_epoch: Option<i64>,
    dice: Dice,
    plan: Plan,
    engine: Engine,
    server: Server,
    page: Page,
    store: Store,
    broken: Broken,
    ledger: Ledger,
    events: Events,
    jobs: Jobs,
    transports: Transports,
    doors: Doors,
    agenda: Agenda<Event>,
    timer_for: Option<Time>,
    timer_mark: u64,
    wires: Vec<Wire>,
    by_gen: BTreeMap<u64, usize>,
    flights: BTreeMap<u32, Flight>,
    slow_tokens: Vec<u32>,
    inbox: VecDeque<Inboxed>,
    /// The engine said that something waits for the page's next frame.
    dirty: bool,
    flushing: bool,
    frozen_since: Option<u64>,
    frozen_for_sleep: bool,
    suspended: bool,
    timer_missed: bool,
    trouble: Trouble,
    healed: bool,
    /// Jobs stand still while the page is compared with them.
    holding: bool,
    /// From when on everything must arrive, by the monotonic clock.
    proof_since: u64,
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
        if let Some(broken) = world.broken.0.take() {
            return Err(format!("at {} ms: {broken}", world.now));
        }
    }
    Ok(world.sum_up())
}

/// An empty recording to run `seed` with.
pub fn empty_recording(seed: u64) -> Recording {
    Recording::empty(seed, Plan::draw(&mut Dice::new(seed), seed).config)
}

impl<'a> World<'a> {
    fn new(seed: u64, recorder: Option<&'a RefCell<Recording>>) -> Self {
        let mut dice = Dice::new(seed);
        let plan = Plan::draw(&mut dice, seed);
        let server_dice = Dice::new(dice.between(0, u64::MAX - 1));
        Self {
            seed,
            now: 0,
            slept: 0,
            jump: 0,
            told_epoch: None,
            engine: Engine::new(plan.config.clone(), seed),
            server: Server::new(plan.habits.clone(), plan.jobs, server_dice),
            page: Page::new(),
            store: Store::default(),
            broken: Broken::default(),
            ledger: Ledger::default(),
            events: Events::default(),
            jobs: Jobs::default(),
            transports: Transports::default(),
            doors: Doors::default(),
            agenda: Agenda::new(),
            timer_for: None,
            timer_mark: 0,
            wires: Vec::new(),
            by_gen: BTreeMap::new(),
            flights: BTreeMap::new(),
            slow_tokens: Vec::new(),
            inbox: VecDeque::new(),
            dirty: false,
            flushing: false,
            frozen_since: None,
            frozen_for_sleep: false,
            suspended: false,
            timer_missed: false,
            trouble: Trouble::new(plan.hosts),
            healed: false,
            holding: false,
            proof_since: 0,
            figures: Figures::default(),
            recorder,
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
        }
        self.settle_in();
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
            Event::Take => self.when_awake(jobwire::core::Input::Take),
            Event::Flush => {
                self.flushing = false;
                if self.frozen_since.is_none() {
                    self.flush();
                }
            }
            Event::WireOpens(wire) => self.wire_opens(wire),
            Event::ToServer(wire, frame) => self.reaches_server(wire, &frame),
            Event::ToClient(wire, what) => self.reaches_client(wire, what),
            Event::WireLeft(wire) => self.wire_left(wire),
            Event::WireBreaks(wire) => self.wire_breaks(wire),
            Event::RequestArrives(req) => self.request_arrives(req),
            Event::AbortArrives(req) => self.abort_arrives(req),
            Event::RequestAnswered(req, outcome) => self.request_answered(req, outcome),
            Event::Token(req, good) => self.token(req, good),
            Event::Alarm(alarm) => {
                self.server.now = self.now;
                self.server.alarm(alarm);
                self.serve();
            }
            Event::Step(job) => self.step(job),
            Event::Fault(fault) => self.fault(fault),
            Event::Thaw => self.thaw(),
            Event::Act(act) => self.act(act),
            Event::Heal => self.heal(),
            Event::Settled => self.settled(),
            Event::Proven => self.proven(),
            Event::Left => self.left(),
            Event::Closed => self.closed(),
            Event::Over => {}
        }
    }

    /// Jobs go on.
    fn step(&mut self, job: usize) {
        if self.server.jobs[job].is_over() {
            return;
        }
        if self.holding {
            return self.later(1000, Event::Step(job));
        }
        let ahead = self.dice.between(1, 30);
        self.server.now = self.now;
        self.server.jobs[job].step(ahead);
        self.server.tell_job(job);
        self.serve();
        let pace = self.server.jobs[job].pace;
        let wait = self.dice.between(pace / 2, pace);
        self.later(wait, Event::Step(job));
    }

    fn sum_up(&self) -> Figures {
        let messages = &self.ledger.messages;
        Figures {
            virtual_ms: self.now,
            upgrades: self.transports.upgrades,
            messages: messages.len() as u64,
            arrived: messages.values().filter(|message| message.arrived).count() as u64,
            acknowledged: self.ledger.acknowledged,
            timed_out: self.ledger.timed_out,
            lost: self.ledger.lost,
            told: self.events.told,
            ..self.figures
        }
    }
}
