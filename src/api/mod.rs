//! What JavaScript sees of the wasm module: one method that takes the messages of docs/core-messages.md, and a sink
//! for the answers. One method instead of one a message: every export costs a few hundred bytes on both sides.

use crate::core::{Ask, Command, Config};
use crate::web::{Driver, Task};
use js_sys::Function;
use std::rc::Rc;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = include_str!("types.d.ts");

/// The core of a client. One that is freed is closed; what it has said still goes.
#[wasm_bindgen]
pub struct JobsClient {
    driver: Rc<Driver>,
}

impl Drop for JobsClient {
    fn drop(&mut self) {
        self.driver.release();
    }
}

#[wasm_bindgen]
impl JobsClient {
    /// `config`: the array of docs/core-messages.md as JSON; `seed`: any number below 2⁵³; `sink`: whom to tell; `http`: src/web/http.js.
    #[wasm_bindgen(constructor)]
    pub fn new(
        config: &str,
        seed: f64,
        #[wasm_bindgen(unchecked_param_type = "Sink")] sink: Function,
        #[wasm_bindgen(unchecked_param_type = "Http")] http: JsValue,
    ) -> JobsClient {
        Self {
            driver: Driver::new(
                Config::parse(config),
                seed as u64,
                sink,
                http.unchecked_into(),
            ),
        }
    }

    /// Takes one message: its number, two numbers and up to three texts, as docs/core-messages.md has them. An unknown
    /// number is ignored.
    pub fn post(
        &self,
        message: u32,
        n: f64,
        text: Option<String>,
        max_age: f64,
        data: Option<String>,
        supersede: Option<String>,
    ) {
        let driver = &self.driver;
        let text = text.unwrap_or_default();
        let rid = n as u32;
        let what = match message {
            0 => Ask::Follow,
            1 => Ask::Unfollow,
            2 => Ask::Listen,
            3 => Ask::WatchAll,
            4 => Ask::Connect,
            5 => Ask::Disconnect,
            6 => Ask::Shutdown,
            7 => Ask::Retry,
            8 => Ask::Refresh,
            9 => Ask::Send,
            10 => Ask::SendVolatile,
            11 => Ask::Wake,
            12 => Ask::Suspend,
            13 => return driver.hidden(n > 0.0),
            14 => return driver.take(n > 0.0),
            15 => return driver.token(rid, text),
            16 => return driver.token_failed(rid, text),
            17 => return driver.headers(rid, &text),
            18 => return driver.spawn(Task::Inspect(rid)),
            19 => return driver.spawn(Task::Audit(rid)),
            20 => Ask::Channel,
            21 => Ask::Request,
            22 => Ask::Reply,
            24 => Ask::WatchEntities,
            25 => return driver.spawn(Task::Ping),
            _ => return,
        };
        driver.command(Command {
            what,
            n,
            text,
            max_age,
            data,
            supersede,
        });
    }
}

#[cfg(feature = "socketio")]
#[wasm_bindgen]
impl JobsClient {
    /// Takes an `ArrayBuffer`, or a view of one, that belongs to the message which comes next.
    pub fn attach(&self, bytes: JsValue) {
        self.driver.attach(bytes);
    }
}
