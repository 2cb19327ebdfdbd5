//! What JavaScript sees of the wasm module: one method that takes the messages of docs/core-messages.md, and a sink
//! for the answers. One method instead of one a message: every export costs a few hundred bytes on both sides.

use crate::core::{AuditRow, Command, Config, Wake};
use crate::web::Driver;
use js_sys::Function;
use std::rc::Rc;
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
    /// `config`: the array of docs/core-messages.md as JSON; `seed`: any number below 2⁵³; `sink`: whom to tell.
    #[wasm_bindgen(constructor)]
    pub fn new(
        config: &str,
        seed: f64,
        #[wasm_bindgen(unchecked_param_type = "Sink")] sink: Function,
    ) -> JobsClient {
        Self {
            driver: Driver::new(Config::parse(config), seed as u64, sink),
        }
    }

    /// Takes one message: its number, two numbers and up to three texts, as docs/core-messages.md has them. An unknown
    /// number is ignored.
    pub fn post(
        &self,
        message: u32,
        n: f64,
        text: Option<String>,
        m: f64,
        data: Option<String>,
        supersede: Option<String>,
    ) {
        let driver = &self.driver;
        let id = text.unwrap_or_default();
        let (rid, req) = (n as u32, n as u64);
        let command = match message {
            0 => Command::Follow { id },
            1 => Command::Unfollow { id },
            2 => Command::Listen {
                event: id,
                delta: n as i32,
            },
            3 => Command::WatchAll(n > 0.0),
            4 => Command::Connect { rid },
            5 => Command::Disconnect,
            6 => Command::Shutdown,
            7 => Command::Retry { id },
            8 => Command::Refresh { rid, id },
            9 | 10 => Command::Send {
                rid,
                event: id,
                data,
                volatile: message == 10,
                supersede,
                max_age: (m >= 0.0).then_some(m as u64),
            },
            11 => Command::Wake(match rid {
                0 => Wake::Visible,
                1 => Wake::Pageshow,
                2 => Wake::Resume,
                3 => Wake::Online,
                _ => Wake::Focus,
            }),
            12 => Command::Suspend,
            13 => return driver.hidden(n > 0.0),
            14 => return driver.take(),
            15 => return driver.token(req, id),
            16 => return driver.token_failed(req, id),
            17 => return driver.headers(req, &id),
            18 => return driver.inspect(rid),
            19 => {
                return driver.answer(rid, |engine| -> Vec<AuditRow> { engine.audit() });
            }
            _ => return,
        };
        driver.command(command);
    }
}
