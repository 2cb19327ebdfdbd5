//! The whole client as one state machine: what to open, send, wait for, believe and tell.
//!
//! Each file here holds one duty; they share the state below. Nothing calls out: duties push [`Output`]s, which the
//! driver drains before it hands in the next [`Input`].

mod acks;
mod auth;
mod broadcast;
mod channels;
mod events;
mod frames;
mod ingest;
mod inspect;
mod jobs;
mod leaving;
mod links;
mod reads;
mod replies;
mod send;
mod status;
mod stream;
mod table;
mod transport;
mod wake;

use crate::core::connection::auth::Auth;
use crate::core::connection::drains::Drains;
use crate::core::connection::pool::Pool;
use crate::core::deliver::audit::Audit;
use crate::core::deliver::bounds::{Bounds, Dropped};
use crate::core::deliver::history::History;
use crate::core::deliver::outbox::{Outbox, Sources};
use crate::core::deliver::status::Status;
use crate::core::io::config::Config;
use crate::core::io::error::{Log, Problem};
use crate::core::io::input::{Ask, Command, Gen, Input};
use crate::core::io::output::Output;
use crate::core::jobs::entities::Entities;
use crate::core::jobs::table::JobTable;
use crate::core::protocol::BROADCAST;
use crate::core::protocol::socketio::attachment::Attachment;
use crate::core::protocol::socketio::channel::Channel;
use crate::core::protocol::socketio::transport::{REQUESTS, Transport};
use crate::core::protocol::{BroadcastPart, Part};
use crate::core::reads::Reads;
use crate::core::send::queue::Queue;
use crate::core::time::bucket::Bucket;
use crate::core::time::rng::Rng;
use crate::core::time::timers::{Deadline, Owner, Timers};
use crate::core::time::{Now, Time};
use inspect::{Count, Counters};
use links::SHARED;

/// A forward jump of the wall clock against the monotonic one that means the machine slept, ms.
const SLEPT: u64 = 5000;

/// What the client is about.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    /// Nobody has asked for anything yet, or `disconnect()` was called.
    Idle,
    /// Connections are made as they are needed.
    Active,
    /// The page is in the back/forward cache.
    Suspended,
    /// Nothing more will be tried until `connect()`.
    Failed(Problem),
    /// Final.
    Closed,
}

/// The client. See the module's documentation.
#[derive(Debug)]
pub struct Engine {
    config: Config,
    rng: Rng,
    now: Time,
    /// Epoch ms at the monotonic clock's zero.
    epoch: Option<u64>,
    phase: Phase,
    /// `disconnect()` was called: following a job does not connect again by itself.
    held: bool,
    jobs: JobTable,
    pool: Pool,
    /// There is one socket a job, since the path names it; else one that carries every job.
    per_job: bool,
    /// When the shared socket is let go, since nobody wants it; [`Time::NEVER`]: it is wanted.
    shared_linger: Time,
    /// The server that is tried, or works.
    server: usize,
    auth: Auth,
    transport: Part<Transport>,
    leaving: Part<leaving::Leaving>,
    /// The namespaces of Socket.IO; none with another protocol.
    channels: Part<Vec<Channel>>,
    acks: Part<acks::Acks>,
    entities: BroadcastPart<Entities>,
    reads: Reads,
    timers: Timers,
    outputs: Vec<Output>,
    /// How many of them were handed out. Taking from the front would move the rest each time, and one frame can ask for
    /// very many.
    handed_out: usize,
    drains: Drains,
    outbox: Outbox,
    audit: Audit,
    history: History,
    seq: u64,
    queue: Queue,
    /// When something that is looked at whenever things settle has to be looked at.
    settling: Deadline,
    bucket: Bucket,
    status: Status,
    status_dirty: bool,
    /// `connect()` calls that wait for their answer.
    connecting: Vec<u32>,
    watch_all: bool,
    ever_connected: bool,
    /// When anything was last heard; [`Time::NEVER`] before.
    last_message: Time,
    /// The socket of the app's last `ping`, and when that was; [`Gen::NONE`]: a `pong` has answered it.
    pinged: (Gen, Time),
    /// The last round trip that was measured, from [`Time`] 0; [`Time::NEVER`]: none.
    round_trip: Time,
    /// From when on a wake counts again.
    next_wake: Time,
    counters: Counters,
    bounds: Bounds,
}

impl Engine {
    /// A client that has done nothing yet. The same `seed` gives the same delays.
    #[must_use]
    pub fn new(config: Config, seed: u64) -> Self {
        let mut engine = Self {
            rng: Rng::new(seed),
            now: Time(0),
            epoch: None,
            phase: Phase::Idle,
            held: false,
            jobs: JobTable::default(),
            pool: Pool::default(),
            per_job: crate::core::text::names_job(&config.path),
            shared_linger: Time::NEVER,
            server: 0,
            auth: Auth::default(),
            transport: Part::default(),
            leaving: Part::default(),
            channels: Part::default(),
            acks: Part::default(),
            entities: BroadcastPart::default(),
            reads: Reads::default(),
            timers: Timers::default(),
            outputs: Vec::new(),
            handed_out: 0,
            drains: Drains::default(),
            outbox: Outbox::default(),
            audit: Audit::default(),
            history: History::new(config.history),
            seq: 0,
            queue: Queue::new(config.queue_items, config.queue_bytes),
            settling: Deadline::default(),
            bucket: Bucket::new(config.rate_limit),
            status: Status::default(),
            status_dirty: false,
            connecting: Vec::new(),
            watch_all: false,
            ever_connected: false,
            last_message: Time::NEVER,
            pinged: (Gen::NONE, Time(0)),
            round_trip: Time::NEVER,
            next_wake: Time(0),
            counters: Counters::default(),
            bounds: Bounds::default(),
            config,
        };
        engine.add_default_channel();
        if engine.config.is_broadcast() {
            engine.outbox.hold_events();
        }
        engine
    }

    /// Takes in one thing that happened at `now`. Drain [`Engine::poll_output`] before the next call.
    pub fn handle(&mut self, now: Time, input: Input) {
        self.now = self.now.max(now);
        if self.phase == Phase::Closed {
            self.refuse_after_close(&input);
            return self.finish_leaving();
        }
        match input {
            Input::Clock { wall } => self.clock(wall),
            Input::Command(command) => self.command(&command),
            Input::Opened { r#gen } => self.link_opened(r#gen),
            Input::Frames { text, gens } => self.frames(&text, &gens),
            Input::Binary { r#gen, id, size } if self.config.is_socketio() => {
                self.session_binary(r#gen, Attachment { id, size });
            }
            Input::Attached { id, size } if self.config.is_socketio() => self.attach(id, size),
            // Other protocols have no attachments.
            Input::Binary { .. } | Input::Attached { .. } => {}
            Input::NotUtf8 { r#gen } => self.not_utf8(r#gen),
            Input::Oversize { r#gen, size } => self.oversize(r#gen, size),
            Input::Closed {
                r#gen,
                code,
                reason,
            } => self.link_closed(r#gen, code, &reason),
            Input::Http { req, outcome } if self.config.is_socketio() && req >= REQUESTS => {
                self.requested(req, &outcome)
            }
            Input::Http { req, outcome } => self.read_done(req, outcome),
            Input::Buffered { r#gen, bytes } => self.drains.measured(r#gen, bytes, self.now),
            Input::Token { req, error } => self.token_answered(req, error),
            Input::Timer => {}
            Input::Take { late } => {
                if BROADCAST {
                    self.outbox.held.late = late;
                }
                let (outbox, mut sources) = self.delivery();
                outbox.take(&mut sources);
            }
        }
        self.fire();
        self.settle();
        // What was settled may be due at once; a drain never leaves a deadline in the past.
        while self.timers.next() <= self.now {
            self.fire();
            self.settle();
        }
    }

    /// Whether there is one socket a job. Socket.IO and `broadcast` have one for all.
    #[inline(always)]
    fn per_job(&self) -> bool {
        self.config.is_stream() && self.per_job
    }

    /// The next thing to do, in order; `None` when all is said.
    pub fn poll_output(&mut self) -> Option<Output> {
        loop {
            if let Some(output) = self.outputs.get_mut(self.handed_out) {
                self.handed_out += 1;
                return Some(std::mem::replace(output, Output::Dirty));
            }
            self.outputs.clear();
            self.handed_out = 0;
            if !self.next_batch() {
                return None;
            }
        }
    }

    /// When to hand in [`Input::Timer`], if nothing happens before.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        Some(self.timers.next()).filter(|next| *next < Time::NEVER)
    }

    /// Whether the client is closed, and nothing is under way any more that needs a token.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.phase == Phase::Closed && !self.is_leaving()
    }

    fn command(&mut self, command: &Command) {
        let (text, rid) = (command.text.as_str(), command.n as u32);
        match command.what {
            Ask::Follow => self.follow(text),
            Ask::Unfollow => self.unfollow(text),
            Ask::Listen => self.listen(text, command.n as i32),
            Ask::WatchAll => self.watch_all(rid > 0),
            Ask::Connect => self.connect(rid),
            Ask::Disconnect => self.disconnect(),
            Ask::Shutdown => self.shutdown(),
            Ask::Retry => self.retry(text),
            Ask::Refresh => self.refresh(rid, text),
            Ask::Send | Ask::SendVolatile => self.send(rid, command),
            // The events that may mean a return from the back/forward cache come first.
            Ask::Wake => self.wake(rid < 3),
            Ask::Suspend => self.suspend(),
            Ask::Channel => self.want_channel(text, command.n > 0.0),
            Ask::Request if self.config.is_socketio() => self.emit(rid, command),
            Ask::Reply if self.config.is_socketio() => self.reply(rid, command),
            Ask::WatchEntities if self.config.is_broadcast() => self.watch_entities(text, rid > 0),
            // The facade refuses them.
            Ask::Request | Ask::Reply | Ask::WatchEntities => {}
        }
    }

    /// Epoch ms now; 0 before the driver told the time.
    fn wall(&self) -> u64 {
        self.epoch
            .map_or(0, |epoch| epoch.saturating_add(self.now.0))
    }

    /// By both clocks.
    fn time(&self) -> Now {
        Now {
            monotonic: self.now,
            wall: self.wall(),
        }
    }

    fn clock(&mut self, wall: u64) {
        let epoch = wall.saturating_sub(self.now.0);
        let slept = self
            .epoch
            .is_some_and(|known| epoch > known.saturating_add(SLEPT));
        self.epoch = Some(epoch);
        if slept {
            self.wake(false);
        }
    }

    /// Fires every reminder that is due.
    fn fire(&mut self) {
        while let Some(owner) = self.timers.due(self.now) {
            match owner {
                Owner::Link(index) => self.link_due(index),
                Owner::Job(index) => self.job_due(index),
                Owner::Fetch(req) => self.read_overdue(req),
                Owner::Settling => {
                    self.settling
                        .reached(self.now, Owner::Settling, &mut self.timers);
                }
                Owner::Token(req) => self.token_overdue(req),
                Owner::Message(place) => self.message_due(place),
            }
        }
    }

    /// Brings everything in line after an input: sockets for those who wait, reads, the queue, what is to be told.
    fn settle(&mut self) {
        let room = self.assign_sockets();
        self.pump_reads();
        let mut next = self.pump_queue();
        next = next.min(self.drains.look(self.now, &mut self.outputs));
        if self.config.is_socketio() {
            // What was said to be sent leaves before anything else can come of the session.
            self.post();
            next = next.min(self.pump_channels());
            // Last, since all of these have something to send.
            next = next.min(self.pump_session()).min(self.pump_leaving());
            self.want_for_messages();
        }
        // Whoever only wanted to be connected, and is answered here, may be the last who holds the socket.
        self.tell_status();
        if self.shared_linger <= self.now && !self.is_posting() {
            self.shared_linger = Time::NEVER;
            self.close_link(SHARED, "done");
        }
        self.tell_status();
        let (dropped, now) = (self.dropped(), self.time());
        next = next.min(self.bounds.report(dropped, now, &mut self.outbox));
        self.tell();
        self.hand_over_forgotten();
        next = next.min(room);
        if self.config.is_broadcast() && self.outbox.held.next() > self.now {
            next = next.min(self.outbox.held.next());
        }
        // What is past already waits for a POST to end.
        if self.shared_linger > self.now {
            next = next.min(self.shared_linger);
        }
        self.settling.set(next, Owner::Settling, &mut self.timers);
    }

    /// What waits to be handed over, and what goes along.
    fn delivery(&mut self) -> (&mut Outbox, Sources<'_>) {
        let sources = Sources {
            now: self.now,
            jobs: &mut self.jobs,
            entities: &mut self.entities,
            watch_all: self.watch_all,
            outputs: &mut self.outputs,
        };
        (&mut self.outbox, sources)
    }

    /// At the end of an input: what the page gets, or that something waits for it.
    fn tell(&mut self) {
        let (outbox, mut sources) = self.delivery();
        outbox.tell(&mut sources);
    }

    /// The next batch of what is handed over; whether there was any.
    fn next_batch(&mut self) -> bool {
        let (outbox, mut sources) = self.delivery();
        outbox.next_batch(&mut sources)
    }

    /// How many were cut, forgotten or dropped so far, bound by bound.
    fn dropped(&self) -> Dropped {
        let (mut entities, mut members) = (0, 0);
        if self.config.is_broadcast() {
            (entities, members) = self.entities.dropped();
        }
        let (mut replies, mut left_out) = (0, 0);
        if self.config.is_socketio() {
            (replies, left_out) = (self.acks.dropped, self.acks.left_out);
        }
        [
            self.jobs.forgotten,
            self.jobs.cut_texts + left_out,
            entities,
            members,
            self.history.unkept(),
            self.audit.unnamed(),
            replies,
            self.outbox.overflowed,
        ]
    }

    /// Tells the page's logger, about a job if there is one.
    fn log(&mut self, what: Log, detail: &str, job: Option<u32>) {
        let (now, wall) = (self.now, self.wall());
        let entry = job.and_then(|index| self.jobs.get(index));
        let id = entry.map(|entry| entry.job.id.as_str());
        self.outbox.log(now, wall, what, None, detail, id);
    }

    #[inline]
    fn count(&mut self, what: Count) {
        self.counters.add(what, 1.0);
    }

    fn is_active(&self) -> bool {
        self.phase == Phase::Active
    }

    /// Somebody wants something: connect, unless the page said not to.
    fn activate(&mut self) {
        if self.phase == Phase::Idle && !self.held {
            self.phase = Phase::Active;
            self.status_dirty = true;
            self.want_everything();
        }
    }

    fn connect(&mut self, rid: u32) {
        self.held = false;
        if matches!(self.phase, Phase::Failed(_) | Phase::Suspended) {
            self.phase = Phase::Idle;
        }
        self.renew_tokens();
        self.forget_refusals();
        self.activate();
        self.retry_links_now();
        self.status_dirty = true;
        self.connecting.push(rid);
        self.want_shared();
    }

    fn disconnect(&mut self) {
        self.held = true;
        self.drop_transports("disconnect");
        self.forget_tokens();
        self.phase = Phase::Idle;
        self.status_dirty = true;
    }

    fn shutdown(&mut self) {
        self.drop_transports("closed");
        self.phase = Phase::Closed;
        self.timers.clear();
        self.outbox.keep_notices();
        self.jobs.forget_changes();
        self.entities = BroadcastPart::default();
        if self.config.is_socketio() {
            self.close_messages();
        }
        self.tell_status_now();
        self.tell();
        // Nothing is looked at any more; what may be large is let go.
        self.jobs = JobTable::default();
        self.history = History::new(0);
        self.queue = Queue::new(0, 0);
        self.audit = Audit::default();
        self.pool.clear();
        self.timers = Timers::default();
        self.acks = Part::default();
        self.channels = Part::default();
        self.finish_leaving();
    }

    /// The client is closed: only what tells a server so is still under way, and has a time limit.
    fn finish_leaving(&mut self) {
        if self.config.is_socketio() {
            let next = self.pump_leaving();
            self.timers.clear();
            self.settling = Deadline::default();
            self.settling.set(next, Owner::Settling, &mut self.timers);
        }
    }

    /// After `close()` nothing is delivered but the refusal of what still asks for an answer.
    fn refuse_after_close(&mut self, input: &Input) {
        if let Input::Binary { id, .. } | Input::Attached { id, .. } = input {
            self.outputs.push(Output::Forget { id: *id });
        }
        if let Input::Http { req, outcome } = input
            && self.config.is_socketio()
        {
            self.requested(*req, outcome);
        }
        let Input::Command(command) = input else {
            return;
        };
        if matches!(
            command.what,
            Ask::Connect | Ask::Refresh | Ask::Send | Ask::SendVolatile | Ask::Request | Ask::Reply
        ) {
            self.outbox.refuse(command.n as u32, Problem::Closed, "");
            self.tell();
        }
    }

    /// Gives up every socket, read and token request, and every deadline.
    fn drop_transports(&mut self, reason: &'static str) {
        for place in self.pool.places() {
            self.close_link(place, reason);
        }
        self.pool.clear();
        self.drains.clear();
        self.abort_reads();
        self.auth.stop_asking();
        for index in self.jobs.indexes() {
            self.rest(index);
        }
        while let Some(index) = self.pool.waiting.pop() {
            if let Some(entry) = self.jobs.get_mut(index) {
                entry.in_line = false;
            }
        }
    }

    /// Nothing more will be tried until `connect()`.
    fn fail(&mut self, problem: Problem) {
        self.drop_transports("failed");
        self.forget_tokens();
        let said = self.said(channels::DEFAULT);
        self.outbox.log(
            self.now,
            self.wall(),
            Log::Failed,
            Some(problem),
            &said,
            None,
        );
        self.phase = Phase::Failed(problem);
        self.status_dirty = true;
    }
}
