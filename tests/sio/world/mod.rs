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

use crate::check::{Broken, Doors, Events, Jobs, Ledger, Transports};
use crate::network::{Flight, Wire};
use crate::page::Page;
use crate::plan::{Fault, Plan};
use crate::recording::{Recording, Tape};
use crate::server::{Alarm, Frame, Server};
use crate::simulator::{Client, Clock, Dice, Driver, Network, Tokens, Turn, live};
use crate::store::Store;
use acts::Act;
pub use figures::Figures;
use jobwire::core::{Engine, HttpOutcome};
use std::collections::BTreeMap;
use trouble::Trouble;

enum Event {
    WireOpens(usize),
    ToServer(usize, Frame),
    WireLeft(usize),
    WireBreaks(usize),
    RequestArrives(u32),
    AbortArrives(u32),
    RequestAnswered(u32, HttpOutcome),
    Alarm(Alarm),
    Step(usize),
    Fault(Fault),
    Act(Act),
    Heal,
    Settled,
    Proven,
    Left,
    Closed,
}

struct World {
    seed: u64,
    clock: Clock<Turn<Frame, Event>>,
    dice: Dice,
    plan: Plan,
    client: Client<Frame>,
    network: Network,
    server: Server,
    page: Page,
    store: Store,
    broken: Broken,
    ledger: Ledger,
    events: Events,
    jobs: Jobs,
    transports: Transports,
    doors: Doors,
    wires: Vec<Wire>,
    by_gen: BTreeMap<u64, usize>,
    flights: BTreeMap<u32, Flight>,
    /// The engine said that something waits for the page's next frame.
    dirty: bool,
    trouble: Trouble,
    healed: bool,
    /// Jobs stand still while the page is compared with them.
    holding: bool,
    /// From when on everything must arrive, by the monotonic clock.
    proof_since: u64,
    figures: Figures,
}

/// Runs one seed. An error says what was broken and when.
pub fn run(seed: u64, tape: Option<Tape>) -> Result<Figures, String> {
    let mut world = World::new(seed, tape);
    world.begin();
    live(&mut world)?;
    Ok(world.sum_up())
}

/// An empty recording to run `seed` with.
pub fn empty_recording(seed: u64) -> Recording {
    Recording::empty(seed, Plan::draw(&mut Dice::new(seed), seed).config)
}

impl World {
    fn new(seed: u64, tape: Option<Tape>) -> Self {
        let mut dice = Dice::new(seed);
        let plan = Plan::draw(&mut dice, seed);
        let server_dice = Dice::new(dice.between(0, u64::MAX - 1));
        let tokens = Tokens::new(plan.token_life);
        let engine = Engine::new(plan.config.clone(), seed);
        Self {
            seed,
            clock: Clock::new(),
            client: Client::new(engine, plan.batch, plan.leftovers, tape),
            network: Network::new(plan.hosts, plan.latency),
            server: Server::new(plan.habits.clone(), plan.jobs, tokens, server_dice),
            page: Page::new(),
            store: Store::default(),
            broken: Broken::default(),
            ledger: Ledger::default(),
            events: Events::default(),
            jobs: Jobs::default(),
            transports: Transports::default(),
            doors: Doors::default(),
            wires: Vec::new(),
            by_gen: BTreeMap::new(),
            flights: BTreeMap::new(),
            dirty: false,
            trouble: Trouble::default(),
            healed: false,
            holding: false,
            proof_since: 0,
            figures: Figures::default(),
            dice,
            plan,
        }
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
            self.scatter(self.plan.troubles, heal, |world| {
                Event::Fault(world.dice.pick(&faults))
            });
        }
        self.scatter(self.plan.actions, heal, |world| {
            Event::Act(world.draw_act())
        });
        self.at(heal, Event::Heal);
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::WireOpens(wire) => self.wire_opens(wire),
            Event::ToServer(wire, frame) => self.reaches_server(wire, &frame),
            Event::WireLeft(wire) => self.wire_left(wire),
            Event::WireBreaks(wire) => self.wire_breaks(wire),
            Event::RequestArrives(req) => self.request_arrives(req),
            Event::AbortArrives(req) => self.abort_arrives(req),
            Event::RequestAnswered(req, outcome) => self.request_answered(req, outcome),
            Event::Alarm(alarm) => {
                self.server.now = self.clock.now;
                self.server.alarm(alarm);
                self.serve();
            }
            Event::Step(job) => self.step(job),
            Event::Fault(fault) => self.fault(fault),
            Event::Act(act) => self.act(act),
            Event::Heal => self.heal(),
            Event::Settled => self.settled(),
            Event::Proven => self.proven(),
            Event::Left => self.left(),
            Event::Closed => self.closed(),
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
        self.server.now = self.clock.now;
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
            virtual_ms: self.clock.now,
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
