//! The Engine.IO session that carries Socket.IO (SOCKETIO.md, Engine.IO 4): WebSocket or HTTP long-polling, whichever
//! can be had, the upgrade from one to the other, and the way back. It never looks into a message.
//!
//! The link of the client counts attempts, waits and gives up; this says what an attempt is.

use crate::core::connection::link::State;
use crate::core::engine::Engine;
use crate::core::engine::inspect::Count;
use crate::core::engine::links::SHARED;
use crate::core::io::config::Transports;
use crate::core::io::error::{Log, Loss, Problem};
use crate::core::io::input::{Gen, HttpOutcome, HttpRefusal, LARGEST, LARGEST_POLL};
use crate::core::io::output::Output;
use crate::core::jobs::limits::LONGEST_NAME;
use crate::core::protocol::socketio;
use crate::core::protocol::socketio::attachment::Attachment;
use crate::core::protocol::socketio::engineio::{Batch, Error, Handshake, Packet, Payload, decode};
use crate::core::protocol::socketio::transport::{KEPT, Outgoing, REQUESTS, utf16_units};
use crate::core::text::words::{excerpt, joined};
use crate::core::time::Time;

/// Before WebSocket is tried again after it failed, ms; doubles up to the second.
const NEXT_PROBE: u64 = 5000;
const LAST_PROBE: u64 = 60_000;

/// GETs in a row that may bring nothing, and how much longer the client waits before each than before the one before,
/// ms: five seconds in all, and what the requests take.
const MOST_EMPTY: u32 = 20;
const PAUSE: u64 = 25;

/// The longest part of an answer that an error quotes, bytes.
const QUOTED: usize = 120;

/// Whether a body closes its session: its last packet says so.
fn ends_session(body: &str) -> bool {
    body == "1" || body.ends_with("\u{1e}1")
}

impl Engine {
    /// Whether a message would leave at once. What would not waits in the queue, where it keeps its age and can be taken
    /// back.
    pub(super) fn has_room(&self, text: &str) -> bool {
        if self.transport.polling {
            self.transport.has_room(text)
        } else {
            self.drains.has_room(self.shared_gen())
        }
    }

    /// Whether an attempt begins with HTTP polling.
    fn begins_with_polling(&self) -> bool {
        matches!(
            self.config.transports,
            Transports::PollingFirst | Transports::PollingOnly
        )
    }

    /// Whether there are two ways to connect.
    fn has_two_ways(&self) -> bool {
        matches!(
            self.config.transports,
            Transports::PollingFirst | Transports::SocketFirst
        )
    }

    pub(super) fn session_url(&self, scheme: &str, transport: &str) -> String {
        let base = self.address(scheme, &self.config.path, SHARED);
        let (query, sid) = match self.transport.sid.as_str() {
            "" => ("", ""),
            sid => ("&sid=", sid),
        };
        joined(&[&base, "/?EIO=4&transport=", transport, query, sid])
    }

    /// An attempt begins: not the second half of one.
    pub(super) fn begin_session(&mut self, r#gen: Gen) {
        self.transport.tried = false;
        self.open_session(r#gen);
    }

    fn open_session(&mut self, r#gen: Gen) {
        let polling = self.begins_with_polling() != self.transport.second;
        let transport = &mut self.transport;
        transport.session = transport.session.wrapping_add(1);
        transport.polling = polling;
        transport.sid.clear();
        transport.problem = None;
        transport.detail.clear();
        transport.get_at = Time::NEVER;
        transport.empty = 0;
        if polling {
            self.get();
        } else {
            self.open_websocket(r#gen);
        }
    }

    fn open_websocket(&mut self, r#gen: Gen) {
        let url = self.session_url("ws", "websocket");
        let auth = self.session_auth();
        self.count(Count::Opened);
        self.outputs.push(Output::Open { r#gen, url, auth });
    }

    /// Sends a GET.
    fn get(&mut self) {
        self.transport.get = self.request(None, Vec::new(), 0);
    }

    fn request(&mut self, body: Option<String>, attachments: Vec<u32>, token: u32) -> u32 {
        let url = self.session_url("http", "polling");
        let auth = match token {
            0 => self.session_auth(),
            token => token,
        };
        self.request_at(url, body, attachments, auth)
    }

    /// The request whose token the session was opened with.
    pub(super) fn session_auth(&self) -> u32 {
        self.pool.link(SHARED).map_or(0, |link| link.auth)
    }

    pub(super) fn request_at(
        &mut self,
        url: String,
        body: Option<String>,
        attachments: Vec<u32>,
        auth: u32,
    ) -> u32 {
        let transport = &mut self.transport;
        transport.requests = transport.requests.wrapping_add(1) | REQUESTS;
        let req = transport.requests;
        self.outputs.push(Output::Poll {
            req,
            url,
            auth,
            is_last: body.as_deref().is_some_and(ends_session),
            body,
            attachments,
        });
        req
    }

    /// The attempt failed on one way: the other is tried, if there is one that has not been.
    pub(super) fn try_other_way(&mut self) -> bool {
        // A token from before the last `connect()` begins nothing: the next attempt has a newer one.
        let is_old = self.config.token && self.session_auth() != self.auth.current();
        if !self.has_two_ways() || self.transport.tried || is_old {
            self.transport.second = false;
            return false;
        }
        let to = if self.transport.polling {
            "WebSocket"
        } else {
            "HTTP polling"
        };
        self.log(Log::FellBack, to, None);
        self.transport.tried = true;
        self.transport.second = !self.transport.second;
        let r#gen = self.new_attempt(SHARED);
        self.open_session(r#gen);
        true
    }

    /// An open session broke soon: where WebSockets are let through and cut again and again, polling comes first.
    pub(super) fn broke_soon(&mut self) {
        if !self.transport.polling && self.has_two_ways() {
            self.transport.second = !self.begins_with_polling();
            self.transport.failed_probes += 1;
        }
    }

    /// The session is over: nothing of it is wanted any more. What the server has not been told stays untold.
    /// `bye`: it may be told that the client leaves.
    pub(super) fn end_session(&mut self, bye: bool) {
        let transport = &mut self.transport;
        transport.session = transport.session.wrapping_add(1);
        let get = std::mem::take(&mut transport.get);
        let post = std::mem::take(&mut transport.post);
        transport.post_until = Time::NEVER;
        transport.next_probe = Time::NEVER;
        let mut forgotten = transport.inbox.abandon();
        for outgoing in std::mem::take(&mut transport.out) {
            if let Outgoing::Binary(attachment) = outgoing {
                forgotten.push(attachment);
            }
        }
        let has_sid = !transport.sid.is_empty();
        let open = has_sid && transport.polling;
        if get > 0 && !has_sid {
            // Its answer names a session that the server keeps, whether anybody reads the answer or not.
            self.leave_handshake(get);
        } else if get > 0 {
            self.outputs.push(Output::Abort { req: get });
        }
        if post > 0 {
            self.outputs.push(Output::Abort { req: post });
        }
        if bye && open {
            self.close_session();
        }
        self.transport.sid.clear();
        self.drop_probe();
        self.forget(&forgotten);
        self.leave_all();
    }

    /// Whether something that was said to be sent is under way or about to be. Over WebSocket it has gone.
    pub(super) fn is_posting(&self) -> bool {
        self.config.is_socketio()
            && self.transport.polling
            && (self.transport.post > 0 || !self.transport.out.is_empty())
    }

    /// The client is about to leave: what it has said before still goes.
    pub(super) fn take_leave(&mut self) {
        if !self.transport.polling || self.transport.sid.is_empty() {
            return;
        }
        self.transmit("1".into(), Vec::new(), 0);
        self.post();
        let get = std::mem::take(&mut self.transport.get);
        if get > 0 {
            self.let_end_alone(get);
        }
        let post = std::mem::take(&mut self.transport.post);
        if post == 0 {
            return;
        }
        if self.transport.out.is_empty() {
            // The last word went with it.
            self.let_end_alone(post);
        } else {
            self.leave_after(post);
        }
        self.transport.sid.clear();
    }

    /// Gives attachments up.
    pub(super) fn forget(&mut self, attachments: &[Attachment]) {
        for Attachment { id, .. } in attachments {
            self.outputs.push(Output::Forget { id: *id });
        }
    }

    // ---- what arrives ----

    /// Text frames of WebSockets, with U+001E between them, one generation each.
    pub(super) fn session_frames(&mut self, text: &str, gens: &[Gen]) {
        let mut rest = text;
        let mut left = gens.len();
        for r#gen in gens {
            left -= 1;
            let mut frame = rest;
            if left > 0 {
                let end = rest.bytes().position(|byte| byte == 0x1e);
                let end = end.unwrap_or(rest.len());
                frame = rest.get(..end).unwrap_or("");
                rest = rest.get(end + 1..).unwrap_or("");
            }
            if *r#gen == self.transport.probe {
                self.probe_answered(frame);
            } else if let Some(place) = self.current_link(*r#gen) {
                self.session_heard(place);
                self.counters.add(Count::Bytes, frame.len() as f64);
                match decode(frame) {
                    Ok(packet) => self.packet(packet),
                    Err(error) => self.undecodable(error, frame),
                }
            }
        }
    }

    /// A sign of life, unless the client has slept through the time in which the server waits for one: the server has
    /// given it up by now, and what comes was under way before.
    fn session_heard(&mut self, place: u32) {
        if self.is_connecting() || self.silent_at(place) > self.now {
            self.heard(place);
        }
    }

    fn undecodable(&mut self, error: Error, text: &str) {
        if error == Error::Revision3 {
            return self.fail(Problem::OldServer);
        }
        if self.is_connecting() {
            return self.no_handshake(Problem::NotSocketIo, text, Loss::Handshake);
        }
        self.broke_protocol("not a packet of Engine.IO 4", text);
    }

    fn is_connecting(&self) -> bool {
        self.pool
            .link(SHARED)
            .is_some_and(|link| link.state == State::Connecting)
    }

    /// The attempt came to nothing, and this is why.
    fn no_handshake(&mut self, problem: Problem, said: &str, loss: Loss) {
        self.transport.problem = Some(problem);
        self.transport.detail = excerpt(said.trim_ascii(), QUOTED);
        if !self.transport.polling {
            self.let_go(SHARED, "no handshake");
        }
        self.link_failed(SHARED, loss);
    }

    fn packet(&mut self, packet: Packet<'_>) {
        if self.is_connecting() {
            return match packet {
                Packet::Open(json) => self.session_opened(json),
                _ => self.no_handshake(Problem::NotSocketIo, "no handshake", Loss::Handshake),
            };
        }
        match packet {
            // Of WebSockets the driver leaves such frames out; it does not look into the answer to a GET.
            Packet::Message(text) if utf16_units(text) >= LARGEST => {
                self.oversize(self.shared_gen(), text.len() as u64 + 1);
            }
            Packet::Message(text) => self.channel_text(text),
            Packet::Ping { probe: false } => self.transmit("3".into(), Vec::new(), 0),
            Packet::Close => self.lost("the server ended the session"),
            Packet::Binary(_) if !self.transport.inbox.awaits() => {
                self.unjoinable(socketio::Error::Unawaited.words(), "");
            }
            Packet::Binary(bytes) => {
                let transport = &mut self.transport;
                transport.kept = transport.kept.wrapping_add(1) | KEPT;
                let attachment = Attachment {
                    id: transport.kept,
                    size: bytes.len() as u64,
                };
                self.outputs.push(Output::Keep {
                    id: attachment.id,
                    bytes: bytes.into_owned(),
                });
                self.channel_binary(attachment);
            }
            Packet::Open(_)
            | Packet::Ping { .. }
            | Packet::Pong { .. }
            | Packet::Upgrade
            | Packet::Noop => {}
        }
    }

    /// A binary frame came.
    pub(super) fn session_binary(&mut self, r#gen: Gen, attachment: Attachment) {
        match self.current_link(r#gen) {
            Some(place) if !self.is_connecting() => {
                self.session_heard(place);
                self.channel_binary(attachment);
            }
            _ => self.forget(&[attachment]),
        }
    }

    /// The generation of the session's transport.
    fn shared_gen(&self) -> Gen {
        self.pool.link(SHARED).map_or(Gen::NONE, |link| link.r#gen)
    }

    fn lost(&mut self, why: &str) {
        self.log(Log::ConnectionClosed, &joined(&["(", why, ")"]), None);
        // The server has given the session up, and is told nothing about it.
        if self.transport.polling {
            self.end_session(false);
        }
        self.let_go(SHARED, "lost");
        self.link_failed(SHARED, Loss::Network);
    }

    fn session_opened(&mut self, json: &str) {
        let handshake = Handshake::read(json).ok();
        let Some(handshake) = handshake.filter(|handshake| !handshake.sid.is_longer(LONGEST_NAME))
        else {
            return self.no_handshake(Problem::NotSocketIo, json, Loss::Handshake);
        };
        let again = self.now.after(self.next_probe_in());
        let transport = &mut self.transport;
        // python-engineio tells whole seconds: of less than one it says 0.
        transport.interval = match handshake.ping_interval {
            0 => 1000,
            interval => interval.into(),
        };
        transport.timeout = handshake.ping_timeout.into();
        transport.max_payload = handshake.max_payload;
        transport.upgrades = handshake.websocket;
        // An id with other characters would have to be encoded; servers use none.
        transport.sid = handshake.sid.get().into_owned();
        // Where WebSocket has just failed it is not tried at once.
        transport.next_probe = if transport.tried || transport.failed_probes > 0 {
            again
        } else {
            Time(0)
        };
        self.link_is_open(SHARED);
        self.join_all();
    }

    fn next_probe_in(&self) -> u64 {
        (NEXT_PROBE << self.transport.failed_probes.min(4)).min(LAST_PROBE)
    }

    /// A request of the session ended.
    pub(super) fn requested(&mut self, req: u32, outcome: &HttpOutcome) {
        let transport = &mut self.transport;
        if req == transport.get {
            transport.get = 0;
            return self.got(outcome);
        }
        if req != transport.post {
            if !self.left_ended(req, outcome) {
                self.count(Count::Stale);
            }
            return;
        }
        transport.post = 0;
        transport.post_until = Time::NEVER;
        // A page where `ok` should be is from somebody else, such as a hotel's network.
        let refused = outcome.refused.is_some() || outcome.status != 200;
        if refused || outcome.body.starts_with('<') {
            self.lost("a POST failed");
        }
    }

    /// A GET was answered.
    fn got(&mut self, outcome: &HttpOutcome) {
        if let Some(refusal) = outcome.refused {
            return self.get_refused(refusal);
        }
        if outcome.status != 200 {
            return self.get_failed(outcome);
        }
        let session = self.transport.session;
        self.session_heard(SHARED);
        self.counters.add(Count::Bytes, outcome.body.len() as f64);
        for packet in Payload::new(&outcome.body) {
            match packet {
                Ok(packet) => self.packet(packet),
                // What follows cannot be told apart, and would be missing.
                Err(error) => {
                    self.undecodable(error, &outcome.body);
                    if self.transport.session == session {
                        self.lost("an unreadable body");
                    }
                }
            }
            if self.transport.session != session {
                return;
            }
        }
        let transport = &mut self.transport;
        if !transport.polling || transport.probed {
            return;
        }
        // A server that has taken a probe for begun answers every GET at once and with nothing, python-engineio even
        // when the probe is long gone.
        if outcome.body != "6" {
            transport.empty = 0;
        } else {
            transport.empty += 1;
            if transport.empty > MOST_EMPTY {
                transport.failed_probes += 4;
                return self.lost("nothing but empty answers");
            }
            if transport.empty > 1 {
                transport.get_at = self.now.after(PAUSE * u64::from(transport.empty));
                return;
            }
        }
        self.get();
    }

    /// The answer to a GET was not taken in.
    fn get_refused(&mut self, refusal: HttpRefusal) {
        let problem = match refusal {
            HttpRefusal::Redirect => Problem::Redirected,
            HttpRefusal::TooLarge => Problem::AnswerTooLarge,
        };
        if self.is_connecting() {
            return self.no_handshake(problem, "", Loss::Handshake);
        }
        if refusal == HttpRefusal::Redirect {
            return self.lost("a GET was redirected");
        }
        self.oversize(self.shared_gen(), LARGEST_POLL);
        self.lost("an answer too large");
    }

    fn get_failed(&mut self, outcome: &HttpOutcome) {
        if !self.is_connecting() {
            return self.lost("a GET failed");
        }
        let (problem, loss) = match outcome.status {
            0 => (Problem::Unreachable, Loss::Handshake),
            401 | 403 => (Problem::TokenTrouble, Loss::Auth),
            429 | 503 => (Problem::ComeBackLater, Loss::RateLimited),
            400 => (Problem::TransportUnavailable, Loss::Handshake),
            500.. => (Problem::TransportUnavailable, Loss::Handshake),
            _ => (Problem::NotSocketIo, Loss::Handshake),
        };
        let mut said = String::new();
        if outcome.status > 0 {
            crate::core::json::push_u64(&mut said, outcome.status.into());
            said.push(' ');
            said.push_str(&excerpt(&outcome.body, QUOTED));
        }
        self.no_handshake(problem, &said, loss);
    }

    // ---- what is sent ----

    /// Sends a message, or puts it behind what waits for the next POST.
    pub(super) fn transmit(&mut self, text: String, attachments: Vec<Attachment>, auth: u32) {
        if self.transport.polling {
            let out = &mut self.transport.out;
            // The server need not answer two of them.
            let is_pong = |outgoing: &Outgoing| matches!(outgoing, Outgoing::Text { text, .. } if text == "3");
            if text == "3" && out.iter().any(is_pong) {
                return;
            }
            out.push(Outgoing::Text { text, auth });
            out.extend(attachments.into_iter().map(Outgoing::Binary));
            return;
        }
        let r#gen = self.shared_gen();
        if auth > 0 {
            self.outputs.push(Output::SendToken { r#gen, text, auth });
        } else if text == "3" && self.drains.is_stuck(r#gen) {
            return;
        } else if !text.is_empty() {
            self.drains.send(r#gen, text, self.now, &mut self.outputs);
        }
        for Attachment { id, size } in &attachments {
            self.outputs.push(Output::SendBinary { r#gen, id: *id });
            self.drains.sent(r#gen, *size, self.now, &mut self.outputs);
        }
    }

    pub(super) fn post(&mut self) {
        let transport = &mut self.transport;
        let ready = transport.polling && !transport.sid.is_empty() && !transport.probed;
        if !ready || transport.post > 0 || transport.out.is_empty() {
            return;
        }
        let mut batch = Batch::default();
        let (mut attachments, mut auth, mut taken) = (Vec::new(), 0, 0);
        for outgoing in &transport.out {
            // One body has room for one token.
            let other_token = auth > 0 && outgoing.auth() > 0 && auth != outgoing.auth();
            if other_token || !outgoing.push_to(&mut batch, transport.max_payload) {
                break;
            }
            auth = auth.max(outgoing.auth());
            if let Outgoing::Binary(attachment) = outgoing {
                attachments.push(attachment.id);
            }
            taken += 1;
        }
        transport.out.drain(..taken);
        transport.post_until = self
            .now
            .after(transport.interval)
            .after(transport.timeout.max(1000));
        let body = Some(batch.take());
        self.transport.post = self.request(body, attachments, auth);
    }

    // ---- the way to WebSocket ----

    /// Does what the session needs now; says when to look again.
    pub(super) fn pump_session(&mut self) -> Time {
        let now = self.now;
        let open = self
            .pool
            .link(SHARED)
            .is_some_and(|link| link.state == State::Open);
        if !open || !self.transport.polling {
            return Time::NEVER;
        }
        if self.transport.post_until <= now {
            self.let_go(SHARED, "a POST took too long");
            self.link_failed(SHARED, Loss::Timeout);
            return Time::NEVER;
        }
        if self.transport.probe_until <= now {
            self.probe_failed();
            // What waited for this is looked at once more.
            return now;
        }
        let transport = &self.transport;
        if transport.probed && transport.get == 0 && transport.post == 0 {
            self.go_over();
            return now; // as above
        }
        self.post();
        if self.transport.get_at <= now {
            self.transport.get_at = Time::NEVER;
            if self.transport.get == 0 && !self.transport.probed {
                self.get();
            }
        }
        let transport = &self.transport;
        let next = transport.post_until.min(transport.get_at);
        if transport.probe != Gen::NONE {
            return transport.probe_until.min(next);
        }
        if !transport.upgrades || !self.has_two_ways() {
            return next;
        }
        if transport.next_probe <= now {
            let r#gen = self.pool.new_gen(SHARED);
            self.transport.probe = r#gen;
            self.transport.next_probe = Time::NEVER;
            self.transport.probe_until = now.after(self.handshake_limit());
            self.open_websocket(r#gen);
        }
        let transport = &self.transport;
        next.min(transport.next_probe).min(transport.probe_until)
    }

    /// Whether a generation is the probe's.
    pub(super) fn is_probe(&self, r#gen: Gen) -> bool {
        self.config.is_socketio() && r#gen != Gen::NONE && r#gen == self.transport.probe
    }

    /// WebSocket is tried again soon: something may have changed.
    pub(super) fn probe_soon(&mut self) {
        if self.config.is_socketio() && self.transport.next_probe < Time::NEVER {
            self.transport.next_probe = self.now;
        }
    }

    /// The probe's socket opened.
    pub(super) fn probe_opened(&mut self) {
        self.outputs.push(Output::Send {
            r#gen: self.transport.probe,
            text: "2probe".into(),
        });
    }

    fn probe_answered(&mut self, frame: &str) {
        if frame != "3probe" {
            return self.probe_failed();
        }
        self.transport.probed = true;
    }

    /// The probe's socket closed.
    pub(super) fn probe_closed(&mut self) {
        self.transport.probe = Gen::NONE;
        self.probe_failed();
    }

    /// The probe took too long, said something else, or is gone: the session stays where it is.
    pub(super) fn probe_failed(&mut self) {
        let again = self.now.after(self.next_probe_in());
        self.transport.failed_probes += 1;
        self.transport.next_probe = again;
        self.drop_probe();
        if self.transport.get == 0 {
            self.get();
        }
    }

    fn drop_probe(&mut self) {
        let transport = &mut self.transport;
        let r#gen = std::mem::replace(&mut transport.probe, Gen::NONE);
        transport.probed = false;
        transport.probe_until = Time::NEVER;
        if r#gen != Gen::NONE {
            self.close_socket(r#gen, "probe");
        }
    }

    /// Nothing is under way any more: the session goes over to the socket that was probed.
    fn go_over(&mut self) {
        let second = self.begins_with_polling();
        let transport = &mut self.transport;
        let r#gen = std::mem::replace(&mut transport.probe, Gen::NONE);
        transport.probed = false;
        transport.probe_until = Time::NEVER;
        transport.failed_probes = 0;
        transport.polling = false;
        transport.second = second;
        let waiting = std::mem::take(&mut transport.out);
        self.pool.set_gen(SHARED, r#gen);
        self.outputs.push(Output::Send {
            r#gen,
            text: "5".into(),
        });
        for outgoing in waiting {
            match outgoing {
                Outgoing::Text { text, auth } => self.transmit(text, Vec::new(), auth),
                Outgoing::Binary(attachment) => {
                    self.transmit(String::new(), vec![attachment], 0);
                }
            }
        }
        self.log(Log::Upgraded, "", None);
        self.status_dirty = true;
    }
}
