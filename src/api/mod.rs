//! What JavaScript sees of the wasm module: the messages of docs/core-messages.md as methods. Each only queues; the
//! answers come through the sink.

use crate::core::{AuditRow, Command, Config, Wake};
use crate::web::Driver;
use js_sys::Function;
use std::rc::Rc;
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = include_str!("types.d.ts");

/// The core of a client.
#[wasm_bindgen]
pub struct JobsClient {
    driver: Rc<Driver>,
}

#[wasm_bindgen]
impl JobsClient {
    /// `config`: JSON; `seed`: any number below 2⁵³; `sink`: whom to tell.
    ///
    /// # Errors
    /// A config that is not of the documented shape.
    #[wasm_bindgen(constructor)]
    pub fn new(
        config: &str,
        seed: f64,
        #[wasm_bindgen(unchecked_param_type = "Sink")] sink: Function,
    ) -> Result<JobsClient, JsError> {
        let config = Config::parse(config)
            .map_err(|error| JsError::new(&(String::from("config: ") + &error.member)))?;
        Ok(Self {
            driver: Driver::new(config, seed as u64, sink),
        })
    }

    /// Open what is to be opened.
    pub fn connect(&self, rid: u32) {
        self.driver.command(Command::Connect { rid });
    }

    /// Close every transport.
    pub fn disconnect(&self) {
        self.driver.command(Command::Disconnect);
    }

    /// Final.
    pub fn shutdown(&self) {
        self.driver.command(Command::Shutdown);
        self.driver.release();
    }

    /// One more handle on a job.
    pub fn follow(&self, id: String) {
        self.driver.command(Command::Follow { id });
    }

    /// One fewer.
    pub fn unfollow(&self, id: String) {
        self.driver.command(Command::Unfollow { id });
    }

    /// Read a job once.
    pub fn refresh(&self, rid: u32, id: String) {
        self.driver.command(Command::Refresh { rid, id });
    }

    /// A new attempt of a job that failed.
    pub fn retry(&self, id: String) {
        self.driver.command(Command::Retry { id });
    }

    /// More, or fewer, listeners of an event.
    pub fn listen(&self, event: String, delta: i32) {
        self.driver.command(Command::Listen { event, delta });
    }

    /// Whether changes of every job are wanted.
    #[wasm_bindgen(js_name = watchAll)]
    pub fn watch_all(&self, on: bool) {
        self.driver.command(Command::WatchAll(on));
    }

    /// A message to the server; `data` is JSON text.
    pub fn send(
        &self,
        rid: u32,
        event: String,
        data: Option<String>,
        volatile: bool,
        supersede: Option<String>,
        max_age: Option<f64>,
    ) {
        let max_age = max_age.filter(|age| *age >= 0.0).map(|age| age as u64);
        self.driver.command(Command::Send {
            rid,
            event,
            data,
            volatile,
            supersede,
            max_age,
        });
    }

    /// The page came back.
    pub fn wake(&self, #[wasm_bindgen(unchecked_param_type = "WakeReason")] reason: &str) {
        let reason = match reason {
            "visible" => Wake::Visible,
            "pageshow" => Wake::Pageshow,
            "resume" => Wake::Resume,
            "online" => Wake::Online,
            _ => Wake::Focus,
        };
        self.driver.command(Command::Wake(reason));
    }

    /// The page is hidden, or not.
    pub fn hidden(&self, on: bool) {
        self.driver.hidden(on);
    }

    /// The page goes into the back/forward cache.
    pub fn suspend(&self) {
        self.driver.command(Command::Suspend);
    }

    /// The token that was asked for.
    pub fn token(&self, req: f64, value: String) {
        self.driver.token(req as u64, value);
    }

    /// There is none, and why.
    #[wasm_bindgen(js_name = tokenFailed)]
    pub fn token_failed(&self, req: f64, message: String) {
        self.driver.token_failed(req as u64, message);
    }

    /// The headers that were asked for: a JSON array of `[name, value]`.
    pub fn headers(&self, req: f64, json: &str) {
        self.driver.headers(req as u64, json);
    }

    /// Hand over what waits for the next frame.
    pub fn take(&self) {
        self.driver.take();
    }

    /// Each event's figures, as a reply.
    pub fn audit(&self, rid: u32) {
        self.driver
            .answer(rid, |engine, _| -> Vec<AuditRow> { engine.audit() });
    }

    /// A look inside, as a reply.
    pub fn inspect(&self, rid: u32) {
        self.driver.answer(rid, |engine, tokens| {
            let mut found = engine.inspect();
            for entry in &mut found.history {
                entry.payload = tokens.redact(std::mem::take(&mut entry.payload));
            }
            found
        });
    }
}
