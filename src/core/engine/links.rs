//! Sockets: opening, holding, losing, waiting, opening again. One link per pool key (a job, or all jobs).

use super::super::error::{Log, Loss};
use super::super::input::Gen;
use super::super::output::{Output, TokenReason};
use super::super::stream;
use super::super::text;
use super::super::time::Time;
use super::super::timers::{Deadline, Owner};
use super::auth::Verdict;
use super::{Engine, jobs};

/// How much later than its deadline a timer may fire before the frames that may be queued behind it are waited for, ms.
const LATE: u64 = 500;
/// How long they are waited for, ms.
const GRACE: u64 = 1000;

/// How long a socket that was let go may take to close before its place is given away, ms: browsers wait for the other
/// end of a closing handshake, which may never come.
const CLOSING: u64 = 1000;

/// A link's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Waits for a token.
    Token,
    /// Handshake under way.
    Connecting,
    /// Open.
    Open,
    /// Waits for its back-off to end.
    Waiting,
    /// Given up until something wakes it.
    Down,
}

/// One socket, or the intention of one.
#[derive(Debug)]
pub(super) struct Link {
    /// The job it is for; `None`: all jobs.
    pub(super) job: Option<u32>,
    pub(super) state: State,
    /// The present socket's; meaningless while there is none.
    pub(super) r#gen: Gen,
    /// Failures in a row.
    pub(super) failures: u32,
    /// The request whose token it was opened with.
    pub(super) auth: u32,
    server: usize,
    pub(super) opened_at: Time,
    pub(super) last_message: Time,
    /// When its next step comes: the end of a handshake, of silence, or of a back-off.
    pub(super) deadline: Deadline,
    /// The silence deadline passed, late; queued frames are waited for.
    grace: bool,
    /// When an open socket was lost, epoch ms.
    lost_at: Option<u64>,
    pub(super) error: Option<Loss>,
}

impl Link {
    /// Whether there is a socket.
    pub(super) fn is_live(&self) -> bool {
        matches!(self.state, State::Connecting | State::Open)
    }
}

/// What a close code asks for (RFC 6455, 7.4.1; 4xxx as the systems use them, like HTTP's status).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Band {
    Retry,
    Wait,
    Refused,
}

fn band(code: u16) -> Band {
    match code {
        // "No such job", "time-out" and "too many" in the HTTP-like band are not about who asks.
        4404 | 4408 => Band::Retry,
        1013 | 4429 => Band::Wait,
        1008 | 4400..=4499 => Band::Refused,
        _ => Band::Retry,
    }
}

impl Engine {
    fn timeout(&self) -> u64 {
        self.config.heartbeat_timeout.max(1000)
    }

    /// Begins a link for a job, or for all of them; one that was let go while it was failing goes on where it was.
    pub(super) fn begin_link(&mut self, job: Option<u32>) -> u32 {
        let parked = self.parked.iter().position(|link| link.job == job);
        let mut link = match parked {
            Some(at) => self.parked.swap_remove(at),
            None => Link {
                job,
                state: State::Waiting,
                r#gen: Gen::new(u32::MAX, 0),
                failures: 0,
                auth: 0,
                server: self.server,
                opened_at: self.now,
                last_message: self.now,
                deadline: Deadline::default(),
                grace: false,
                lost_at: None,
                error: None,
            },
        };
        // Reminders name a link by its place, which is a new one.
        let until = std::mem::take(&mut link.deadline).get();
        let down = link.state == State::Down;
        let index = self.links.insert(link);
        if until > self.now && until < Time::NEVER {
            if let Some(link) = self.links.get_mut(index) {
                link.deadline
                    .set(until, Owner::Link(index), &mut self.timers);
            }
        } else if !down {
            self.start_link(index);
        }
        self.status_dirty = true;
        index
    }

    /// Takes the first step of an attempt.
    pub(super) fn start_link(&mut self, index: u32) {
        if self.config.token {
            if let Some(link) = self.links.get_mut(index) {
                link.state = State::Token;
                link.deadline
                    .set(Time::NEVER, Owner::Link(index), &mut self.timers);
            }
            self.ask_token(TokenReason::Connect);
        } else {
            self.open_link(index, 0);
        }
        self.status_dirty = true;
    }

    pub(super) fn open_link(&mut self, index: u32, auth: u32) {
        let deadline = self.now.after(self.timeout());
        let Some(link) = self.links.get_mut(index) else {
            return;
        };
        self.opened = self.opened.wrapping_add(1);
        link.r#gen = Gen::new(index, self.opened);
        link.state = State::Connecting;
        link.auth = auth;
        link.server = self.server;
        link.deadline
            .set(deadline, Owner::Link(index), &mut self.timers);
        let mut url = String::from("ws");
        url.push_str(
            self.config
                .servers
                .get(self.server)
                .map_or("", String::as_str),
        );
        match link.job.and_then(|job| self.jobs.get(job)) {
            Some(entry) => url.push_str(&text::with_id(&self.config.path, &entry.job.id)),
            None => url.push_str(&self.config.path),
        }
        self.counters.opened += 1;
        self.outputs.push(Output::Open {
            r#gen: link.r#gen,
            url,
            auth,
        });
        self.status_dirty = true;
    }

    /// The link a generation belongs to; what is older is dropped and counted.
    pub(super) fn current_link(&mut self, r#gen: Gen) -> Option<u32> {
        let index = r#gen.link();
        if self
            .links
            .get(index)
            .is_some_and(|link| link.r#gen == r#gen && link.is_live())
        {
            return Some(index);
        }
        self.counters.stale += 1;
        None
    }

    pub(super) fn link_opened(&mut self, r#gen: Gen) {
        let Some(index) = self.current_link(r#gen) else {
            return;
        };
        let (now, wall) = (self.now, self.wall());
        let Some(link) = self.links.get_mut(index) else {
            return;
        };
        link.state = State::Open;
        link.opened_at = now;
        link.last_message = now;
        link.grace = false;
        link.error = None;
        let (lost_at, failures, job) = (link.lost_at.take(), link.failures, link.job);
        self.server = link.server;
        self.ever_connected = true;
        self.status_dirty = true;
        self.watch_silence(index);
        if let Some((event, data)) = &self.config.subscribe {
            let text = stream::encode(event, data.as_deref());
            self.outputs.push(Output::Send { r#gen, text });
        }
        if let Some(lost_at) = lost_at {
            self.counters.reconnected += 1;
            self.tell_reconnected(failures, wall.saturating_sub(lost_at));
        }
        if job.is_none() {
            self.doubt_unwatched();
        }
        // Nothing is kept for those who come late: what happened before this moment is read once.
        for entry in self.jobs_of(job) {
            self.read_after_open(entry);
        }
    }

    /// The jobs a link carries, if they are wanted: one, or every one.
    pub(super) fn jobs_of(&self, job: Option<u32>) -> std::ops::Range<u32> {
        match job {
            Some(index) => index..index + 1,
            None => self.jobs.indexes(),
        }
    }

    fn watch_silence(&mut self, index: u32) {
        let allowed = self
            .config
            .heartbeat_interval
            .saturating_add(self.config.heartbeat_timeout);
        let watched = self.config.heartbeat_interval > 0;
        let Some(link) = self.links.get_mut(index) else {
            return;
        };
        let deadline = if watched {
            link.last_message.after(allowed)
        } else {
            Time::NEVER
        };
        link.deadline
            .set(deadline, Owner::Link(index), &mut self.timers);
    }

    /// A reminder for a link fired.
    pub(super) fn link_due(&mut self, index: u32) {
        let now = self.now;
        let allowed = self
            .config
            .heartbeat_interval
            .saturating_add(self.config.heartbeat_timeout);
        let Some(link) = self.links.get_mut(index) else {
            return;
        };
        if link.state == State::Open && link.deadline.get() <= now {
            // Messages move the deadline without touching the timers; a probe after a wake may have drawn it nearer.
            let heard = link.last_message.after(allowed);
            if heard > now && !link.grace {
                link.deadline
                    .set(heard, Owner::Link(index), &mut self.timers);
            }
        }
        let due = link.deadline.get();
        if !link
            .deadline
            .reached(now, Owner::Link(index), &mut self.timers)
        {
            return;
        }
        match link.state {
            State::Waiting => self.start_link(index),
            State::Connecting => {
                self.counters.handshake_timeouts += 1;
                self.discard_socket(index, "handshake timed out");
                self.link_failed(index, Loss::Timeout);
            }
            State::Open => {
                if now.since(due) > LATE && !link.grace {
                    link.grace = true;
                    link.deadline
                        .set(now.after(GRACE), Owner::Link(index), &mut self.timers);
                    return;
                }
                self.counters.silences += 1;
                self.log(Log::ConnectionSilent, "", None);
                self.discard_socket(index, "no heartbeat");
                self.link_failed(index, Loss::Timeout);
            }
            State::Token | State::Down => {}
        }
    }

    /// Something arrived on a link: it lives.
    #[inline]
    pub(super) fn link_heard(&mut self, index: u32) {
        if let Some(link) = self.links.get_mut(index) {
            link.last_message = self.now;
            if std::mem::take(&mut link.grace) {
                self.watch_silence(index);
            }
        }
        self.last_message = Some(self.now);
    }

    /// Expects a sign of life by `deadline`, else the socket is replaced.
    pub(super) fn expect_sign(&mut self, index: u32, deadline: Time) {
        if let Some(link) = self.links.get_mut(index) {
            // A grace that has begun already is what a nearer deadline is: the last word.
            link.grace = true;
            link.deadline
                .set(deadline, Owner::Link(index), &mut self.timers);
        }
    }

    /// Closes a socket. To the server it is there until it has closed, so it keeps its place in the pool until then.
    fn let_go(&mut self, r#gen: Gen, code: u16, reason: &'static str) {
        let now = self.now;
        self.closing.retain(|(_, until)| *until > now);
        self.closing.push((r#gen, now.after(CLOSING)));
        self.outputs.push(Output::Close {
            r#gen,
            code,
            reason,
        });
    }

    fn discard_socket(&mut self, index: u32, reason: &'static str) {
        if let Some(link) = self.links.get(index)
            && link.is_live()
        {
            self.let_go(link.r#gen, 1000, reason);
        }
    }

    /// Replaces a socket that is not to be trusted, at once.
    pub(super) fn replace_socket(&mut self, index: u32, reason: &'static str) {
        self.discard_socket(index, reason);
        self.note_loss(index, true);
        self.start_link(index);
    }

    /// Ends a link for good.
    pub(super) fn close_link(&mut self, index: u32, code: u16, reason: &'static str) {
        let Some(mut link) = self.links.remove(index) else {
            return;
        };
        let job = link.job;
        if link.is_live() {
            self.let_go(link.r#gen, code, reason);
        } else if link.failures > 0 {
            // What nobody wanted meanwhile was not lost.
            link.lost_at = None;
            self.parked.push(link);
        }
        match job {
            Some(job) => {
                if let Some(entry) = self.jobs.get_mut(job) {
                    entry.link = None;
                }
            }
            None => {
                self.shared = None;
                self.doubt_unwatched();
            }
        }
        self.status_dirty = true;
    }

    pub(super) fn link_closed(&mut self, r#gen: Gen, code: u16, reason: &str) {
        if let Some(at) = self.closing.iter().position(|(gone, _)| *gone == r#gen) {
            self.closing.remove(at);
            return;
        }
        let Some(index) = self.current_link(r#gen) else {
            return;
        };
        let Some(link) = self.links.get(index) else {
            return;
        };
        let (was_open, auth) = (link.state == State::Open, link.auth);
        let (told, job) = (
            if was_open {
                Log::ConnectionClosed
            } else {
                Log::ConnectionRefused
            },
            link.job,
        );
        let mut words = String::from("(");
        super::super::json::push_u64(&mut words, u64::from(code));
        words.push(')');
        if !reason.is_empty() {
            words.push_str(": ");
            words.push_str(&super::super::message::excerpt(reason, 200));
        }
        self.log(told, &words, job);
        match band(code) {
            Band::Refused => self.link_refused(index, auth),
            Band::Wait => {
                self.link_failed(index, Loss::RateLimited);
                self.wait_long(index);
            }
            Band::Retry => self.link_failed(
                index,
                if was_open {
                    Loss::Network
                } else {
                    Loss::Handshake
                },
            ),
        }
    }

    /// The server told the link to come back later: the longest back-off at least halved by chance.
    fn wait_long(&mut self, index: u32) {
        let most = self
            .config
            .reconnect
            .as_ref()
            .map_or(10_000, |backoff| backoff.max_delay);
        let at = self.now.after(most / 2 + self.rng.up_to(most / 2));
        if let Some(link) = self.links.get_mut(index)
            && link.state == State::Waiting
            && link.deadline.get() < at
        {
            link.deadline.set(at, Owner::Link(index), &mut self.timers);
        }
    }

    /// The server refused who we are.
    fn link_refused(&mut self, index: u32, used: u32) {
        self.note_loss(index, false);
        match self.token_refused(used) {
            Verdict::Final => {
                let problem = self.auth_problem();
                self.fail(problem);
            }
            verdict => {
                let Some(link) = self.links.get_mut(index) else {
                    return;
                };
                link.error = Some(Loss::Auth);
                link.failures = link.failures.saturating_add(1);
                let repeated = link.failures > 1;
                link.state = State::Token;
                link.deadline
                    .set(Time::NEVER, Owner::Link(index), &mut self.timers);
                self.status_dirty = true;
                if matches!(verdict, Verdict::Again) {
                    // A server that takes a token and refuses it again and again must not be hammered.
                    if repeated {
                        self.back_off(index)
                    } else {
                        self.open_link(index, self.auth.current())
                    }
                }
            }
        }
    }

    /// An attempt failed or an open socket was lost.
    pub(super) fn link_failed(&mut self, index: u32, loss: Loss) {
        self.note_loss(index, loss == Loss::Timeout);
        let Some(link) = self.links.get_mut(index) else {
            return;
        };
        link.error = Some(loss);
        link.failures = link.failures.saturating_add(1);
        self.back_off(index);
    }

    /// What was open is open no more: its jobs may miss news from here on.
    /// When nothing had been heard before the loss was noticed, it began with the last message.
    fn note_loss(&mut self, index: u32, silent: bool) {
        let (now, wall, proof) = (self.now, self.wall(), self.proof());
        let min_uptime = self
            .config
            .reconnect
            .as_ref()
            .map_or(0, |backoff| backoff.min_uptime);
        let Some(link) = self.links.get_mut(index) else {
            return;
        };
        let silence = if silent {
            now.since(link.last_message)
        } else {
            0
        };
        let lost = (link.state == State::Open).then(|| wall.saturating_sub(silence));
        if lost.is_some() {
            link.lost_at = lost;
            if now.since(link.opened_at) >= min_uptime {
                link.failures = 0;
            }
            if now.since(link.opened_at) >= proof {
                self.auth.proven(link.auth);
            }
        } else if link.state == State::Connecting {
            // Another server may do better; the one that works is kept.
            self.server = (link.server + 1) % self.config.servers.len().max(1);
        }
        let job = link.job;
        self.status_dirty = true;
        link.state = State::Waiting;
        for entry in self.jobs_of(job) {
            self.socket_lost(entry, lost);
        }
        if job.is_none() {
            self.doubt_unwatched();
        }
    }

    fn back_off(&mut self, index: u32) {
        let Some(link) = self.links.get_mut(index) else {
            return;
        };
        let failures = link.failures.saturating_sub(1);
        let at = match &self.config.reconnect {
            Some(backoff) if self.config.polling.is_some() || !backoff.exhausted(link.failures) => {
                self.now.after(backoff.delay(failures, &mut self.rng))
            }
            _ => Time::NEVER,
        };
        link.state = if at < Time::NEVER {
            State::Waiting
        } else {
            State::Down
        };
        link.deadline.set(at, Owner::Link(index), &mut self.timers);
        self.status_dirty = true;
    }

    /// Every link that waits or gave up tries again now, with a fresh count.
    pub(super) fn retry_links_now(&mut self) {
        self.parked.clear();
        for index in self.links.indexes() {
            if let Some(link) = self.links.get_mut(index)
                && matches!(link.state, State::Waiting | State::Down)
            {
                link.failures = 0;
                self.start_link(index);
            }
        }
    }

    /// The open link that serves a job.
    pub(super) fn open_link_of(&self, entry: &jobs::Entry) -> Option<&Link> {
        self.links
            .get(entry.link.or(self.shared)?)
            .filter(|link| link.state == State::Open)
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn close_codes_fall_into_bands() {
        for (code, expected) in [
            (1000, Band::Retry),
            (1001, Band::Retry),
            (1006, Band::Retry),
            (1011, Band::Retry),
            (1008, Band::Refused),
            (1013, Band::Wait),
            (4401, Band::Refused),
            (4403, Band::Refused),
            (4404, Band::Retry),
            (4429, Band::Wait),
            (4000, Band::Retry),
            (4500, Band::Retry),
        ] {
            assert_eq!(band(code), expected, "{code}");
        }
    }
}
