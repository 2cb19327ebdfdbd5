//! Namespaces of Socket.IO as channels on the one session (Socket.IO 5, "Connection to a namespace"): joining with a
//! token, being refused for now or for good, being put out, leaving, and recovering what was missed.

use crate::core::connection::auth::Verdict;
use crate::core::connection::link::State;
use crate::core::engine::Engine;
use crate::core::engine::acks::line_of;
use crate::core::engine::links::SHARED;
use crate::core::io::error::{Log, Loss, Problem};
use crate::core::io::output::{FILL, TokenReason};
use crate::core::jobs::fields::Wrong;
use crate::core::jobs::limits::{self, LONGEST_TEXT, too_long};
use crate::core::jobs::status::Source;
use crate::core::json::{Str, push_string};
use crate::core::protocol::message::Invalid;
use crate::core::protocol::socketio::attachment::Attachment;
use crate::core::protocol::socketio::channel::{Channel, Standing, is_about_auth, may_pass};
use crate::core::protocol::socketio::offset::UNKNOWN;
use crate::core::protocol::socketio::transport::PATIENCE;
use crate::core::protocol::socketio::{self, Body, Packet, Refusal, Session};
use crate::core::text::words::excerpt;
use crate::core::time::Time;

/// How long a server may take to answer CONNECT, ms: the time after which servers close sessions without a namespace.
const JOIN_TIMEOUT: u64 = 45_000;

/// Tokens in a row that a namespace may refuse before it is not asked any more: an old one, and a fresh one.
const MOST_DENIALS: u32 = 2;

/// How long a namespace that was left is not joined again, ms.
const APART: u64 = 100;

/// The place of the default namespace.
pub(super) const DEFAULT: usize = 0;

impl Engine {
    /// The default namespace is always wanted, and is the first.
    pub(super) fn add_default_channel(&mut self) {
        if self.config.is_socketio() {
            self.channels.push(Channel::new(&self.config.namespace));
        }
    }

    pub(super) fn channel(&self, place: usize) -> Option<&Channel> {
        if !self.config.is_socketio() {
            return None;
        }
        self.channels.get(place)
    }

    /// The place of a namespace that is or was wanted.
    pub(super) fn channel_named(&self, name: &str) -> Option<usize> {
        self.channels
            .iter()
            .position(|channel| channel.name == name)
    }

    /// What the server said when a namespace, or the whole attempt, came to nothing.
    pub(super) fn said(&self, place: usize) -> String {
        let said = self.channel(place).map_or("", |channel| &channel.said);
        match said {
            "" if self.config.is_socketio() => self.transport.detail.clone(),
            said => said.to_owned(),
        }
    }

    /// Whether events may go to and come from a namespace.
    pub(super) fn is_joined(&self, place: usize) -> bool {
        self.channel(place)
            .is_some_and(|channel| channel.standing == Standing::Joined)
    }

    /// Whether somebody wants a namespace beside the default one.
    pub(super) fn wants_channels(&self) -> bool {
        self.config.is_socketio() && self.channels.iter().skip(1).any(|channel| channel.on)
    }

    /// Whether the session is open.
    fn has_session(&self) -> bool {
        self.pool
            .link(SHARED)
            .is_some_and(|link| link.state == State::Open)
    }

    /// The page wants a namespace, or no more.
    pub(super) fn want_channel(&mut self, name: &str, on: bool) {
        if !self.config.is_socketio() {
            return;
        }
        let place = match self.channel_named(name) {
            Some(place) => place,
            None if on && socketio::is_namespace(name) => self.place_for(name),
            None => return,
        };
        let now = self.now;
        let until = now.after(self.config.linger);
        let Some(channel) = self.channels.get_mut(place) else {
            return;
        };
        channel.on = on;
        self.status_dirty = true;
        if !on {
            // Servers take it for an error when a client leaves that is not in yet.
            if channel.standing != Standing::Joining {
                channel.at = until;
            }
            return self.want_shared();
        }
        match channel.standing {
            Standing::Out | Standing::Refused(_) => {
                channel.standing = Standing::Out;
                channel.begin_anew();
                self.join(place);
            }
            Standing::Joining => channel.at = now.after(JOIN_TIMEOUT),
            Standing::Waiting(_) => channel.at = now,
            Standing::Token | Standing::Joined => channel.at = Time::NEVER,
        }
        self.activate();
        self.want_shared();
    }

    /// No session is recovered any more: a server would let the next user into what the one before was in.
    pub(super) fn forget_sessions(&mut self) {
        if !self.config.is_socketio() {
            return;
        }
        for channel in self.channels.iter_mut() {
            channel.pid.clear();
            channel.offset.clear();
            channel.skews = UNKNOWN;
        }
    }

    /// A place for a new namespace: that of one that nobody wants any more, if there is one.
    fn place_for(&mut self, name: &str) -> usize {
        let now = self.now;
        let is_over = |channel: &Channel| {
            !channel.on
                && channel.standing == Standing::Out
                && channel.at == Time::NEVER
                && channel.apart <= now
                // Else the server may let in yet, and has to be told.
                && channel.asked == 0
        };
        // What the page sent to it later waits there until it is too old.
        let is_free = |place: &usize| {
            self.channel(*place).is_some_and(is_over) && self.queue.first(line_of(*place)).is_none()
        };
        let left = (1..self.channels.len()).find(is_free);
        let channel = Channel::new(name);
        let Some(place) = left else {
            self.channels.push(channel);
            return self.channels.len() - 1;
        };
        if let Some(old) = self.channels.get_mut(place) {
            *old = channel;
        }
        place
    }

    /// Asks for what was refused for good once more: `connect()` was called.
    pub(super) fn forget_refusals(&mut self) {
        if !self.config.is_socketio() {
            return;
        }
        for place in 0..self.channels.len() {
            if let Some(channel) = self.channels.get_mut(place)
                && channel.refusal().is_some()
            {
                channel.standing = Standing::Out;
                channel.begin_anew();
                // With a token of its own: the session's is what was refused.
                self.join(place);
            }
        }
    }

    /// A session opened: every namespace that is wanted is asked for.
    pub(super) fn join_all(&mut self) {
        let auth = self.session_auth();
        for place in 0..self.channels.len() {
            let Some(channel) = self.channels.get_mut(place) else {
                return;
            };
            if channel.on && channel.standing == Standing::Out {
                // The token has just been asked for, with the session.
                self.ask_to_join(place, auth);
            }
        }
    }

    fn join(&mut self, place: usize) {
        if !self.has_session() {
            return;
        }
        let (now, posting) = (self.now, self.is_posting());
        if let Some(channel) = self.channels.get_mut(place)
            && channel.apart > Time(0)
            && (posting || channel.apart > now)
        {
            channel.at = channel.apart.max(now.after(APART));
            return;
        }
        if !self.config.token || self.link_has_token() {
            return self.ask_to_join(place, self.session_auth());
        }
        self.stand(place, Standing::Token, Time::NEVER);
        self.ask_token(TokenReason::Connect);
    }

    fn stand(&mut self, place: usize, standing: Standing, until: Time) {
        let mut was_joined = false;
        if let Some(channel) = self.channels.get_mut(place) {
            was_joined = channel.standing == Standing::Joined;
            channel.standing = standing;
            channel.at = until;
        }
        self.status_dirty = true;
        let kept_out = matches!(
            standing,
            Standing::Token | Standing::Waiting(_) | Standing::Refused(_)
        );
        if place == DEFAULT && kept_out && self.has_session() {
            // The session lives on without news of jobs: they are read meanwhile.
            let lost = was_joined.then(|| self.wall());
            for job in self.jobs_of(SHARED) {
                self.socket_lost(job, lost);
            }
        }
    }

    /// The token that was awaited is there, or cannot be had.
    pub(super) fn token_for_channels(&mut self, auth: u32) {
        if !self.config.is_socketio() {
            return;
        }
        for place in 0..self.channels.len() {
            if self.channel(place).map(|channel| channel.standing) != Some(Standing::Token) {
                continue;
            }
            if auth > 0 {
                self.ask_again(place, auth);
            } else {
                self.refused_for_now(place, Problem::TokenTrouble);
            }
        }
    }

    /// Asks with a newer token. Where the address of the session has it, that takes another session.
    fn ask_again(&mut self, place: usize, auth: u32) {
        if !self.link_has_token() {
            return self.ask_to_join(place, auth);
        }
        self.take_leave();
        self.let_go(SHARED, "a newer token");
        self.note_loss(SHARED, false);
        self.open_link(SHARED, auth);
    }

    /// Sends CONNECT.
    fn ask_to_join(&mut self, place: usize, auth: u32) {
        let backoff = &self.config.backoff;
        let mut wait = JOIN_TIMEOUT;
        // Whoever gives up early asks again, and a session that has lasted for so long uses up no attempt.
        if self.transport.polls() && self.config.reconnects && !backoff.exhausted(1) {
            wait = wait.min(self.transport.patience.max(backoff.min_uptime));
        }
        let until = self.now.after(wait);
        let with_token = self.config.token && !self.link_has_token();
        let Some(channel) = self.channels.get_mut(place) else {
            return;
        };
        let mut text = head("40", &channel.name);
        channel.apart = Time(0);
        channel.auth = auth;
        channel.since = self.now;
        channel.asked += 1;
        self.acks.joinings += 1;
        channel.joining = self.acks.joinings;
        channel.recovers = channel.is_recoverable() && !channel.offset.is_empty();
        let mut mark = '{';
        if with_token {
            text.push_str("{\"token\":");
            text.push(FILL);
            mark = ',';
        }
        if channel.recovers {
            for (name, value) in [("\"pid\":", &channel.pid), ("\"offset\":", &channel.offset)] {
                text.push(mark);
                text.push_str(name);
                push_string(&mut text, value);
                mark = ',';
            }
        }
        if mark == ',' {
            text.push('}');
        }
        self.stand(place, Standing::Joining, until);
        self.transmit(text, Vec::new(), if with_token { auth } else { 0 });
    }

    /// The session is over, and with it all that was agreed in it.
    pub(super) fn leave_all(&mut self) {
        let (now, proof) = (self.now, self.proof());
        for place in 0..self.channels.len() {
            let Some(channel) = self.channels.get_mut(place) else {
                return;
            };
            self.auth.proven(channel.proves(now, proof));
            channel.has_ended(now, proof);
            channel.asked = 0;
            let wanted = channel.on;
            if channel.refusal().is_none() {
                self.stand(place, Standing::Out, Time::NEVER);
            }
            if !wanted {
                self.leave(place);
            }
        }
        self.drop_replies(None);
        self.channels_left();
    }

    /// What may happen by itself; says when to look again.
    pub(super) fn pump_channels(&mut self) -> Time {
        let now = self.now;
        let mut next = Time::NEVER;
        for place in 0..self.channels.len() {
            let Some(channel) = self.channel(place) else {
                break;
            };
            if channel.at > now {
                next = next.min(channel.at);
                continue;
            }
            let serves = self.channels.iter().any(Channel::is_joined);
            let until = channel.since.after(JOIN_TIMEOUT);
            match channel.standing {
                Standing::Joining if serves && until > now => {
                    self.stand(place, Standing::Joining, until);
                }
                // One that does not answer must not take the others along.
                Standing::Joining if serves => {
                    if channel.on {
                        self.refused_for_good(place, Problem::Silent);
                    } else {
                        self.stand(place, Standing::Out, Time::NEVER);
                        self.leave(place);
                    }
                }
                Standing::Joining => {
                    let patience = self.transport.patience * 3;
                    self.transport.patience = patience.min(JOIN_TIMEOUT);
                    self.let_go(SHARED, "a namespace does not answer");
                    self.link_failed(SHARED, Loss::Timeout);
                    return Time::NEVER;
                }
                _ if !channel.on => {
                    self.leave(place);
                    // A session without a namespace is ended by servers, again and again.
                    let refusal = self.channel(DEFAULT).and_then(Channel::refusal);
                    if let Some(problem) = refusal
                        && !self.has_prospects()
                    {
                        self.fail(problem);
                        return Time::NEVER;
                    }
                }
                Standing::Out => {
                    self.stand(place, Standing::Out, Time::NEVER);
                    self.join(place);
                }
                Standing::Waiting(_) => {
                    self.stand(place, Standing::Out, Time::NEVER);
                    self.join(place);
                }
                _ => self.stand(place, channel.standing, Time::NEVER),
            }
            if let Some(channel) = self.channel(place) {
                next = next.min(channel.at);
            }
        }
        next
    }

    /// Nobody wants a namespace any more.
    fn leave(&mut self, place: usize) {
        let Some(channel) = self.channels.get_mut(place) else {
            return;
        };
        let name = std::mem::take(&mut channel.name);
        let standing = channel.standing;
        *channel = Channel {
            on: false,
            told: channel.told,
            asked: channel.asked,
            ..Channel::new(&name)
        };
        if standing == Standing::Joined {
            channel.apart = self.now.after(APART);
            self.transmit(head("41", &name), Vec::new(), 0);
        }
        self.drop_line(line_of(place), Problem::Closed);
        self.channels_left();
        self.status_dirty = true;
    }

    // ---- what arrives ----

    /// The server broke the protocol; what it said is dropped, the connection lives on.
    pub(super) fn broke_protocol(&mut self, reason: &str, raw: &str) {
        self.not_taken("protocol", reason, raw);
    }

    /// Something came that is no event of anybody.
    fn not_taken(&mut self, code: &'static str, reason: &str, raw: &str) {
        let invalid = Invalid {
            event: None,
            code,
            reason,
            raw,
        };
        self.invalid(&invalid, None, Source::Socket);
    }

    pub(super) fn channel_text(&mut self, text: &str) {
        let mut found = self
            .transport
            .inbox
            .text(text)
            .map(|packet| packet.is_some());
        if found == Err(socketio::Error::Interrupted) {
            self.unjoinable(socketio::Error::Interrupted.words(), "");
            found = self
                .transport
                .inbox
                .text(text)
                .map(|packet| packet.is_some());
        }
        match found {
            Ok(true) => {
                if let Ok(packet) = socketio::decode(text) {
                    self.channel_packet(&packet, Vec::new());
                }
            }
            Ok(false) => {}
            Err(socketio::Error::OldServer) => self.fail(Problem::OldServer),
            Err(error) => self.unjoinable(error.words(), text),
        }
    }

    pub(super) fn channel_binary(&mut self, attachment: Attachment) {
        match self.transport.inbox.binary(attachment, attachment.size) {
            Ok(None) => {}
            Ok(Some(mut whole)) => {
                let attachments = std::mem::take(&mut whole.attachments);
                match whole.packet() {
                    Ok(packet) => self.channel_packet(&packet, attachments),
                    Err(_) => self.forget(&attachments),
                }
            }
            Err(error) => self.unjoinable(error.words(), ""),
        }
    }

    /// Something came that belongs to nothing.
    pub(super) fn unjoinable(&mut self, reason: &str, raw: &str) {
        let held = self.transport.inbox.abandon();
        self.forget(&held);
        self.broke_protocol(reason, raw);
    }

    fn channel_packet(&mut self, packet: &Packet<'_>, attachments: Vec<Attachment>) {
        if let Body::Connect(data) = packet.body {
            return match Session::read(data) {
                Ok(session) => self.joined(packet.namespace, &session),
                // Older servers say so unasked.
                Err(_) => self.fail(Problem::OldServer),
            };
        }
        // A bare DISCONNECT is no answer to CONNECT: the server put the client out as it left, before.
        let answers = match packet.body {
            Body::ConnectError(_) => true,
            Body::Disconnect(data) => !data.is_empty(),
            _ => false,
        };
        let place = self.channel_named(packet.namespace).filter(|place| {
            self.channel(*place)
                .is_some_and(|channel| match channel.standing {
                    // What was missed comes before the word that the client is in.
                    Standing::Joining => answers || channel.recovers,
                    standing => standing == Standing::Joined,
                })
        });
        let Some(place) = place else {
            // What was under way when the client left.
            self.count(crate::core::engine::inspect::Count::Stale);
            return self.forget(&attachments);
        };
        match packet.body {
            Body::Connect(_) => {}
            Body::ConnectError(data) => self.refused(place, data),
            Body::Disconnect("") => self.refused_for_good(place, Problem::Kicked),
            // What python-socketio says when it lets in first and refuses then.
            Body::Disconnect(data) => self.refused(place, data),
            Body::Event { name, args, ack } => match too_long("the event's name", name) {
                Some(Wrong(code, reason)) => {
                    self.forget(&attachments);
                    self.not_taken(code, &reason, args);
                }
                None => self.event(place, &name.get(), args, ack, attachments),
            },
            Body::Ack { id, args } => self.acknowledged(place, id, args, &attachments),
        }
    }

    fn joined(&mut self, name: &str, session: &Session<'_>) {
        let Some(place) = self.channel_named(name) else {
            return;
        };
        let Some(channel) = self.channels.get_mut(place) else {
            return;
        };
        let was_asked = channel.asked > 0;
        channel.asked = channel.asked.saturating_sub(1);
        if channel.standing != Standing::Joining {
            // Nobody waits for it any more. A server that was not asked gets no answer.
            if channel.standing != Standing::Joined && was_asked {
                self.transmit(head("41", name), Vec::new(), 0);
            }
            return;
        }
        // One that is too long is none: what is missed is read then, not recovered.
        let pid = limits::name(session.pid).unwrap_or_default();
        let recovered = channel.recovers && *pid == *channel.pid;
        if !recovered {
            channel.offset.clear();
            channel.skews = UNKNOWN;
            channel.pid = pid.into_owned();
        }
        channel.said.clear();
        channel.data.clear();
        if self.now.since(channel.since) < PATIENCE {
            self.transport.patience = PATIENCE;
        }
        channel.since = self.now;
        let until = if channel.on {
            Time::NEVER
        } else {
            self.now.after(self.config.linger)
        };
        self.stand(place, Standing::Joined, until);
        if place == DEFAULT {
            self.subscribe();
            self.is_served(SHARED, recovered);
        }
    }

    /// Tells the server what is wanted on the default namespace, before anything that waited.
    fn subscribe(&mut self) {
        let Some((event, data)) = self.config.subscribe.clone() else {
            return;
        };
        self.say(&event, data.as_deref().unwrap_or(""));
        // System B tells of what changes from here on: what is there has to be asked for (SYSTEMS.md, B).
        if event == "subscribe_to_jobs" {
            self.say("request_jobs_list", "");
        }
    }

    /// Sends an event of our own on the default namespace.
    fn say(&mut self, event: &str, args: &str) {
        let packet = Packet {
            namespace: &self.config.namespace,
            attachments: 0,
            body: Body::Event {
                name: Str::plain(event),
                args,
                ack: None,
            },
        };
        let mut text = String::from("4");
        if socketio::encode(&packet, &mut text).is_ok() {
            self.transmit(text, Vec::new(), 0);
        }
    }

    fn refused(&mut self, place: usize, data: &str) {
        if self.channel(place).is_some_and(|channel| !channel.on) {
            self.stand(place, Standing::Out, Time::NEVER);
            return self.leave(place);
        }
        let Ok(refusal) = Refusal::read(data) else {
            return self.broke_protocol("a refusal that is not JSON", data);
        };
        let said = refusal.message.get();
        let (about_auth, passing) = (is_about_auth(&said), may_pass(refusal.data));
        if self.is_joined(place) {
            // Another time in the namespace knows nothing of what was asked in this one.
            self.drop_replies(Some(line_of(place)));
            self.drop_line(line_of(place) + 1, Problem::RequestLost);
        }
        let (now, proof) = (self.now, self.proof());
        let (mut used, mut denials) = (0, 0);
        if let Some(channel) = self.channels.get_mut(place) {
            channel.said = excerpt(&said, 1000);
            channel.data.clear();
            if refusal.data.len() > LONGEST_TEXT {
                self.acks.left_out += 1;
            } else {
                channel.data.push_str(refusal.data);
            }
            used = channel.auth;
            channel.has_ended(now, proof);
            channel.denials += u32::from(about_auth);
            denials = channel.denials;
        }
        if passing {
            return self.refused_for_now(place, Problem::Refused);
        }
        if !about_auth {
            return self.refused_for_good(place, Problem::Refused);
        }
        match self.token_refused(used) {
            // What the token is good for elsewhere does not count here.
            _ if denials > MOST_DENIALS => self.refused_for_good(place, Problem::RefusedAuth),
            Verdict::Final => self.refused_for_good(place, Problem::RefusedAuth),
            Verdict::Wait => self.stand(place, Standing::Token, Time::NEVER),
            Verdict::Again => self.ask_again(place, self.auth.current()),
        }
    }

    fn refused_for_now(&mut self, place: usize, problem: Problem) {
        let mut failures = 0;
        if let Some(channel) = self.channels.get_mut(place) {
            channel.failures = channel.failures.saturating_add(1);
            failures = channel.failures;
        }
        let backoff = &self.config.backoff;
        if !self.config.reconnects || backoff.exhausted(failures) {
            return self.refused_for_good(place, problem);
        }
        let delay = backoff.delay(failures - 1, &mut self.rng);
        self.stand(place, Standing::Waiting(problem), self.now.after(delay));
    }

    /// Whether a namespace is wanted that has not been refused for good.
    fn has_prospects(&self) -> bool {
        self.channels
            .iter()
            .any(|channel| channel.on && channel.refusal().is_none())
    }

    /// The client is not asked for again by itself; when nothing else is wanted, the connection ends.
    fn refused_for_good(&mut self, place: usize, problem: Problem) {
        let name = self.channel(place).map(|channel| channel.name.clone());
        let name = name.unwrap_or_default();
        let said = self.channel(place).map(|channel| channel.said.clone());
        self.stand(place, Standing::Refused(problem), Time::NEVER);
        self.drop_line(line_of(place), problem);
        self.channels_left();
        if !self.has_prospects() {
            return self.fail(problem);
        }
        let (now, wall) = (self.now, self.wall());
        let detail = [name.as_str(), " ", said.as_deref().unwrap_or("")].concat();
        self.outbox
            .log(now, wall, Log::ChannelRefused, Some(problem), &detail, None);
    }
}

/// The beginning of a message to a namespace.
fn head(kind: &str, namespace: &str) -> String {
    let mut out = String::from(kind);
    if namespace != "/" {
        out.push_str(namespace);
        out.push(',');
    }
    out
}
