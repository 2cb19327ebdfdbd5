//! The driver: carries out what the core decides, in a page or in a worker, and reports what happened. It decides
//! nothing itself.
//!
//! One rule keeps it sound: the engine's borrow ends before anything of JavaScript is called, and JavaScript is called
//! from a task or a microtask only, never from inside an exported method.
//!
//! A driver lives as long as somebody may still need it: the page, which frees its client, and after that whatever still
//! tells servers that the client has left. Handlers, timers and tasks know it weakly and keep nothing alive.

mod attachments;
mod clock;
mod fetch;
mod frames;
mod sockets;
mod table;
mod tokens;

use crate::core::io::config::TokenIn;
use crate::core::protocol::Part;
use crate::core::protocol::{BROADCAST, PLAIN, SOCKETIO, STREAM};
use crate::core::{Ask, Command, Config, Engine, Input, Output, Time, TokenReason};
use attachments::Attachments;
use fetch::{Http, Post, Reads};
use frames::Frames;
use gloo_timers::callback::Timeout;
use js_sys::Function;
use sockets::Sockets;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use tokens::Tokens;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

/// Browsers read a timer's delay as a signed 32-bit number; a later deadline is simply looked at again.
const LONGEST_TIMER: u64 = i32::MAX as u64;
/// The time of no timer at all.
const NEVER: u64 = u64::MAX;

/// Kinds of calls of the sink, docs/core-messages.md.
const DIRTY: f64 = 0.0;
const BATCH: f64 = 1.0;
const TOKEN: f64 = 2.0;
const HEADERS: f64 = 3.0;
const REPLY: f64 = 4.0;
const ATTACHMENT: f64 = 5.0;
const ALIVE: f64 = 6.0;
const RESOURCE: f64 = 7.0;

/// What the driver itself needs of the configuration.
struct Settings {
    token_in: TokenIn,
    headers: bool,
    socketio: bool,
}

/// What is done in a microtask of its own.
pub(crate) enum Task {
    /// Takes in what is queued.
    Pump,
    /// Answers with a look inside, as JSON text.
    Inspect(u32),
    /// Answers with the figures of each event, as values.
    Audit(u32),
    /// Answers that the core works.
    Ping,
}

/// The core and everything it works with.
pub(crate) struct Driver {
    me: Weak<Self>,
    /// Keeps it alive when the page has let go of it, until nothing is under way any more.
    own: RefCell<Option<Rc<Self>>>,
    engine: RefCell<Engine>,
    inputs: RefCell<Vec<Input>>,
    /// Set while the driver handles a task of the browser. A trap leaves it set.
    entered: Cell<bool>,
    pumping: Cell<bool>,
    scheduled: Cell<bool>,
    /// When the one timer is due.
    due: Cell<u64>,
    timer: Cell<Option<Timeout>>,
    sockets: Sockets,
    frames: Frames,
    reads: Reads,
    tokens: Tokens,
    attachments: Part<Attachments>,
    settings: Settings,
    sink: Function,
    http: Http,
}

impl Driver {
    pub(crate) fn new(config: Config, seed: u64, sink: Function, http: Http) -> Rc<Self> {
        let settings = Settings {
            token_in: config.token_in,
            headers: config.headers,
            socketio: config.is_socketio(),
        };
        Rc::new_cyclic(|me| Self {
            me: me.clone(),
            own: RefCell::default(),
            engine: RefCell::new(Engine::new(config, seed)),
            inputs: RefCell::default(),
            entered: Cell::new(false),
            pumping: Cell::new(false),
            scheduled: Cell::new(false),
            due: Cell::new(NEVER),
            timer: Cell::default(),
            sockets: Sockets::default(),
            frames: Frames::default(),
            reads: Reads::default(),
            tokens: Tokens::default(),
            attachments: Part::default(),
            settings,
            sink,
            http,
        })
    }

    /// The page lets go of it: the client is closed, and what it has said still goes.
    pub(crate) fn release(self: &Rc<Self>) {
        if !self.engine.borrow().is_over() {
            *self.own.borrow_mut() = Some(self.clone());
            self.command(Command::new(Ask::Shutdown, 0.0, ""));
        }
    }

    /// As [`Config::is_socketio`].
    #[inline(always)]
    fn is_socketio(&self) -> bool {
        SOCKETIO && (!PLAIN || self.settings.socketio)
    }

    /// A command of the page; carried out in a microtask.
    pub(crate) fn command(&self, command: Command) {
        self.later(Input::Command(command));
    }

    /// Queues an input for the next microtask.
    pub(crate) fn later(&self, input: Input) {
        self.inputs.borrow_mut().push(input);
        self.schedule();
    }

    fn schedule(&self) {
        if !self.scheduled.replace(true) {
            self.spawn(Task::Pump);
        }
    }

    /// Handles one task of the browser: an event, a timer or a step of a future. Such tasks never nest. So one that
    /// finds another unfinished comes after a trap: then nothing is done any more, since nobody knows what was left
    /// half done, and [`Task::Ping`] gets no answer.
    fn enter<R>(&self, handle: impl FnOnce(&Self) -> R) -> Option<R> {
        if self.entered.replace(true) {
            return None;
        }
        let result = handle(self);
        self.entered.set(false);
        Some(result)
    }

    /// Shows the page a socket or a read that begins or is over. The page closes those that a trapped core leaves.
    fn show_resource(&self, resource: &JsValue, begins: bool) {
        self.say(RESOURCE, f64::from(u8::from(begins)), resource);
    }

    /// Takes in what a task of the browser brought.
    fn now(&self, input: Input) {
        self.inputs.borrow_mut().push(input);
        self.pump();
    }

    /// Feeds the engine everything that is queued and carries out what it says, until nothing is left.
    fn pump(&self) {
        if self.pumping.replace(true) {
            return;
        }
        let now = clock::now();
        self.step(
            now,
            Input::Clock {
                wall: clock::wall(),
            },
        );
        loop {
            let inputs = std::mem::take(&mut *self.inputs.borrow_mut());
            if inputs.is_empty() {
                break;
            }
            for input in inputs {
                self.step(now, input);
            }
        }
        self.pumping.set(false);
        self.arm();
        // Not before: what the client has said still goes. Whoever called this holds the driver until it returns.
        if self.engine.borrow().is_over() {
            self.tokens.clear();
            drop(self.own.take());
        }
    }

    fn step(&self, now: Time, input: Input) {
        self.engine.borrow_mut().handle(now, input);
        loop {
            let output = self.engine.borrow_mut().poll_output();
            let Some(output) = output else { break };
            self.perform(output);
        }
    }

    fn perform(&self, output: Output) {
        match output {
            Output::Open { r#gen, url, auth } => self.open_socket(r#gen, url, auth),
            Output::Close { r#gen, reason } => self.sockets.close(r#gen, reason),
            Output::Send { r#gen, text } => self.sockets.send(r#gen, &text),
            Output::Fetch {
                req,
                url,
                etag,
                auth,
            } => self.fetch(req, &url, etag, auth),
            Output::Probe { req, url } if STREAM => self.probe(req, &url),
            Output::Abort { req } => self.abort(req),
            Output::NeedToken { req, reason } => {
                let refresh = reason == TokenReason::Refresh;
                self.say(TOKEN, req.into(), &JsValue::from_bool(refresh));
            }
            Output::ForgetTokens { until } => self.tokens.forget(until),
            Output::Measure { r#gen } => {
                let bytes = self.sockets.buffered(r#gen);
                self.inputs
                    .borrow_mut()
                    .push(Input::Buffered { r#gen, bytes });
            }
            Output::Dirty => self.say(DIRTY, 0.0, &JsValue::UNDEFINED),
            Output::Batch(json) => {
                self.say(BATCH, 0.0, &JsValue::from_str(&json));
            }
            // There are none.
            Output::Probe { .. } => {}
            _ if !SOCKETIO => {}
            Output::SendToken { r#gen, text, auth } => {
                self.sockets.send(r#gen, &self.fill(&text, auth, &[]));
            }
            Output::SendBinary { r#gen, id } => {
                if let Some(buffer) = self.attachments.forget(id) {
                    self.sockets.send_bytes(r#gen, &buffer);
                }
            }
            Output::Poll {
                req,
                url,
                auth,
                body,
                attachments,
                is_last,
            } => {
                let body = body.map(|body| self.fill(&body, auth, &attachments));
                self.poll(req, url, auth, Post { body, is_last });
            }
            Output::Keep { id, bytes } => self.attachments.keep(id, &bytes),
            Output::Hand { id } => self.hand(id),
            Output::Forget { id } => drop(self.attachments.forget(id)),
        }
    }

    /// Calls the page. The facade isolates its listeners; what it throws in spite of that is its own.
    fn say(&self, kind: f64, n: f64, value: &JsValue) {
        let _ = self.sink.call3(
            &JsValue::NULL,
            &JsValue::from_f64(kind),
            &JsValue::from_f64(n),
            value,
        );
    }

    /// Sets the one timer to the core's next deadline; one that fires early is left as it is.
    fn arm(&self) {
        let deadline = self.engine.borrow().next_deadline();
        let due = deadline.map_or(NEVER, |deadline| deadline.0);
        if self.due.get() <= due && due != NEVER {
            return;
        }
        self.due.set(due);
        self.timer.set(deadline.map(|deadline| {
            let delay = deadline.since(clock::now()).min(LONGEST_TIMER);
            self.timeout(delay as u32, |driver| {
                driver.due.set(NEVER);
                driver.now(Input::Timer);
            })
        }));
    }

    fn timeout(&self, ms: u32, run: fn(&Self)) -> Timeout {
        let me = self.me.clone();
        Timeout::new(ms, move || {
            if let Some(driver) = me.upgrade() {
                driver.enter(run);
            }
        })
    }

    /// The next frame of the page: what arrived meanwhile first.
    pub(crate) fn take(&self, late: bool) {
        self.flush();
        self.later(Input::Take {
            late: BROADCAST && late,
        });
    }

    pub(crate) fn token(&self, req: u32, token: String) {
        self.tokens.keep(req, token);
        self.later(Input::Token { req, error: None });
    }

    pub(crate) fn token_failed(&self, req: u32, message: String) {
        self.later(Input::Token {
            req,
            error: Some(message),
        });
    }

    /// Does something in a microtask of its own, unless there is no driver any more by then.
    pub(crate) fn spawn(&self, task: Task) {
        let me = self.me.clone();
        spawn_local(async move {
            if let Some(driver) = me.upgrade() {
                driver.enter(|driver| driver.run(&task));
            }
        });
    }

    fn run(&self, task: &Task) {
        match task {
            Task::Pump => self.scheduled.set(false),
            Task::Inspect(_) | Task::Audit(_) => {
                self.flush();
            }
            Task::Ping => {}
        }
        self.pump();
        match task {
            Task::Inspect(rid) => {
                let json = self.engine.borrow().inspect(*rid);
                self.say(BATCH, 0.0, &JsValue::from_str(&json));
            }
            Task::Audit(rid) => {
                let rows = self.engine.borrow().audit();
                let value = serde_wasm_bindgen::to_value(&rows).unwrap_or(JsValue::NULL);
                self.say(REPLY, f64::from(*rid), &value);
            }
            Task::Ping => self.say(ALIVE, 0.0, &JsValue::UNDEFINED),
            Task::Pump => {}
        }
    }
}
