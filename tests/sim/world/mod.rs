//! One simulated session: an engine, its driver and page, a network and servers, in virtual time from one seed.

mod figures;

use crate::check::{Check, token_of};
use crate::dice::Dice;
use crate::link::Connection;
use crate::page::{self, Page};
use crate::plan::{Attempts, Fault, Plan, Refusal};
use crate::recording::{Line, Recording};
use crate::server::Truth;
pub use figures::Figures;
use jobwire::core::{
    Ask, Command, Engine, Gen, HttpOutcome, Input, Output, Recorded, Time, TokenReason,
};
use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};

/// The wall clock at the beginning, epoch ms.
const EPOCH: u64 = 1_736_937_000_000;
/// How long the page's token function takes at most when all is well, ms.
const TOKEN_TIME: u64 = 100;
/// The longest `Retry-After` of the servers here, ms.
const LONGEST_WAIT: u64 = 15_000;
/// Added to every latency while the network is slow, at most, ms.
const SLOW: u64 = 3000;
/// The longest animation frame, ms.
const FRAME: u64 = 16;

/// What is on its way to the driver.
enum Bound {
    Opened,
    Text(String, Vec<u64>),
    Binary(Vec<u8>, Vec<u64>),
    Oversize(u64),
    Closed(u16, String),
}

/// What a page does of its own.
#[derive(Clone, Copy)]
enum Act {
    Follow(usize),
    Unfollow(usize),
    Refresh(usize),
    RefreshStale(usize),
    Retry(usize),
    RemoteRetry(usize),
    Send,
    Listen,
    Unlisten,
    WatchAll,
    Wake,
    Connect,
    Inspect,
    Custom,
}

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

/// What waits in the driver for the page to run.
enum Inboxed {
    Socket(usize, Bound),
    Direct(Input),
}

struct Flight {
    job: usize,
    server: usize,
    auth: Option<u32>,
    etag: Option<String>,
    hanging: bool,
}

/// Until when each kind of trouble lasts.
#[derive(Default)]
struct Trouble {
    outage: Vec<u64>,
    hang: u64,
    sockets: u64,
    wait: u64,
    errors: u64,
    error_kind: u64,
    bad_token: u64,
    bad_token_kind: u64,
    slow: u64,
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
    truth: Truth,
    page: Page,
    check: Check,
    queue: BinaryHeap<Reverse<(u64, u64)>>,
    events: BTreeMap<u64, Event>,
    count: u64,
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
    while let Some(Reverse((at, id))) = world.queue.pop() {
        let Some(event) = world.events.remove(&id) else {
            continue;
        };
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
            queue: BinaryHeap::new(),
            events: BTreeMap::new(),
            count: 0,
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
            trouble: Trouble {
                outage: vec![0; plan.config.servers.len()],
                ..Trouble::default()
            },
            healed: false,
            holding: false,
            still: 0,
            listens_always: dice.chance(50),
            finishing: false,
            figures: Figures::default(),
            recorder,
            dice,
            plan,
        }
    }

    fn at(&mut self, at: u64, event: Event) {
        self.count += 1;
        self.events.insert(self.count, event);
        self.queue.push(Reverse((at, self.count)));
    }

    fn later(&mut self, ms: u64, event: Event) {
        self.at(self.now + ms, event);
    }

    fn mono(&self) -> u64 {
        self.now - self.slept
    }

    fn latency(&mut self) -> u64 {
        let spike = if self.trouble.slow > self.now {
            self.dice.between(0, SLOW)
        } else {
            0
        };
        self.plan.latency + spike
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

    fn draw_act(&mut self) -> Act {
        let job = self.dice.between(0, self.plan.jobs as u64 - 1) as usize;
        match self.dice.between(0, 19) {
            0..=2 => Act::Follow(job),
            3 | 4 => Act::Unfollow(job),
            5 | 6 => Act::Refresh(job),
            7..=9 => Act::Retry(job),
            10 => Act::RemoteRetry(job),
            11 | 12 => Act::Send,
            13 => Act::Listen,
            14 => Act::Unlisten,
            15 => Act::WatchAll,
            16 => Act::Wake,
            17 => Act::Connect,
            18 => Act::Inspect,
            _ => Act::Custom,
        }
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

    // ---- the driver ----

    /// Hands one input to the engine and carries out what it asks for.
    fn input(&mut self, input: Input) {
        let epoch = EPOCH as i64 + self.slept as i64 + self.jump;
        if self.told_epoch != Some(epoch) {
            self.told_epoch = Some(epoch);
            let wall = (epoch + self.mono() as i64) as u64;
            self.hand(Input::Clock { wall });
        }
        self.hand(input);
    }

    fn hand(&mut self, input: Input) {
        let mono = self.mono();
        self.figures.inputs += 1;
        self.check.before(&self.plan, &self.truth, mono, &input);
        if let Some(recorder) = self.recorder {
            let recorded = Recorded {
                at: Time(mono),
                input: input.clone(),
            };
            recorder.borrow_mut().lines.push(Line::In(recorded));
        }
        self.engine.handle(Time(mono), input);
        while let Some(output) = self.engine.poll_output() {
            if let Some(recorder) = self.recorder {
                recorder.borrow_mut().lines.push(Line::out(&output));
            }
            self.check
                .output(&self.plan, &self.page, &self.truth, mono, &output);
            self.carry_out(output);
        }
        self.check.after(&self.plan, &self.page, mono);
        let next = self.engine.next_deadline();
        self.check.ensure(next.is_none_or(|at| at.0 > mono), || {
            format!("a deadline in the past: {next:?}")
        });
        if next != self.timer_for {
            self.timer_for = next;
            self.timer_mark += 1;
            if let Some(at) = next {
                let late = self.dice.pick(&[0, 0, 0, 1, 4, 30]);
                self.at(at.0 + self.slept + late, Event::Timer(self.timer_mark));
            }
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Open { r#gen, url, auth } => self.open(r#gen, &url, token_of(auth)),
            Output::Close { r#gen, .. } => self.forget(r#gen),
            Output::Send { .. } => {}
            Output::Fetch {
                req,
                url,
                etag,
                auth,
            } => {
                self.figures.reads += 1;
                let server = server_of(&url);
                let Some(job) = Check::read_target(&self.truth, &url) else {
                    return;
                };
                let hanging = self.is_out(server) && self.trouble.hang > self.now;
                self.flights.insert(
                    req,
                    Flight {
                        job,
                        server,
                        auth: token_of(auth),
                        etag,
                        hanging,
                    },
                );
                if !hanging {
                    let latency = self.latency();
                    let takes = self.dice.between(latency / 2, latency);
                    self.later(takes, Event::HttpArrives(req));
                }
            }
            Output::Probe { req, url } => {
                let outcome = HttpOutcome {
                    status: if self.is_out(server_of(&url)) { 0 } else { 404 },
                    ..HttpOutcome::default()
                };
                self.probe = req;
                let latency = self.latency();
                let takes = self.dice.between(latency / 2, latency);
                self.later(takes, Event::ProbeAnswer(req, outcome));
            }
            // Refused by the check.
            Output::SendToken { .. }
            | Output::SendBinary { .. }
            | Output::Poll { .. }
            | Output::Keep { .. }
            | Output::Hand { .. }
            | Output::Forget { .. } => {}
            Output::Abort { req } => {
                if self.probe == req {
                    self.probe = 0;
                }
                self.flights.remove(&req);
            }
            Output::NeedToken { req, reason } => self.need_token(req, reason),
            Output::Dirty => {
                let frame = self.dice.between(0, FRAME);
                self.later(frame, Event::Take);
            }
            Output::Batch(text) => match page::read(&format!("[{text}]")) {
                Ok(records) => self.check.records(
                    &self.plan,
                    &mut self.page,
                    &self.truth,
                    self.now,
                    self.now - self.slept,
                    &records,
                ),
                Err(error) => self
                    .check
                    .ensure(false, || format!("not a batch: {error}: {text}")),
            },
        }
    }

    fn timer(&mut self, mark: u64) {
        if mark != self.timer_mark {
            return;
        }
        if self.frozen_until.is_some() {
            self.timer_missed = true;
            return;
        }
        self.timer_for = None;
        if self
            .engine
            .next_deadline()
            .is_some_and(|at| at.0 <= self.mono())
        {
            self.input(Input::Timer);
        } else if let Some(at) = self.engine.next_deadline() {
            self.timer_for = Some(at);
            self.at(at.0 + self.slept, Event::Timer(mark));
        }
    }

    /// Hands something in, or keeps it until the page runs again.
    fn when_awake(&mut self, input: Input) {
        if self.frozen_until.is_some() || !self.inbox.is_empty() {
            self.inbox.push_back(Inboxed::Direct(input));
        } else {
            self.input(input);
        }
    }

    fn reaches_client(&mut self, conn: usize, what: Bound) {
        let connection = &self.connections[conn];
        if connection.silent && !matches!(what, Bound::Closed(..)) {
            return;
        }
        self.inbox.push_back(Inboxed::Socket(conn, what));
        if self.frozen_until.is_some() || self.flushing {
            return;
        }
        if self.plan.batch == 0 {
            self.flush();
        } else {
            self.flushing = true;
            let wait = self.dice.between(0, self.plan.batch);
            self.later(wait, Event::Flush);
        }
    }

    /// Everything that waits, in order; frames next to each other as one batch.
    fn flush(&mut self) {
        let mut joined: Option<(String, Vec<Gen>)> = None;
        while let Some(item) = self.inbox.pop_front() {
            let (conn, what) = match item {
                Inboxed::Direct(input) => {
                    self.hand_over(&mut joined);
                    self.input(input);
                    continue;
                }
                Inboxed::Socket(conn, what) => (conn, what),
            };
            let connection = &self.connections[conn];
            let r#gen = connection.r#gen;
            let closed = matches!(what, Bound::Closed(..));
            if connection.forgotten && !self.plan.leftovers && !closed {
                continue;
            }
            match what {
                Bound::Text(text, numbers) => {
                    self.arrives(&numbers);
                    // A frame that holds the separator itself cannot be joined with others.
                    if text.contains('\u{1e}') {
                        self.hand_over(&mut joined);
                        self.input(Input::Frames {
                            text,
                            gens: vec![r#gen],
                        });
                    } else if let Some((all, gens)) = &mut joined {
                        all.push('\u{1e}');
                        all.push_str(&text);
                        gens.push(r#gen);
                    } else {
                        joined = Some((text, vec![r#gen]));
                    }
                    self.figures.frames += 1;
                    continue;
                }
                Bound::Opened => {
                    self.hand_over(&mut joined);
                    self.input(Input::Opened { r#gen });
                }
                Bound::Binary(bytes, numbers) => {
                    self.hand_over(&mut joined);
                    self.arrives(&numbers);
                    self.figures.frames += 1;
                    // What a browser decodes comes as text.
                    self.input(match String::from_utf8(bytes) {
                        Ok(text) => Input::Frames {
                            text,
                            gens: vec![r#gen],
                        },
                        Err(_) => Input::NotUtf8 { r#gen },
                    });
                }
                Bound::Oversize(size) => {
                    self.hand_over(&mut joined);
                    self.input(Input::Oversize { r#gen, size });
                }
                Bound::Closed(code, reason) => {
                    self.hand_over(&mut joined);
                    self.connections[conn].forgotten = true;
                    self.input(Input::Closed {
                        r#gen,
                        code,
                        reason,
                    });
                }
            }
        }
        self.hand_over(&mut joined);
    }

    fn hand_over(&mut self, joined: &mut Option<(String, Vec<Gen>)>) {
        if let Some((text, gens)) = joined.take() {
            self.input(Input::Frames { text, gens });
        }
    }

    fn arrives(&mut self, numbers: &[u64]) {
        for number in numbers {
            let said = self.truth.said[*number as usize];
            self.check.arrives(&self.plan, &self.page, said);
        }
    }

    fn need_token(&mut self, req: u32, _reason: TokenReason) {
        if self.trouble.bad_token > self.now && self.trouble.bad_token_kind == 0 {
            self.slow_tokens.push(req);
            return;
        }
        let good = !(self.trouble.bad_token > self.now && self.trouble.bad_token_kind == 1);
        let takes = self.dice.between(0, TOKEN_TIME);
        self.later(takes, Event::Token(req, good));
    }

    fn token(&mut self, req: u32, good: bool) {
        let error = (!good).then(|| "the session is over".to_owned());
        if good {
            // A cache that hands out what has run out.
            let stale = self.trouble.bad_token > self.now && self.trouble.bad_token_kind == 2;
            self.tokens.insert(
                req,
                if stale {
                    0
                } else {
                    self.now + self.plan.token_life
                },
            );
        }
        self.when_awake(Input::Token { req, error });
    }

    fn token_is_good(&self, auth: Option<u32>) -> bool {
        !self.plan.config.token
            || auth
                .and_then(|auth| self.tokens.get(&auth))
                .is_some_and(|until| *until > self.now)
    }

    // ---- the network and the servers ----

    fn is_out(&self, server: usize) -> bool {
        self.trouble.outage[server] > self.now
    }

    fn open(&mut self, r#gen: Gen, url: &str, auth: Option<u32>) {
        self.figures.sockets += 1;
        let server = server_of(url);
        let job = self.truth.jobs.iter().position(|job| {
            url.split_once("/jobs/")
                .is_some_and(|(_, rest)| rest.strip_suffix("/stream") == Some(job.encoded))
        });
        let conn = self.connections.len();
        let mut connection =
            Connection::new(r#gen, server, job, job.is_some() || !self.plan.per_job());
        connection.hanging = self.is_out(server) && self.trouble.hang > self.now;
        let hanging = connection.hanging;
        self.connections.push(connection);
        self.by_gen.insert(r#gen.id(), conn);
        if !hanging {
            let latency = self.latency();
            let at = self.connections[conn].arrival_at_server(self.now, latency, &mut self.dice);
            self.at(at, Event::Handshake(conn, auth));
        }
    }

    fn forget(&mut self, r#gen: Gen) {
        let Some(conn) = self.by_gen.get(&r#gen.id()).copied() else {
            return;
        };
        self.connections[conn].forgotten = true;
        let latency = self.latency();
        let at = self.connections[conn].arrival_at_server(self.now, latency, &mut self.dice);
        self.at(at, Event::Goodbye(conn));
    }

    /// The server hears that the client lets a connection go; its answer ends the closing handshake.
    fn goodbye(&mut self, conn: usize) {
        let connection = &mut self.connections[conn];
        let ended = std::mem::replace(&mut connection.ended, true);
        if !ended && !connection.silent {
            self.tell_client(conn, Bound::Closed(1000, String::new()));
        }
    }

    fn tell_client(&mut self, conn: usize, what: Bound) {
        let latency = self.latency();
        let at = self.connections[conn].arrival(self.now, latency, &mut self.dice);
        self.at(at, Event::ToClient(conn, what));
    }

    /// The server ends a connection; what it said before still arrives.
    fn end(&mut self, conn: usize, code: u16, reason: &str) {
        if std::mem::replace(&mut self.connections[conn].ended, true) {
            return;
        }
        self.flush_held(conn);
        if self.connections[conn].silent {
            return;
        }
        self.tell_client(conn, Bound::Closed(code, reason.into()));
    }

    /// The connection breaks: what a silent or hanging one waits for in the end.
    fn reset(&mut self, conn: usize) {
        let connection = &mut self.connections[conn];
        if connection.forgotten {
            return;
        }
        if connection.silent || connection.hanging || !connection.ended {
            connection.ended = true;
            connection.hanging = false;
            connection.silent = true;
            self.tell_client(conn, Bound::Closed(1006, String::new()));
        }
    }

    fn handshake(&mut self, conn: usize, auth: Option<u32>) {
        let server = self.connections[conn].server;
        if self.connections[conn].forgotten || self.connections[conn].silent {
            return;
        }
        if self.is_out(server) || self.trouble.sockets > self.now {
            return self.end(conn, 1006, "");
        }
        let good = self.token_is_good(auth);
        if !good && self.plan.refusal == Refusal::Handshake {
            return self.end(conn, 1006, "");
        }
        self.tell_client(conn, Bound::Opened);
        if !good {
            let Refusal::Close(code) = self.plan.refusal else {
                return;
            };
            return self.end(conn, code, "token refused");
        }
        if self.trouble.wait > self.now {
            let code = self.dice.pick(&[1013, 4429]);
            return self.end(conn, code, "try again later");
        }
        if !self.connections[conn].known {
            return self.end(conn, 4404, "no such job");
        }
        self.connections[conn].accepted = true;
        self.connections[conn].token_until = auth.and_then(|auth| self.tokens.get(&auth).copied());
        match self.connections[conn].job {
            // A job that has ended is told again; otherwise nothing is said of the past.
            Some(job) if self.truth.is_over(job) => {
                if let Some((text, said)) = self.truth.message(job) {
                    self.say(conn, text, vec![said.number]);
                }
                self.end(conn, 1000, "done");
            }
            _ => {
                let wait = self.plan.heartbeat;
                self.later(wait, Event::Beat(conn));
            }
        }
    }

    fn is_served(&self, conn: usize) -> bool {
        let connection = &self.connections[conn];
        connection.accepted && !connection.ended
    }

    fn beat(&mut self, conn: usize) {
        if !self.is_served(conn) {
            return;
        }
        if self.plan.strict_tokens
            && self.connections[conn]
                .token_until
                .is_some_and(|until| until <= self.now)
        {
            let code = if let Refusal::Close(code) = self.plan.refusal {
                code
            } else {
                1000
            };
            return self.end(conn, code, "token has run out");
        }
        self.tell_client(
            conn,
            Bound::Text(
                "{\"type\":\"heartbeat\",\"timestamp\":\"now\"}".into(),
                Vec::new(),
            ),
        );
        let wait = self.plan.heartbeat;
        self.later(wait, Event::Beat(conn));
    }

    /// Sends one message, as well or as badly as the server does.
    fn say(&mut self, conn: usize, text: String, numbers: Vec<u64>) {
        let bad = self.plan.faults.contains(&Fault::BadFrames) && !self.healed;
        let choice = if bad { self.dice.between(0, 99) } else { 100 };
        match choice {
            0..=9 => {
                self.tell_client(conn, Bound::Text(text.clone(), numbers.clone()));
                self.tell_client(conn, Bound::Text(text, numbers));
            }
            10..=17 if self.connections[conn].held.is_none() => {
                self.connections[conn].held = Some((text, numbers));
                self.later(500, Event::Release(conn));
                return;
            }
            18..=29 => {
                let (broken, oversize) = self.broken_frame();
                if oversize {
                    self.tell_client(conn, Bound::Oversize(70_000_000));
                } else {
                    self.tell_client(conn, Bound::Text(broken, Vec::new()));
                }
                self.tell_client(conn, Bound::Text(text, numbers));
            }
            30..=36 => {
                let (other, said) = self.truth.custom();
                let all = [vec![said.number], numbers].concat();
                let joined = if self.dice.chance(50) {
                    format!("[{other},{text}]")
                } else {
                    format!("{other}\n{text}\n")
                };
                self.tell_client(conn, Bound::Text(joined, all));
            }
            37..=43 => self.tell_client(
                conn,
                Bound::Text(format!("{text}\n{{\"type\":\"ping\"}}"), numbers),
            ),
            44..=49 => self.tell_client(conn, Bound::Binary(text.into_bytes(), numbers)),
            50..=52 => {
                self.tell_client(conn, Bound::Binary(vec![0xff, 0x00, 0xfe], Vec::new()));
                self.tell_client(conn, Bound::Text(text, numbers));
            }
            _ => self.tell_client(conn, Bound::Text(text, numbers)),
        }
        self.flush_held(conn);
    }

    fn broken_frame(&mut self) -> (String, bool) {
        let id = self.dice.pick(&self.truth.jobs).id;
        let deep = "[".repeat(100);
        let shapes = [
            "".into(),
            "{".into(),
            "[1,2".into(),
            "null".into(),
            "\"secret\"".into(),
            "{\"type\":5}".into(),
            "{\"type\":\"progress\"}".into(),
            "\u{1e}{\"type\":\"x\"}\u{1e}".into(),
            format!("{{\"type\":\"progress\",\"job_id\":\"{id}\",\"progress\":\"45\"}}"),
            format!("{{\"type\":\"progress\",\"job_id\":\"{id}\",\"progress\":101}}"),
            format!("{{\"type\":\"progress\",\"job_id\":\"{id}\",\"progress\":-1e99}}"),
            format!("{{\"type\":\"error\",\"job_id\":\"{id}\"}}"),
            format!("{{\"type\":\"completed\",\"job_id\":\"{id}\",\"progress\":[]}}"),
            "{\"type\":\"progress\",\"job_id\":\"ghost1\",\"progress\":5}".into(),
            "{\"type\":\"completed\",\"job_id\":\"ghost2\",\"progress\":100}".into(),
            format!("{{\"type\":\"party\",\"data\":{deep}"),
        ];
        (self.dice.pick(&shapes), self.dice.chance(5))
    }

    fn flush_held(&mut self, conn: usize) {
        if let Some((text, numbers)) = self.connections[conn].held.take() {
            self.tell_client(conn, Bound::Text(text, numbers));
        }
    }

    fn release(&mut self, conn: usize) {
        if !self.connections[conn].ended {
            self.flush_held(conn);
        }
    }

    /// Tells everybody who is connected now.
    fn publish(&mut self, job: usize) {
        let serving: Vec<usize> = (0..self.connections.len())
            .filter(|conn| {
                self.is_served(*conn) && self.connections[*conn].job.is_none_or(|own| own == job)
            })
            .collect();
        for conn in serving {
            let Some((text, said)) = self.truth.message(job) else {
                return;
            };
            self.say(conn, text, vec![said.number]);
            if self.truth.is_over(job) && self.connections[conn].job.is_some() {
                self.end(conn, 1000, "done");
            }
        }
    }

    fn step(&mut self, job: usize) {
        if self.truth.is_over(job) {
            return;
        }
        if self.holding {
            return self.later(1000, Event::Step(job));
        }
        self.truth.step(job, self.now, &mut self.dice);
        self.publish(job);
        let pace = if self.finishing {
            self.truth.jobs[job].pace.min(500)
        } else {
            self.truth.jobs[job].pace
        };
        let wait = self.dice.between(pace / 2, pace);
        self.later(wait, Event::Step(job));
    }

    fn begin_attempt(&mut self, job: usize) -> bool {
        for conn in 0..self.connections.len() {
            self.release(conn);
        }
        let begun = self.truth.retry(job);
        if begun {
            let wait = self.truth.jobs[job].pace;
            self.later(wait, Event::Step(job));
        }
        begun
    }

    fn retry_arrives(&mut self, job: usize, tell: bool) {
        if self.begin_attempt(job) && tell {
            let latency = self.latency();
            self.later(latency, Event::RetryAnswered(job));
        }
    }

    fn http_arrives(&mut self, req: u32) {
        let Some(flight) = self.flights.get(&req) else {
            return;
        };
        let (job, server, etag) = (flight.job, flight.server, flight.etag.clone());
        let good = self.token_is_good(flight.auth);
        let answer = |status, retry_after, etag, body: String| HttpOutcome {
            status,
            etag,
            retry_after,
            body,
        };
        let outcome = if self.is_out(server) {
            HttpOutcome::default()
        } else if self.trouble.errors > self.now {
            let wait = self.dice.between(1, LONGEST_WAIT);
            match self.trouble.error_kind {
                0 => answer(500, None, None, "oops".into()),
                1 => answer(503, Some(wait), None, String::new()),
                2 => answer(429, Some(wait), None, String::new()),
                3 => answer(200, None, None, "<html>Welcome to the hotel</html>".into()),
                4 => answer(
                    200,
                    None,
                    None,
                    "{\"job_id\":\"ghost\",\"status\":\"completed\"}".into(),
                ),
                _ => answer(403, None, None, String::new()),
            }
        } else if !good {
            answer(401, None, None, String::new())
        } else if etag == Some(self.truth.etag(job)) {
            answer(304, None, None, String::new())
        } else {
            answer(
                200,
                None,
                Some(self.truth.etag(job)),
                self.truth.snapshot(job),
            )
        };
        let latency = self.latency();
        let takes = self.dice.between(latency / 2, latency);
        self.later(takes, Event::HttpAnswer(req, outcome));
    }

    // ---- trouble ----

    fn fault(&mut self, fault: Fault) {
        if self.healed {
            return;
        }
        self.figures.faults[fault as usize] += 1;
        let lasts = self.dice.pick(&[300, 3000, 15_000, 40_000]);
        let until = (self.now + self.dice.between(1, lasts)).min(self.plan.heal_at);
        let reset_at = (self.now + self.dice.between(5000, 90_000)).min(self.plan.heal_at);
        match fault {
            Fault::Outage | Fault::Hang | Fault::Restart => {
                let all = self.dice.chance(70);
                let one = self.dice.between(0, self.trouble.outage.len() as u64 - 1) as usize;
                let quiet = fault == Fault::Hang || fault == Fault::Outage && self.dice.chance(30);
                if fault == Fault::Hang {
                    self.trouble.hang = until;
                }
                for server in 0..self.trouble.outage.len() {
                    if all || server == one {
                        self.trouble.outage[server] = until;
                        self.cut(
                            server,
                            quiet,
                            reset_at,
                            if fault == Fault::Restart { 1012 } else { 1006 },
                        );
                    }
                }
            }
            Fault::DropSocket => {
                if let Some(conn) = self.some_connection() {
                    let code = self.dice.pick(&[1006, 1001, 1011, 1000, 4000]);
                    self.end(conn, code, "dropped");
                }
            }
            Fault::HalfOpen => {
                if let Some(conn) = self.some_connection() {
                    self.connections[conn].silent = true;
                    self.at(reset_at, Event::Reset(conn));
                }
            }
            Fault::RefuseSockets => self.trouble.sockets = until,
            Fault::AskToWait => {
                self.trouble.wait = until;
                if let Some(conn) = self.some_connection() {
                    self.end(conn, 1013, "try again later");
                }
            }
            Fault::HttpErrors => {
                self.trouble.errors = until;
                // Without tokens a read that is refused ends the session for good.
                let kinds = if self.plan.config.token { 5 } else { 4 };
                self.trouble.error_kind = self.dice.between(0, kinds);
            }
            Fault::BadFrames => {}
            Fault::Freeze | Fault::Sleep | Fault::Suspend => {
                if self.frozen_until.is_some() {
                    return;
                }
                if fault == Fault::Suspend && self.page.connected {
                    self.input(Input::Command(Command::new(Ask::Suspend, 0.0, "")));
                    self.suspended = true;
                }
                self.frozen_for_sleep = fault == Fault::Sleep;
                self.frozen_until = Some(self.now);
                self.at(until, Event::Thaw);
            }
            Fault::ClockJump => {
                let by = self.dice.pick(&[-3_600_000, -2000, 3000, 6000, 3_600_000]);
                self.jump = (self.jump + by).clamp(-7_200_000, 7_200_000);
            }
            Fault::Disconnect => {
                if self.frozen_until.is_none() && self.page.connected {
                    self.page.connected = false;
                    self.input(Input::Command(Command::new(Ask::Disconnect, 0.0, "")));
                    self.at(until, Event::Act(Act::Connect));
                }
            }
            Fault::BadToken => {
                self.trouble.bad_token = until;
                self.trouble.bad_token_kind = self.dice.between(0, 2);
            }
            Fault::SlowNetwork => self.trouble.slow = until,
        }
    }

    fn some_connection(&mut self) -> Option<usize> {
        let served: Vec<usize> = (0..self.connections.len())
            .filter(|conn| self.is_served(*conn))
            .collect();
        if served.is_empty() {
            None
        } else {
            Some(self.dice.pick(&served))
        }
    }

    fn cut(&mut self, server: usize, quiet: bool, reset_at: u64, code: u16) {
        for conn in 0..self.connections.len() {
            if self.connections[conn].server != server || !self.is_served(conn) {
                continue;
            }
            if quiet {
                self.connections[conn].silent = true;
                self.connections[conn].ended = true;
                self.at(reset_at, Event::Reset(conn));
            } else {
                self.end(conn, code, "");
            }
        }
    }

    /// The page runs again: perhaps its timer comes before what is queued.
    fn thaw(&mut self) {
        let Some(since) = self.frozen_until.take() else {
            return;
        };
        if self.frozen_for_sleep {
            self.slept += self.now - since;
            self.frozen_for_sleep = false;
        }
        let told = std::mem::take(&mut self.suspended);
        let missed = std::mem::take(&mut self.timer_missed);
        let order = self.dice.between(0, 2);
        if told {
            self.input(Input::Command(Command::new(Ask::Wake, 1.0, "")));
        } else if order == 0 {
            self.input(Input::Command(Command::new(Ask::Wake, 2.0, "")));
        }
        if missed && order != 1 {
            self.timer_for = None;
            self.input(Input::Timer);
        }
        self.flush();
        self.timer_for = None;
        self.input(Input::Timer);
    }

    // ---- the page ----

    fn listen(&mut self, event: &'static str, delta: i32) {
        *self.page.listeners.entry(event).or_insert(0) += delta;
        self.input(Input::Command(Command::new(
            Ask::Listen,
            delta.into(),
            event,
        )));
    }

    fn connect(&mut self) {
        self.page.connected = true;
        let rid = self.page.rid();
        self.input(Input::Command(Command::new(Ask::Connect, rid.into(), "")));
    }

    fn act(&mut self, act: Act) {
        if self.frozen_until.is_some() {
            return;
        }
        let id = |job: usize, truth: &Truth| truth.jobs[job].id.to_owned();
        match act {
            Act::Follow(job) => {
                self.page.followers[job] += 1;
                let id = id(job, &self.truth);
                self.input(Input::Command(Command::new(Ask::Follow, 0.0, &id)));
            }
            Act::Unfollow(job) => {
                if self.page.followers[job] > 0 {
                    self.page.followers[job] -= 1;
                    let id = id(job, &self.truth);
                    self.input(Input::Command(Command::new(Ask::Unfollow, 0.0, &id)));
                }
            }
            Act::Refresh(job) => {
                let (rid, id) = (self.page.rid(), id(job, &self.truth));
                self.input(Input::Command(Command::new(Ask::Refresh, rid.into(), &id)));
            }
            Act::RefreshStale(job) => {
                // The remedy for reads that were refused for good while the socket served.
                let stale = self.page.shown[job]
                    .as_ref()
                    .is_some_and(|shown| shown.stale);
                if stale && self.page.followers[job] > 0 && self.plan.config.polls() {
                    self.act(Act::Refresh(job));
                }
            }
            Act::Retry(job) => self.retry(job),
            Act::RemoteRetry(job) => {
                if self.plan.attempts == Attempts::Everywhere && self.begin_attempt(job) {
                    let wait = self.dice.between(0, 10_000);
                    self.later(wait, Event::Act(Act::Refresh(job)));
                }
            }
            Act::Send => self.send(),
            Act::Listen => {
                let event = self.dice.pick(&[
                    "progress",
                    "completed",
                    "error",
                    "invalid",
                    "gap",
                    "*",
                    "party",
                ]);
                self.listen(event, 1);
            }
            Act::Unlisten => {
                let kept = i32::from(self.listens_always);
                let spare = |(name, count): (&&'static str, &i32)| {
                    (*count > if *name == "*" { kept } else { 0 }).then_some(*name)
                };
                if let Some(event) = self.page.listeners.iter().find_map(spare) {
                    self.listen(event, -1);
                }
            }
            Act::WatchAll => {
                self.page.watch_all = !self.page.watch_all;
                let on = self.page.watch_all;
                self.input(Input::Command(Command::new(
                    Ask::WatchAll,
                    f64::from(u8::from(on)),
                    "",
                )));
            }
            Act::Wake => {
                let reason = self.dice.pick(&[0.0, 4.0, 3.0, 2.0, 1.0]);
                self.input(Input::Command(Command::new(Ask::Wake, reason, "")));
            }
            Act::Connect => self.connect(),
            Act::Inspect => {
                let found = page::Found::of(&self.engine);
                let mono = self.mono();
                self.check.bounds(&self.plan, mono, &found);
            }
            Act::Custom => {
                let (text, said) = self.truth.custom();
                if let Some(conn) = self.some_connection() {
                    self.tell_client(conn, Bound::Text(text, vec![said.number]));
                }
            }
        }
    }

    /// The page asks the server for a new attempt, and tells the client: after the answer, or at once in the hope that
    /// the server agrees.
    fn retry(&mut self, job: usize) {
        let failed = self.page.shown[job]
            .as_ref()
            .is_some_and(|shown| shown.status == "failed");
        if !failed || self.page.followers[job] == 0 || !self.truth.is_over(job) {
            return;
        }
        let settled = self.truth.jobs[job]
            .ends
            .last()
            .is_some_and(|(at, ..)| at + 2 * self.plan.latency + SLOW < self.now);
        let counted = self.plan.attempts == Attempts::Everywhere;
        if !counted && !settled {
            // What is still on its way could not be told from the new attempt's.
            return;
        }
        let hopes = counted && self.dice.chance(40);
        if hopes {
            self.check.guessed(job);
            let id = self.truth.jobs[job].id;
            self.input(Input::Command(Command::new(Ask::Retry, 0.0, id)));
        }
        if self.trouble.outage.iter().all(|until| *until <= self.now) {
            let latency = self.latency();
            self.later(latency, Event::RetryArrives(job, !hopes));
        }
    }

    fn send(&mut self) {
        let rid = self.page.rid();
        let job = self.dice.pick(&self.truth.jobs).id;
        let data = self.dice.pick(&[
            None,
            Some("[1]".into()),
            Some(format!("{{\"jobId\":\"{job}\"}}")),
        ]);
        let what = if self.dice.chance(30) {
            Ask::SendVolatile
        } else {
            Ask::Send
        };
        let command = Command {
            data,
            supersede: self.dice.chance(30).then(|| "key".into()),
            max_age: if self.dice.chance(30) { 500.0 } else { -1.0 },
            ..Command::new(what, rid.into(), "hello")
        };
        self.input(Input::Command(command));
    }

    // ---- the end of the story ----

    fn longest_pause(&self) -> u64 {
        self.plan.config.backoff.max_delay
    }

    /// All trouble ends: connections that hang or are silent break, as TCP's would; the page runs; a page that was
    /// told that the client gave up calls `connect()`.
    fn heal(&mut self) {
        self.healed = true;
        self.trouble = Trouble {
            outage: vec![0; self.trouble.outage.len()],
            ..Trouble::default()
        };
        for conn in 0..self.connections.len() {
            if self.connections[conn].silent || self.connections[conn].hanging {
                self.reset(conn);
            }
        }
        let hanging: Vec<u32> = self
            .flights
            .iter()
            .filter(|(_, flight)| flight.hanging)
            .map(|(req, _)| *req)
            .collect();
        for req in hanging {
            self.later(0, Event::HttpAnswer(req, HttpOutcome::default()));
        }
        for req in std::mem::take(&mut self.slow_tokens) {
            self.later(TOKEN_TIME, Event::Token(req, true));
        }
        for connection in &mut self.connections {
            connection.token_until = None;
        }
        for until in self.tokens.values_mut() {
            *until = u64::MAX;
        }
        self.thaw();
        // A token that lasts three seconds is trouble of its own.
        self.plan.token_life = 1_000_000;
        let given_up = self.page.state == "failed" || !self.plan.config.polls();
        if !self.page.connected || given_up {
            self.connect();
        }
        if self.gives_up() {
            // What gave up for good waits for the page: it asks once more when the last loss is known.
            let settled = self.settled();
            self.later(settled, Event::Act(Act::Connect));
            for job in 0..self.plan.jobs {
                self.later(settled + 1, Event::Act(Act::RefreshStale(job)));
            }
        }
        self.holding = true;
        let bound = self.bound();
        self.later(bound, Event::CheckStill);
    }

    /// How long after the end of all trouble the truth must be shown, ms. With reads: the longest interval that may be
    /// in force (stretched by failures to the longest back-off, or as the server asked), since a read may just have
    /// failed; without: the longest back-off, after which the socket opens. Then a token, its refresh, a handshake and
    /// a read, with what slow packets were still under way; each job beyond the reads at once, or the sockets at once,
    /// waits for its turn; and one frame of the page.
    fn bound(&self) -> u64 {
        let pause = self.longest_pause();
        let wait = match self.plan.interval() {
            Some(interval) => {
                let told = if self.plan.faults.contains(&Fault::HttpErrors) {
                    LONGEST_WAIT
                } else {
                    0
                };
                interval.max(pause).max(told)
            }
            // Told to wait: the longest back-off again, a half of it by chance.
            None => pause,
        };
        let wait = wait + if self.gives_up() { self.settled() } else { 0 };
        // After a retry() an end is taken for the old attempt's for this long.
        let wait = wait
            + if self.check.any_retry() {
                5000 + self.plan.interval().unwrap_or(0)
            } else {
                0
            };
        let slow = if self.plan.faults.contains(&Fault::SlowNetwork) {
            2 * SLOW
        } else {
            0
        };
        let turns = self.plan.jobs as u64;
        let trip = 2 * self.plan.latency;
        wait + slow + (4 + turns) * trip + 3 * TOKEN_TIME + self.plan.batch + 3 * FRAME + 100
    }

    /// Whether the client may have given up, or may yet, over something that was under way when the trouble ended.
    fn gives_up(&self) -> bool {
        let plan = &self.plan;
        let refused = plan.fleeting_tokens || plan.config.token && !plan.faults.is_empty();
        !plan.config.polls() || refused
    }

    /// How long after the end of all trouble the last connection is known to be lost, ms.
    fn settled(&self) -> u64 {
        2 * (self.plan.latency + SLOW) + 3 * TOKEN_TIME + 100
    }

    fn check_still(&mut self) {
        self.check
            .truth(&self.plan, &self.page, &self.truth, self.still, false);
        self.still = self.now;
        self.holding = false;
        self.finishing = true;
        self.at(self.now, Event::CheckEnds);
    }

    /// Waits for the last job to end, then for the page to know.
    fn check_ends(&mut self) {
        if (0..self.plan.jobs).any(|job| !self.truth.is_over(job)) {
            return self.later(500, Event::CheckEnds);
        }
        let bound = self.bound();
        self.later(bound, Event::Leave);
    }

    /// The page loses interest: no socket may outlive the linger time.
    fn leave(&mut self) {
        self.check
            .truth(&self.plan, &self.page, &self.truth, self.still, true);
        if self.listens_always {
            self.check.ends_were_told(&self.page);
        }
        self.act(Act::Inspect);
        for job in 0..self.plan.jobs {
            while self.page.followers[job] > 0 {
                self.act(Act::Unfollow(job));
            }
        }
        while let Some(event) = self
            .page
            .listeners
            .iter()
            .find(|(_, count)| **count > 0)
            .map(|(name, _)| *name)
        {
            self.listen(event, -1);
        }
        if self.page.watch_all {
            self.act(Act::WatchAll);
        }
        let linger = self.plan.config.linger + 50;
        self.later(linger, Event::Close);
    }

    fn close(&mut self) {
        let live = self.check.live_sockets();
        self.check.ensure(live == 0, || {
            format!("{live} sockets though nobody listens")
        });
        for _ in 0..2 {
            let act = self
                .dice
                .pick(&[Act::Refresh(0), Act::Connect, Act::Send, Act::Follow(0)]);
            self.act(act);
        }
        self.input(Input::Command(Command::new(Ask::Shutdown, 0.0, "")));
        self.page.closed = true;
        self.check.nothing_left(&self.page);
        self.act(Act::Connect);
        self.act(Act::Send);
        self.act(Act::Refresh(0));
        self.input(Input::Command(Command::new(Ask::Follow, 0.0, "j0")));
        self.input(Input::Take);
        self.input(Input::Timer);
        for conn in 0..self.connections.len().min(3) {
            let r#gen = self.connections[conn].r#gen;
            let text = "{\"type\":\"progress\",\"job_id\":\"j0\",\"progress\":1}".into();
            self.input(Input::Frames {
                text,
                gens: vec![r#gen],
            });
        }
        self.check.nothing_left(&self.page);
        let next = self.engine.next_deadline();
        self.check
            .ensure(next.is_none(), || "a deadline after close".into());
        let seed = self.seed;
        self.check.ensure(self.page.state == "closed", || {
            format!("seed {seed} ends {}", "not closed")
        });
        self.at(self.now, Event::Over);
    }
}

fn server_of(url: &str) -> usize {
    url.split_once("://s")
        .and_then(|(_, rest)| rest.get(..1)?.parse().ok())
        .unwrap_or(0)
}
