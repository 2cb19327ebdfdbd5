//! Sockets: opening, holding, losing, waiting, opening again. One link per pool key (a job, or all jobs).

use crate::core::connection::auth::Verdict;
use crate::core::connection::link::{Link, State, told_by};
use crate::core::engine::Engine;
use crate::core::engine::channels::DEFAULT;
use crate::core::engine::inspect::Count;
use crate::core::io::error::{Log, Loss};
use crate::core::io::input::Gen;
use crate::core::io::output::{Output, TokenReason};
use crate::core::protocol::stream;
use crate::core::text;
use crate::core::text::words::joined;
use crate::core::time::Time;
use crate::core::time::timers::Owner;

/// How much later than its deadline a timer may fire before the frames that may be queued behind it are waited for, ms.
const LATE: u64 = 500;
/// How long they are waited for, ms.
const GRACE: u64 = 1000;

/// The place of the one link that carries every job.
pub(super) const SHARED: u32 = 0;

impl Engine {
    fn remind_link(&mut self, place: u32, at: Time) {
        self.pool.remind(place, at, &mut self.timers);
    }

    /// The job that the link at this place is for; `None`: all jobs.
    pub(super) fn job_of_link(&self, place: u32) -> Option<u32> {
        self.per_job().then_some(place)
    }

    /// Begins a link; one that was let go while it was failing goes on where it was.
    pub(super) fn begin_link(&mut self, place: u32) {
        let now = self.now;
        let Some(link) = self.pool.make(place) else {
            return;
        };
        link.begin(now);
        let until = link.deadline.get();
        let waits = until > now && until < Time::NEVER || link.state == State::Down;
        self.pool.linked.push(place);
        self.status_dirty = true;
        if !waits {
            self.start_link(place);
        }
    }

    /// Forgets what is remembered of a job's link.
    pub(super) fn forget_link(&mut self, job: u32) {
        if self.per_job()
            && let Some(link) = self.pool.link_mut(job)
        {
            *link = Link::default();
        }
    }

    /// Takes the first step of an attempt.
    pub(super) fn start_link(&mut self, place: u32) {
        if !self.config.token {
            return self.open_link(place, 0);
        }
        if let Some(link) = self.pool.link_mut(place) {
            link.state = State::Token;
        }
        self.remind_link(place, Time::NEVER);
        self.ask_token(TokenReason::Connect);
        self.status_dirty = true;
    }

    /// Where to reach the server about a job; a path that does not name it is the same for all.
    pub(super) fn address(&self, scheme: &str, template: &str, job: u32) -> String {
        let id = self.jobs.get(job).map_or("", |entry| &entry.job.id);
        let path = text::with_id(template, id);
        match self.config.servers.get(self.server) {
            Some(server) if path.starts_with('/') => joined(&[scheme, server, &path]),
            _ => path,
        }
    }

    pub(super) fn open_link(&mut self, place: u32, auth: u32) {
        let url = self.address("ws", &self.config.path, place);
        let server = self.server;
        if let Some(link) = self.pool.link_mut(place) {
            link.auth = auth;
            link.server = server;
        }
        let r#gen = self.new_attempt(place);
        if self.config.is_socketio() {
            return self.begin_session(r#gen);
        }
        self.count(Count::Opened);
        self.outputs.push(Output::Open { r#gen, url, auth });
    }

    /// A handshake begins.
    pub(super) fn new_attempt(&mut self, place: u32) -> Gen {
        let r#gen = self.pool.new_gen(place);
        self.pool.set_gen(place, r#gen);
        if let Some(link) = self.pool.link_mut(place) {
            link.state = State::Connecting;
        }
        self.remind_link(place, self.now.after(self.handshake_limit()));
        self.status_dirty = true;
        r#gen
    }

    /// How long a handshake may take, ms.
    pub(super) fn handshake_limit(&self) -> u64 {
        self.config.heartbeat_timeout.max(1000)
    }

    /// How often a link should be heard of, and how much later it may be, ms. The servers of Socket.IO say so
    /// themselves.
    pub(super) fn heartbeat(&self) -> (u64, u64) {
        if self.config.is_socketio() {
            return (self.transport.interval, self.transport.timeout);
        }
        (
            self.config.heartbeat_interval,
            self.config.heartbeat_timeout,
        )
    }

    /// The link a generation belongs to; what is older is dropped and counted.
    pub(super) fn current_link(&mut self, r#gen: Gen) -> Option<u32> {
        let place = self.pool.current(r#gen);
        if place.is_some() {
            return place;
        }
        self.count(Count::Stale);
        None
    }

    pub(super) fn link_opened(&mut self, r#gen: Gen) {
        if self.is_probe(r#gen) {
            return self.probe_opened();
        }
        let Some(place) = self.current_link(r#gen) else {
            return;
        };
        // A session of Socket.IO is open when the server says so.
        if self.config.is_socketio() {
            return;
        }
        self.link_is_open(place);
        if let Some((event, data)) = &self.config.subscribe {
            let text = stream::encode(event, data.as_deref());
            self.drains.send(r#gen, text, self.now, &mut self.outputs);
        }
        self.is_served(place, false);
    }

    /// Messages may come and go.
    pub(super) fn link_is_open(&mut self, place: u32) {
        let now = self.now;
        let Some(link) = self.pool.link_mut(place) else {
            return;
        };
        link.open(now);
        self.server = link.server;
        self.status_dirty = true;
        self.abort_probe();
        self.remind_link(place, self.silent_at(place));
    }

    /// News comes over a link from here on. `recovered`: the server has made up for what was missed.
    pub(super) fn is_served(&mut self, place: u32, recovered: bool) {
        let wall = self.wall();
        let Some(link) = self.pool.link_mut(place) else {
            return;
        };
        link.served = true;
        let (lost_at, failures) = (std::mem::take(&mut link.lost_at), link.failures);
        self.ever_connected = true;
        if lost_at > 0 {
            self.count(Count::Reconnected);
            self.tell_reconnected(failures, wall.saturating_sub(lost_at), recovered);
        }
        self.doubt_unwatched();
        // Nothing is kept for those who come late: what happened before this moment is read once.
        for job in self.jobs_of(place) {
            self.read_after_open(job);
        }
    }

    /// The jobs a link carries, if they are wanted: one, or every one.
    pub(super) fn jobs_of(&self, place: u32) -> std::ops::Range<u32> {
        if self.per_job() {
            return place..place + 1;
        }
        self.jobs.indexes()
    }

    /// When a link that says nothing counts as lost.
    pub(super) fn silent_at(&self, place: u32) -> Time {
        let (interval, timeout) = self.heartbeat();
        match self.pool.link(place) {
            Some(link) if interval > 0 => link.last_message.after(interval).after(timeout),
            _ => Time::NEVER,
        }
    }

    /// Whether the shared link is where messages go: not when it should have been heard of by now.
    pub(super) fn is_trusted(&self) -> bool {
        self.pool.link(SHARED).is_some_and(|link| !link.grace) && self.silent_at(SHARED) > self.now
    }

    /// A reminder for a link fired.
    pub(super) fn link_due(&mut self, place: u32) {
        let now = self.now;
        let silent_at = self.silent_at(place);
        let Some(link) = self.pool.link_mut(place) else {
            return;
        };
        let due = link.deadline.get();
        let owner = Owner::Link(place);
        // Messages move the deadline without touching the timers; a probe after a wake may have drawn it nearer.
        if link.state == State::Open && due <= now && silent_at > now && !link.grace {
            link.deadline.set(silent_at, owner, &mut self.timers);
        }
        if !link.deadline.reached(now, owner, &mut self.timers) || !link.on {
            return;
        }
        match link.state {
            State::Waiting => self.start_link(place),
            State::Connecting => {
                self.count(Count::HandshakeTimeouts);
                self.let_go(place, "handshake timed out");
                self.link_failed(place, Loss::Timeout);
            }
            State::Open => {
                if now.since(due) > LATE && !link.grace {
                    link.grace = true;
                    return self.remind_link(place, now.after(GRACE));
                }
                self.count(Count::Silences);
                self.log(Log::ConnectionSilent, "", None);
                self.let_go(place, "no heartbeat");
                self.link_failed(place, Loss::Timeout);
            }
            State::Token | State::Down => {}
        }
    }

    /// Something arrived on a link: it lives.
    #[inline]
    pub(super) fn link_heard(&mut self, place: u32) {
        if let Some(link) = self.pool.link_mut(place) {
            link.last_message = self.now;
            if std::mem::take(&mut link.grace) {
                self.remind_link(place, self.silent_at(place));
            }
        }
        self.last_message = self.now;
    }

    /// A message goes: the time to the server and back is taken from a `ping` (SYSTEMS.md, E).
    pub(super) fn note_ping(&mut self, r#gen: Gen, event: &str) {
        if event == "ping" {
            self.pinged = (r#gen, self.now);
        }
    }

    /// The server's `pong`.
    pub(super) fn note_pong(&mut self, r#gen: Gen) {
        let (socket, at) = self.pinged;
        if socket == r#gen {
            self.pinged.0 = Gen::NONE;
            self.tell_round_trip(Time(self.now.since(at)));
        }
    }

    /// Expects a sign of life by `deadline`, or by the time at which it is due anyway, else the socket is replaced.
    pub(super) fn expect_sign(&mut self, place: u32, deadline: Time) {
        let deadline = deadline.min(self.silent_at(place));
        if let Some(link) = self.pool.link_mut(place) {
            // A grace that has begun already is what a nearer deadline is: the last word.
            link.grace = true;
        }
        self.remind_link(place, deadline);
    }

    /// Closes a socket, if there is one. To the server it is there until it has closed, so it keeps its place in the
    /// pool until then.
    pub(super) fn let_go(&mut self, place: u32, reason: &'static str) {
        let Some(link) = self.pool.link(place).filter(|link| link.is_live()) else {
            return;
        };
        let r#gen = link.r#gen;
        if self.config.is_socketio() {
            let polls = self.transport.polls();
            self.end_session(true);
            if polls {
                return;
            }
        }
        self.close_socket(r#gen, reason);
    }

    pub(super) fn close_socket(&mut self, r#gen: Gen, reason: &'static str) {
        self.drains.forget(r#gen);
        self.pool.close(r#gen, self.now);
        self.outputs.push(Output::Close { r#gen, reason });
    }

    /// Replaces a socket that is not to be trusted, at once.
    pub(super) fn replace_socket(&mut self, place: u32, reason: &'static str) {
        self.let_go(place, reason);
        self.note_loss(place, true);
        self.start_link(place);
    }

    /// Ends a link, if there is one.
    pub(super) fn close_link(&mut self, place: u32, reason: &'static str) {
        if self.config.is_socketio() {
            self.take_leave();
        }
        self.let_go(place, reason);
        let Some(link) = self.pool.link_mut(place) else {
            return;
        };
        if !link.on {
            return;
        }
        let begun = link.state == State::Connecting;
        if link.state == State::Open || link.failures == 0 {
            *link = Link::default();
        } else if begun {
            // The attempt counts as the ones before it: whoever wants the link again waits.
            self.back_off(place);
        }
        let Some(link) = self.pool.link_mut(place) else {
            return;
        };
        if link.state == State::Token {
            link.state = State::Waiting;
        }
        link.on = false;
        // What nobody wanted meanwhile was not lost.
        link.lost_at = 0;
        self.pool.linked.remove(place);
        self.doubt_unwatched();
        self.status_dirty = true;
    }

    pub(super) fn link_closed(&mut self, r#gen: Gen, code: u16, reason: &str) {
        self.drains.forget(r#gen);
        if self.pool.has_closed(r#gen, self.now) {
            return;
        }
        if self.is_probe(r#gen) {
            return self.probe_closed();
        }
        let Some(place) = self.current_link(r#gen) else {
            return;
        };
        let Some(link) = self.pool.link(place) else {
            return;
        };
        let (told, loss) = if link.state == State::Open {
            (Log::ConnectionClosed, Loss::Network)
        } else {
            (Log::ConnectionRefused, Loss::Handshake)
        };
        let mut words = String::from("(");
        crate::core::json::push_u64(&mut words, u64::from(code));
        words.push(')');
        if !reason.is_empty() {
            words.push_str(": ");
            words.push_str(&crate::core::text::words::excerpt(reason, 200));
        }
        self.log(told, &words, self.job_of_link(place));
        self.link_failed(place, told_by(code).unwrap_or(loss));
    }

    /// An attempt failed or an open socket was lost.
    pub(super) fn link_failed(&mut self, place: u32, loss: Loss) {
        let connecting = self
            .pool
            .link(place)
            .is_some_and(|link| link.state == State::Connecting);
        if connecting
            && self.config.is_socketio()
            && matches!(loss, Loss::Handshake | Loss::Timeout)
            && self.try_other_way()
        {
            return;
        }
        if connecting && loss == Loss::Handshake && self.config.is_stream() {
            self.probe_server(place);
        }
        let refused = loss == Loss::Auth && self.pool.link(place).is_some_and(Link::is_live);
        self.note_loss(place, loss == Loss::Timeout);
        let Some(link) = self.pool.link_mut(place) else {
            return;
        };
        link.error = Some(loss);
        link.failures = link.failures.saturating_add(1);
        let (used, repeated) = (link.auth, link.failures > 1);
        if refused {
            match self.token_refused(used) {
                Verdict::Final => return self.fail(self.auth_problem()),
                Verdict::Wait => return self.start_link(place),
                Verdict::Again if !repeated => return self.open_link(place, self.auth.current()),
                // A server that takes a token and refuses it again and again must not be hammered.
                Verdict::Again => {}
            }
        }
        self.back_off(place);
    }

    /// What was open is open no more: its jobs may miss news from here on.
    /// When nothing had been heard before the loss was noticed, it began with the last message.
    pub(super) fn note_loss(&mut self, place: u32, silent: bool) {
        let (now, proof) = (self.time(), self.proof());
        if self.config.is_socketio() {
            self.end_session(false);
        }
        let has_token = self.link_has_token();
        let min_uptime = self.config.backoff.min_uptime;
        let Some(link) = self.pool.link_mut(place) else {
            return;
        };
        let lost = link.lose(silent, min_uptime, now);
        if lost.was == State::Open && has_token && lost.uptime >= proof {
            self.auth.proven(link.auth);
        }
        if lost.was == State::Connecting {
            // Another server may do better; the one that works is kept.
            self.server = (link.server + 1) % self.config.servers.len().max(1);
        }
        self.status_dirty = true;
        if lost.soon && self.config.is_socketio() {
            self.broke_soon();
        }
        for job in self.jobs_of(place) {
            self.socket_lost(job, lost.from);
        }
        self.doubt_unwatched();
    }

    fn back_off(&mut self, place: u32) {
        let polls = self.config.polls();
        let Some(link) = self.pool.link_mut(place) else {
            return;
        };
        link.state = State::Down;
        let mut at = Time::NEVER;
        if self.config.reconnects
            && let Some(delay) = link.back_off(&self.config.backoff, polls, &mut self.rng)
        {
            at = self.now.after(delay);
        }
        self.remind_link(place, at);
        self.status_dirty = true;
    }

    /// Every link that waits or gave up tries again now, with a fresh count.
    pub(super) fn retry_links_now(&mut self) {
        for place in self.pool.places() {
            let Some(link) = self.pool.link_mut(place) else {
                return;
            };
            if !link.on {
                *link = Link::default();
            } else if matches!(link.state, State::Waiting | State::Down) {
                link.failures = 0;
                self.start_link(place);
            }
        }
    }

    /// The open link that serves a job.
    pub(super) fn open_link_of(&self, job: u32) -> Option<&Link> {
        self.pool
            .link(if self.per_job() { job } else { SHARED })
            .filter(|link| link.state == State::Open)
            .filter(|_| !self.config.is_socketio() || self.is_joined(DEFAULT))
    }
}
