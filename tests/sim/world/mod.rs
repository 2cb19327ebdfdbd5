//! One simulated session: an engine, its driver and page, a network and servers, in virtual time from one seed.

mod acts;
mod driver;
mod figures;
mod finale;
mod frames;
mod network;
mod server;
mod trouble;

use crate::check::Check;
use crate::connection::Connection;
use crate::page::Page;
use crate::plan::{Fault, Plan};
use crate::recording::{Recording, Tape};
use crate::server::Truth;
use crate::simulator::{Client, Clock, Dice, Driver, Network, Tokens, Turn, live};
use acts::Act;
use driver::Frame;
pub use figures::Figures;
use jobwire::core::{Ask, Command, Engine, HttpOutcome, Input};
use std::collections::BTreeMap;
use trouble::Trouble;

enum Event {
    Handshake(usize, Option<u32>),
    Goodbye(usize),
    Release(usize),
    Beat(usize),
    Reset(usize),
    HttpArrives(u32),
    HttpAnswer(u32, HttpOutcome),
    ProbeAnswer(u32, HttpOutcome),
    RetryArrives(usize, bool),
    RetryAnswered(usize),
    Step(usize),
    Fault(Fault),
    Act(Act),
    Heal,
    CheckStill,
    CheckEnds,
    Leave,
    Close,
}

struct Flight {
    job: usize,
    server: usize,
    auth: Option<u32>,
    etag: Option<String>,
    hanging: bool,
}

struct World {
    seed: u64,
    clock: Clock<Turn<Frame, Event>>,
    dice: Dice,
    /// For what the page sends beside.
    bursts: Dice,
    plan: Plan,
    client: Client<Frame>,
    network: Network,
    tokens: Tokens,
    truth: Truth,
    page: Page,
    check: Check,
    connections: Vec<Connection>,
    by_gen: BTreeMap<u64, usize>,
    flights: BTreeMap<u32, Flight>,
    /// The probe under way; 0: none.
    probe: u32,
    trouble: Trouble,
    healed: bool,
    holding: bool,
    still: u64,
    listens_always: bool,
    finishing: bool,
    figures: Figures,
}

/// Runs one seed. An error says what was broken and when.
pub fn run(seed: u64, tape: Option<Tape>) -> Result<Figures, String> {
    let mut world = World::new(seed, tape);
    world.begin();
    live(&mut world)?;
    world.figures.virtual_ms = world.clock.now;
    world.figures.ends = world.check.ends_seen;
    Ok(world.figures)
}

/// An empty recording to run `seed` with.
pub fn empty_recording(seed: u64) -> Recording {
    Recording::empty(seed, Plan::draw(&mut Dice::new(seed), seed).config)
}

impl World {
    fn new(seed: u64, tape: Option<Tape>) -> Self {
        let mut dice = Dice::new(seed);
        let plan = Plan::draw(&mut dice, seed);
        let truth = Truth::new(plan.jobs, plan.attempts, &mut dice);
        let engine = Engine::new(plan.config.clone(), seed);
        Self {
            seed,
            clock: Clock::new(),
            client: Client::new(engine, plan.batch, plan.leftovers, tape),
            network: Network::new(plan.config.servers.len(), plan.latency),
            tokens: Tokens::new(plan.token_life),
            truth,
            page: Page::new(plan.jobs),
            check: Check::new(plan.jobs),
            connections: Vec::new(),
            by_gen: BTreeMap::new(),
            flights: BTreeMap::new(),
            probe: 0,
            trouble: Trouble::default(),
            healed: false,
            holding: false,
            still: 0,
            listens_always: dice.chance(50),
            finishing: false,
            figures: Figures::default(),
            bursts: Dice::new(!seed),
            dice,
            plan,
        }
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
            Event::RetryArrives(job, tell) => self.retry_arrives(job, tell),
            Event::RetryAnswered(job) => {
                // The new attempt may be over, and known to be, before the page hears that it was granted.
                if self.client.is_frozen() || self.truth.is_over(job) {
                    self.check.guessed(job);
                }
                let id = self.truth.jobs[job].id;
                self.when_awake(Input::Command(Command::new(Ask::Retry, 0.0, id)));
            }
            Event::Step(job) => self.step(job),
            Event::Fault(fault) => self.fault(fault),
            Event::Act(act) => self.act(act),
            Event::Heal => self.heal(),
            Event::CheckStill => self.check_still(),
            Event::CheckEnds => self.check_ends(),
            Event::Leave => self.leave(),
            Event::Close => self.close(),
        }
    }
}
