//! What JavaScript sees of the wasm module: one method that takes the messages of docs/core-messages.md, and a sink
//! for the answers. One method instead of one a message: every export costs a few hundred bytes on both sides.

use crate::core::json::{Scanner, Value};
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

/// A message's arguments, by place; what is missing is `null`.
struct Arguments<'a>([Value<'a>; 6]);

impl<'a> Arguments<'a> {
    fn get(&self, place: usize) -> Value<'a> {
        self.0.get(place).copied().unwrap_or(Value::Null)
    }

    fn number(&self, place: usize) -> Option<f64> {
        match self.get(place) {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    fn rid(&self) -> u32 {
        self.number(0).unwrap_or(0.0) as u32
    }

    fn request(&self) -> u64 {
        self.number(0).unwrap_or(0.0) as u64
    }

    fn text(&self, place: usize) -> Option<String> {
        match self.get(place) {
            Value::String(text) => Some(text.get().into_owned()),
            _ => None,
        }
    }

    fn flag(&self, place: usize) -> bool {
        self.get(place) == Value::Bool(true)
    }
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
        match Config::parse(config) {
            Ok(config) => Ok(Self {
                driver: Driver::new(config, seed as u64, sink),
            }),
            Err(error) => Err(JsError::new(&error.member)),
        }
    }

    /// Takes one message: a JSON array of its name and its arguments. What is not of that form is ignored.
    pub fn post(&self, message: &str) {
        let mut scanner = Scanner::new(message);
        let mut first = true;
        if !scanner.eat(b'[') {
            return;
        }
        let Ok(Some(Value::String(name))) = scanner.element(&mut first) else {
            return;
        };
        let mut arguments = Arguments([Value::Null; 6]);
        for slot in &mut arguments.0 {
            match scanner.element(&mut first) {
                Ok(Some(value)) => *slot = value,
                Ok(None) => break,
                Err(_) => return,
            }
        }
        self.dispatch(name.raw, &arguments);
    }
}

impl JobsClient {
    fn dispatch(&self, name: &str, given: &Arguments<'_>) {
        let driver = &self.driver;
        let id = given.text(0).unwrap_or_default();
        let command = match name {
            "connect" => Command::Connect { rid: given.rid() },
            "disconnect" => Command::Disconnect,
            "shutdown" => Command::Shutdown,
            "follow" => Command::Follow { id },
            "unfollow" => Command::Unfollow { id },
            "retry" => Command::Retry { id },
            "refresh" => Command::Refresh {
                rid: given.rid(),
                id: given.text(1).unwrap_or_default(),
            },
            "listen" => Command::Listen {
                event: id,
                delta: given.number(1).unwrap_or(0.0) as i32,
            },
            "watchAll" => Command::WatchAll(given.flag(0)),
            "send" => Command::Send {
                rid: given.rid(),
                event: given.text(1).unwrap_or_default(),
                data: given.text(2),
                volatile: given.flag(3),
                supersede: given.text(4),
                max_age: given
                    .number(5)
                    .filter(|age| *age >= 0.0)
                    .map(|age| age as u64),
            },
            "wake" => Command::Wake(match id.as_str() {
                "visible" => Wake::Visible,
                "pageshow" => Wake::Pageshow,
                "resume" => Wake::Resume,
                "online" => Wake::Online,
                _ => Wake::Focus,
            }),
            "suspend" => Command::Suspend,
            "hidden" => return driver.hidden(given.flag(0)),
            "take" => return driver.take(),
            "token" => return driver.token(given.request(), given.text(1).unwrap_or_default()),
            "tokenFailed" => {
                return driver.token_failed(given.request(), given.text(1).unwrap_or_default());
            }
            "headers" => {
                return driver.headers(given.request(), &given.text(1).unwrap_or_default());
            }
            "inspect" => return driver.inspect(given.rid()),
            "audit" => {
                return driver.answer(given.rid(), |engine| -> Vec<AuditRow> { engine.audit() });
            }
            _ => return,
        };
        driver.command(command);
    }
}
