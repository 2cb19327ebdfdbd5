//! The driver: hands inputs to the engine, carries out what it asks for, and lets every check look at both.

use super::{Event, World};
use crate::check::Answer;
use crate::network::{Errand, Flight, Wire};
use crate::recording::Line;
use crate::records::{self, Record};
use crate::server::Frame;
use crate::wire::{Part, Said, parts, with_token};
use jobwire::core::engineio::{self, Packet};
use jobwire::core::{Ask, Gen, HttpOutcome, Input, Output, Problem, Recorded, Time};
use serde_json::Value;

/// The wall clock at the beginning, epoch ms.
const EPOCH: u64 = 1_736_937_000_000;
/// The longest animation frame, ms.
const FRAME: u64 = 16;
/// The least time that shows that a token is good, ms.
const PROVEN: u64 = 1000;
/// How long the page's token function takes at most when all is well, ms.
pub(super) const TOKEN_TIME: u64 = 100;

/// What is on its way to the driver.
#[derive(Debug)]
pub(super) enum Bound {
    Opened,
    Frame(Frame),
    Closed(u16),
}

/// What waits in the driver for the page to run.
pub(super) enum Inboxed {
    Socket(usize, Bound),
    Direct(Input),
}

/// The place of a server among the addresses of the config.
fn host_of(url: &str) -> usize {
    url.split_once("://s")
        .and_then(|(_, rest)| rest.get(..1)?.parse().ok())
        .unwrap_or(0)
}

/// The request whose token is used; the core says 0 for none.
fn token_of(auth: u32) -> Option<u32> {
    (auth > 0).then_some(auth)
}

fn token_text(auth: u32) -> String {
    format!("tok-{auth}")
}

impl World<'_> {
    // ---- into the engine ----

    /// Hands one input to the engine and carries out what it asks for.
    pub(super) fn input(&mut self, input: Input) {
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
        self.look_at_input(&input);
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
            // The check of transports looks at what a POST says.
            let quiet = !self.page.closed
                || matches!(
                    output,
                    Output::Batch(_) | Output::Forget { .. } | Output::Poll { body: Some(_), .. }
                );
            self.broken
                .ensure("nothing after close", quiet, || format!("{output:?}"));
            self.carry_out(output);
        }
        if !self.dirty {
            self.page.stopped_listening.clear();
        }
        self.transports.settled(&self.plan, mono, &mut self.broken);
        self.ledger.overdue(mono, &mut self.broken);
        if self.plan.config.rate_limit.is_none() && self.transports.is_free(&self.plan, mono) {
            let session = self.transports.session;
            let doors = &self.doors;
            let is_in = |name: &str| doors.is_in(name, session);
            self.ledger.nothing_waits(is_in, mono, &mut self.broken);
        }
        let unclaimed = self.store.unclaimed();
        let batches_wait = self.dirty;
        self.broken.ensure(
            "attachments come with a record",
            unclaimed == 0 || batches_wait,
            || format!("{unclaimed} were handed over for nothing"),
        );
        let next = self.engine.next_deadline();
        self.broken.ensure(
            "no deadline in the past",
            next.is_none_or(|at| at.0 > mono),
            || format!("{next:?} at {mono}"),
        );
        if next != self.timer_for {
            self.timer_for = next;
            self.timer_mark += 1;
            if let Some(at) = next {
                let late = self.dice.pick(&[0, 0, 0, 1, 4, 30]);
                self.at(at.0 + self.slept + late, Event::Timer(self.timer_mark));
            }
        }
    }

    /// The checks see what the engine is about to see.
    fn look_at_input(&mut self, input: &Input) {
        let (now, proof) = (self.mono(), self.proof());
        match input {
            Input::Frames { text, gens } => {
                for (frame, r#gen) in text.split('\u{1e}').zip(gens) {
                    if self.transports.frame(&self.plan, *r#gen, frame, now) {
                        self.doors.frame(frame, self.transports.session, now, proof);
                    }
                }
            }
            // What is too large for the driver is a sign of life, too.
            Input::Binary { r#gen, .. } | Input::Oversize { r#gen, .. } => {
                self.transports.binary(&self.plan, *r#gen, now);
            }
            Input::Closed { r#gen, .. } => self.transports.socket_closed(&self.plan, *r#gen, now),
            Input::Http { req, outcome } => {
                let HttpOutcome { status, body, .. } = outcome;
                if self
                    .transports
                    .answered(&self.plan, *req, *status, body, now)
                {
                    self.doors.body(body, self.transports.session, now, proof);
                }
            }
            Input::Take => self.dirty = false,
            // A jump of the clock may mean that the machine slept.
            Input::Clock { .. } => self.transports.forgive(),
            Input::Command(command) => {
                let ends_waiting = matches!(
                    command.what,
                    Ask::Wake | Ask::Connect | Ask::Disconnect | Ask::Suspend
                );
                if ends_waiting {
                    self.transports.forgive();
                }
                if matches!(command.what, Ask::Disconnect | Ask::Suspend | Ask::Shutdown) {
                    self.transports.leaves_behind();
                }
            }
            _ => {}
        }
    }

    /// How long a namespace must have let the client stay to show that a token is good, ms.
    fn proof(&self) -> u64 {
        self.plan.config.backoff.min_uptime.max(PROVEN)
    }

    pub(super) fn timer(&mut self, mark: u64) {
        if mark != self.timer_mark {
            return;
        }
        if self.frozen_since.is_some() {
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
    pub(super) fn when_awake(&mut self, input: Input) {
        if self.frozen_since.is_some() || !self.inbox.is_empty() {
            self.inbox.push_back(Inboxed::Direct(input));
        } else {
            self.input(input);
        }
    }

    pub(super) fn reaches_client(&mut self, wire: usize, what: Bound) {
        if self.wires[wire].dead && !matches!(what, Bound::Closed(_)) {
            return;
        }
        self.inbox.push_back(Inboxed::Socket(wire, what));
        if self.frozen_since.is_some() || self.flushing {
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
    pub(super) fn flush(&mut self) {
        let mut joined: Option<(String, Vec<Gen>)> = None;
        while let Some(item) = self.inbox.pop_front() {
            let (wire, what) = match item {
                Inboxed::Direct(input) => {
                    self.hand_over(&mut joined);
                    self.input(input);
                    continue;
                }
                Inboxed::Socket(wire, what) => (wire, what),
            };
            let r#gen = self.wires[wire].r#gen;
            let closed = matches!(what, Bound::Closed(_));
            if self.wires[wire].forgotten && !self.plan.leftovers && !closed {
                continue;
            }
            match what {
                Bound::Frame(Frame::Text(text)) => {
                    if let Some((all, gens)) = &mut joined {
                        all.push('\u{1e}');
                        all.push_str(&text);
                        gens.push(r#gen);
                    } else {
                        joined = Some((text, vec![r#gen]));
                    }
                    continue;
                }
                Bound::Frame(Frame::Binary(bytes)) => {
                    self.hand_over(&mut joined);
                    let size = bytes.len() as u64;
                    let id = self.store.keep(bytes);
                    self.input(Input::Binary { r#gen, id, size });
                }
                Bound::Opened => {
                    self.hand_over(&mut joined);
                    self.input(Input::Opened { r#gen });
                }
                Bound::Closed(code) => {
                    self.hand_over(&mut joined);
                    self.wires[wire].forgotten = true;
                    let reason = String::new();
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

    // ---- out of the engine ----

    fn carry_out(&mut self, output: Output) {
        let now = self.mono();
        match output {
            Output::Open { r#gen, url, auth } => {
                self.figures.sockets += 1;
                self.transports
                    .opens(&self.plan, r#gen, &url, now, &mut self.broken);
                let sid = crate::check::sid_of(&url);
                let token = token_of(auth);
                self.open_wire(Wire::new(r#gen, host_of(&url), sid, token));
            }
            Output::Close { r#gen, reason } => {
                self.transports
                    .closes(&self.plan, r#gen, reason, now, &mut self.broken);
                self.let_go(r#gen);
            }
            Output::Probe { .. } => self.broken.ensure("no probes", false, || {
                "the other transport tells whether the server is there".into()
            }),
            Output::Send { r#gen, text } => self.send(r#gen, Frame::Text(text), now),
            Output::SendToken { r#gen, text, auth } => {
                let text = with_token(&text, &token_text(auth));
                self.send(r#gen, Frame::Text(text), now);
            }
            Output::SendBinary { r#gen, id } => {
                let bytes = self.store.send(id);
                if let Some(bytes) = self
                    .broken
                    .expect("attachments are kept until they are sent", bytes)
                {
                    self.send(r#gen, Frame::Binary(bytes), now);
                }
            }
            Output::Poll {
                req,
                url,
                auth,
                body,
                attachments,
            } => {
                self.figures.requests += 1;
                self.poll(req, &url, auth, body, &attachments);
            }
            Output::Keep { id, bytes } => {
                let kept = self.store.keep_as(id, bytes);
                self.broken
                    .expect("the core's attachments have numbers of its own", kept);
            }
            Output::Hand { id } => {
                let handed = self.store.hand(id);
                self.broken
                    .expect("an attachment is handed over once", handed);
            }
            Output::Forget { id } => {
                let forgotten = self.store.forget(id);
                self.broken
                    .expect("an attachment is forgotten once", forgotten);
            }
            Output::Fetch {
                req,
                url,
                etag,
                auth,
            } => {
                let job = url.rsplit_once('/').map_or("", |(_, job)| job).to_owned();
                self.depart(
                    req,
                    Flight {
                        host: host_of(&url),
                        errand: Errand::Job(job),
                        token: token_of(auth),
                        etag,
                        arrived: false,
                        dead: false,
                        aborted: false,
                    },
                );
            }
            Output::Abort { req } => {
                self.transports.aborts(req);
                self.abort(req);
            }
            Output::NeedToken { req, .. } => self.need_token(req),
            Output::Dirty => {
                self.broken
                    .ensure("what waits is said once", !self.dirty, String::new);
                self.dirty = true;
                let frame = self.dice.between(0, FRAME);
                self.later(frame, Event::Take);
            }
            Output::Batch(text) => {
                match records::read(&text, self.plan.config.namespace.as_str()) {
                    Ok(records) => {
                        for record in records {
                            self.record(record);
                        }
                    }
                    Err(error) => self
                        .broken
                        .ensure("batches can be read", false, || format!("{error}: {text}")),
                }
            }
        }
    }

    fn send(&mut self, r#gen: Gen, frame: Frame, now: u64) {
        let text = match &frame {
            Frame::Text(text) => Some(text.as_str()),
            Frame::Binary(_) => None,
        };
        let said = self.transports.sends(r#gen, text, now, &mut self.broken);
        self.look_at_said(said);
        self.reach_for_server(r#gen, frame);
    }

    fn look_at_said(&mut self, said: Option<Said>) {
        let now = self.mono();
        match said {
            Some(Said::Message { n, namespace }) => {
                self.ledger.leaves(n, &namespace, now, &mut self.broken)
            }
            Some(Said::Connect { namespace }) => {
                let proof = self.proof();
                self.doors.knocks(&namespace, now, proof, &mut self.broken);
            }
            _ => {}
        }
    }

    fn poll(&mut self, req: u32, url: &str, auth: u32, body: Option<String>, attachments: &[u32]) {
        let now = self.mono();
        let mut bytes = Vec::new();
        for id in attachments {
            let found = self.store.send(*id);
            bytes.extend(
                self.broken
                    .expect("attachments are kept until they are sent", found),
            );
        }
        let sizes: Vec<u64> = bytes.iter().map(|bytes| bytes.len() as u64).collect();
        let given = body.as_deref().map(|body| (body, sizes.as_slice()));
        for said in self
            .transports
            .polls(&self.plan, req, url, given, now, &mut self.broken)
        {
            self.look_at_said(said);
        }
        let body = body.map(|body| self.filled(&body, auth, bytes));
        self.depart(
            req,
            Flight {
                host: host_of(url),
                errand: Errand::Session {
                    sid: crate::check::sid_of(url),
                    body,
                },
                token: token_of(auth),
                etag: None,
                arrived: false,
                dead: false,
                aborted: false,
            },
        );
    }

    /// A body with everything in it.
    fn filled(&mut self, body: &str, auth: u32, bytes: Vec<Vec<u8>>) -> String {
        let mut rest = bytes.into_iter();
        let fill = |part: &Part| match part {
            Part::Text(text) => Some(with_token(text, &token_text(auth))),
            Part::Attachment => rest.next().map(|bytes| {
                let mut text = String::new();
                engineio::encode(&Packet::Binary(bytes.into()), &mut text);
                text
            }),
        };
        let all: Option<Vec<String>> = parts(body).iter().map(fill).collect();
        let fits = all.is_some() && rest.next().is_none();
        self.broken
            .ensure("every attachment has its place", fits, || body.to_owned());
        all.unwrap_or_default().join("\u{1e}")
    }

    // ---- what the page is told ----

    fn record(&mut self, record: Record) {
        let now = self.mono();
        match record {
            Record::Job(record) => {
                let id = record[1].as_str().unwrap_or("");
                let wanted = self.page.watch_all || self.page.follows(id);
                self.jobs
                    .told(&record, &self.server.jobs, wanted, &mut self.broken);
            }
            Record::Own | Record::Log => {}
            Record::Status(status) => {
                let namespace = self.plan.config.namespace.clone();
                self.note_status(&namespace, status.state, status.problem);
                self.page.status = status;
            }
            Record::Channel(namespace, status) => {
                let known = self.page.opened.contains(&namespace);
                self.broken
                    .ensure("only channels of the page are told", known, || {
                        namespace.clone()
                    });
                self.note_status(&namespace, status.state, status.problem);
                self.page.statuses.insert(namespace, status);
            }
            Record::Answer(rid, value) => self.answer(rid, &value),
            Record::Refusal(rid, problem) => {
                if self.page.answers.contains_key(&rid.into()) {
                    return self.count_answer(rid);
                }
                self.ledger
                    .answered(rid.into(), Answer::Refused(problem), now, &mut self.broken);
            }
            Record::Acknowledged(rid, args, ids) => {
                let bytes = ids.into_iter().filter_map(|id| {
                    let bytes = self.store.take(id);
                    self.broken
                        .expect("attachments are handed over before their record", bytes)
                });
                let answer = Answer::Acknowledged(args, bytes.collect());
                self.ledger
                    .answered(rid.into(), answer, now, &mut self.broken);
            }
            Record::Event(heard) => {
                let hears = self.page.listens_to_all
                    || self.page.listens.contains(&heard.namespace)
                    || self.page.stopped_listening.contains(&heard.namespace);
                self.broken
                    .ensure("only what is listened to is told", hears, || {
                        format!("{heard:?}")
                    });
                let whole = self.plan.listens_always;
                let k = self.events.told(
                    &heard,
                    &self.server,
                    &mut self.store,
                    whole,
                    &mut self.broken,
                );
                if let (Some(_), true) = (k, heard.reply > 0) {
                    self.asked(&heard.namespace, heard.reply);
                }
            }
        }
    }

    /// Refused for good, or put out: nothing but the page asks for it again.
    fn note_status(&mut self, namespace: &str, state: &str, problem: u8) {
        if state != "failed" {
            return;
        }
        self.ledger.doubt(namespace);
        if self.gave_up() {
            self.transports.leaves_behind();
        }
        let for_good = [Problem::Refused, Problem::RefusedAuth, Problem::Kicked];
        if for_good.iter().any(|known| *known as u8 == problem) {
            self.doors.shuts(namespace);
        }
    }

    /// Whether the client has no link any more, as it says of itself: where one namespace fails the others live on.
    fn gave_up(&self) -> bool {
        let lists: Value = serde_json::from_str(&self.engine.inspect(7)).unwrap_or(Value::Null);
        lists[3].as_array().is_some_and(|links| links.len() == 1)
    }

    fn answer(&mut self, rid: u32, value: &Value) {
        if self.page.answers.contains_key(&rid.into()) {
            return self.count_answer(rid);
        }
        let answer = match value.as_str() {
            Some("sent") => Answer::Sent,
            Some("queued") => Answer::Queued,
            Some("dropped") => Answer::Dropped,
            _ => {
                return self.broken.ensure("answers are what they are", false, || {
                    format!("{rid}: {value}")
                });
            }
        };
        let now = self.mono();
        self.ledger
            .answered(rid.into(), answer, now, &mut self.broken);
    }

    fn count_answer(&mut self, rid: u32) {
        let count = self.page.answers.entry(rid.into()).or_insert(0);
        *count += 1;
        let once = *count == 1;
        self.broken
            .ensure("answered once", once, || format!("rid {rid}"));
    }
}
