//! The state of the whole connection as one object, told when it changes.

use crate::core::connection::link::State;
use crate::core::deliver::status::{Overall, Status};
use crate::core::engine::channels::DEFAULT;
use crate::core::engine::{Engine, Phase};
use crate::core::io::error::{Loss, Problem};
use crate::core::protocol::socketio::channel::{Channel, Standing};
use crate::core::time::Time;

impl Engine {
    /// What the links, taken together, amount to: one that is open counts more than one that waits. With Socket.IO
    /// there is one, and what it amounts to for one namespace.
    fn sum_up(&self, channel: Option<&Channel>) -> Status {
        let mut status = Status {
            ever_connected: self.ever_connected,
            ..Status::default()
        };
        status.state = match self.phase {
            Phase::Idle | Phase::Active => Overall::Idle,
            Phase::Suspended => Overall::Suspended,
            Phase::Failed(problem) => {
                status.error = Some(problem);
                Overall::Failed
            }
            Phase::Closed => Overall::Closed,
        };
        if !self.is_active() {
            return status;
        }
        if let Some(problem) = channel.and_then(Channel::refusal) {
            status.error = Some(problem);
            status.state = Overall::Failed;
            return status;
        }
        if channel.is_some_and(|channel| !channel.on) {
            return status;
        }
        let mut best = Overall::Idle;
        let mut rank = 0;
        let mut next = Time::NEVER;
        // Of several that of the link that began first.
        let mut error = None;
        let mut at = self.pool.linked.first();
        while let Some(place) = at {
            at = self.pool.linked.after(at);
            let Some(link) = self.pool.link(place) else {
                continue;
            };
            status.attempt = status.attempt.max(link.failures);
            let (its_rank, state) = match link.state {
                State::Open => (4, Overall::Open),
                State::Token | State::Connecting => (3, Overall::Connecting),
                State::Waiting => {
                    next = next.min(link.deadline.get());
                    (2, Overall::Waiting)
                }
                State::Down => (1, Overall::Failed),
            };
            if its_rank > rank {
                (rank, best) = (its_rank, state);
            }
            if best == Overall::Open {
                // Nothing that the others are would change it.
                break;
            }
            error = error.or(link.error);
        }
        status.state = best;
        if best == Overall::Open {
            status.attempt = 0;
            status.polling = self.config.is_socketio() && self.transport.polls();
            if let Some(channel) = channel {
                self.sum_up_channel(channel, &mut status);
            }
            return status;
        }
        status.error = error.map(|loss| self.explain(loss));
        if best != Overall::Connecting && next < Time::NEVER {
            status.next_retry_at = self.wall() + next.since(self.now);
        }
        // Where attempts have no end, reads that succeed show that polling has taken over.
        let reads_serve = self.config.is_broadcast() && self.reads.reachable == Some(true);
        let exhausted =
            !self.config.reconnects || self.config.backoff.exhausted(status.attempt) || reads_serve;
        let unserved = status.attempt > 0 && exhausted
            || self.pool.linked.len() == 0 && self.pool.waiting.len() > 0;
        if unserved && self.config.polls() && self.reads.reachable != Some(false) {
            status.state = Overall::Polling;
        }
        status
    }

    /// The state of a namespace while the session is open.
    fn sum_up_channel(&self, channel: &Channel, status: &mut Status) {
        status.state = match channel.standing {
            Standing::Joined => return,
            Standing::Waiting(problem) => {
                status.error = Some(problem);
                status.next_retry_at = self.wall() + channel.at().since(self.now);
                Overall::Waiting
            }
            _ => Overall::Connecting,
        };
        status.attempt = channel.failures;
        status.polling = false;
    }

    /// What a failure amounts to, with what the last HTTP read tells about it.
    fn explain(&self, loss: Loss) -> Problem {
        if self.config.is_socketio()
            && let Some(problem) = self.transport.problem
        {
            return problem;
        }
        match (loss, self.reads.reachable) {
            (Loss::Handshake, Some(true)) => Problem::OnlyHttp,
            (Loss::Handshake | Loss::Network, Some(false)) => Problem::Unreachable,
            (Loss::Handshake, None) => Problem::NotOpened,
            (Loss::Network, _) => Problem::Lost,
            (Loss::Timeout, _) => Problem::Silent,
            (Loss::RateLimited, _) => Problem::ComeBackLater,
            (Loss::Auth, _) => Problem::TokenTrouble,
            (Loss::NoSuchJob, _) => Problem::NoSuchJob,
        }
    }

    /// Tells the status when it differs from what was told, and answers those who wait for a connection.
    pub(super) fn tell_status(&mut self) {
        if std::mem::take(&mut self.status_dirty) {
            self.tell_status_now();
        }
    }

    pub(super) fn tell_status_now(&mut self) {
        let status = self.sum_up(self.channel(DEFAULT));
        let nothing_to_open = self.pool.linked.len() == 0 && self.pool.waiting.len() == 0;
        let refusal = match (self.phase, status.state) {
            (Phase::Failed(problem), _) => Some(problem),
            (Phase::Closed, _) => Some(Problem::Closed),
            (_, Overall::Failed) => Some(status.error.unwrap_or(self.explain(Loss::Network))),
            (Phase::Idle, _) => Some(Problem::Disconnected),
            _ => None,
        };
        let served = matches!(status.state, Overall::Open | Overall::Polling);
        if (refusal.is_some() || served || nothing_to_open) && !self.connecting.is_empty() {
            let said = self.said(DEFAULT);
            for rid in std::mem::take(&mut self.connecting) {
                match refusal {
                    None => self.outbox.reply(rid, "null"),
                    Some(problem) => self.outbox.refuse(rid, problem, &said),
                }
            }
            // Whoever only wanted to be connected holds the shared socket no longer.
            self.want_shared();
        }
        if status != self.status {
            self.status = status;
            self.say_status(&status, None);
        }
        if !self.config.is_socketio() {
            return;
        }
        for place in 1..self.channels.len() {
            let status = self.sum_up(self.channels.get(place));
            if let Some(channel) = self.channels.get_mut(place)
                && channel.told != status
            {
                channel.told = status;
                self.say_status(&status, Some(place));
            }
        }
    }

    /// Tells again what was told: the round trip was measured anew.
    pub(super) fn tell_round_trip(&mut self, took: Time) {
        self.round_trip = took;
        let status = self.status;
        self.say_status(&status, None);
    }

    fn say_status(&mut self, status: &Status, place: Option<usize>) {
        let heard = match self.last_message {
            Time::NEVER => f64::NAN,
            at => self.wall().saturating_sub(self.now.since(at)) as f64,
        };
        let numbers = [
            f64::from(status.state as u8),
            f64::from(status.attempt),
            f64::from(u8::from(status.ever_connected)),
            match status.next_retry_at {
                0 => f64::NAN,
                at => at as f64,
            },
            heard,
            status.error.map_or(0.0, |problem| f64::from(problem as u8)),
            f64::from(u8::from(status.polling)),
        ];
        let channel = if self.config.is_socketio() {
            self.channels.get(place.unwrap_or(DEFAULT))
        } else {
            None
        };
        let (mut said, mut data) = ("", "");
        if status.error.is_some()
            && let Some(channel) = channel
        {
            (said, data) = (&channel.said, &channel.data);
            if said.is_empty() {
                said = &self.transport.detail;
            }
        }
        let name = place.and(channel).map(|channel| channel.name.as_str());
        // Only an open connection has one.
        let measured = self.config.is_stream() && self.round_trip < Time::NEVER;
        let round_trip =
            (measured && status.state == Overall::Open).then_some(self.round_trip.0 as f64);
        self.outbox.status(name, &numbers, said, data, round_trip);
    }
}
