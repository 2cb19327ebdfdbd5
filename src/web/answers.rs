//! Answers of servers: their bodies are read as they come, within a limit.

use super::Driver;
use super::fetch::Headers;
use crate::core::json::{Scanner, Value};
use crate::core::{HttpOutcome, HttpRefusal};
use js_sys::{Array, Date, Uint8Array};
use wasm_bindgen::prelude::{Closure, wasm_bindgen};
use wasm_bindgen::{JsCast, JsValue};

#[wasm_bindgen]
extern "C" {
    pub(super) type Promise;
    /// Resolves to a list of what each came to, and never rejects.
    #[wasm_bindgen(static_method_of = Promise, js_name = allSettled)]
    fn all_settled(promises: &Array) -> Promise;
    #[wasm_bindgen(method)]
    fn then(this: &Promise, settled: &JsValue);

    /// What a promise came to. One that was rejected has no value.
    type Settled;
    #[wasm_bindgen(method, getter)]
    fn value(this: &Settled) -> JsValue;

    type Response;
    #[wasm_bindgen(method, getter)]
    fn status(this: &Response) -> u16;
    #[wasm_bindgen(method, getter, js_name = type)]
    fn kind(this: &Response) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn headers(this: &Response) -> Headers;
    /// `null` where there is none, or where this origin may not read it.
    #[wasm_bindgen(method, getter)]
    fn body(this: &Response) -> JsValue;

    type Body;
    #[wasm_bindgen(method, js_name = getReader)]
    fn reader(this: &Body) -> Reader;

    type Reader;
    #[wasm_bindgen(method)]
    fn read(this: &Reader) -> Promise;

    type Chunk;
    #[wasm_bindgen(method, getter)]
    fn done(this: &Chunk) -> bool;
    #[wasm_bindgen(method, getter)]
    fn value(this: &Chunk) -> Uint8Array;

    /// Replaces what is not UTF-8, and leaves a byte-order mark out.
    type TextDecoder;
    #[wasm_bindgen(constructor)]
    fn new() -> TextDecoder;
    #[wasm_bindgen(method)]
    fn decode(this: &TextDecoder, chunk: &Uint8Array, options: &DecodeOptions) -> JsValue;

    /// The second argument of `decode`.
    type DecodeOptions;
    #[wasm_bindgen(constructor, js_class = "Object")]
    fn new() -> DecodeOptions;
    #[wasm_bindgen(method, setter)]
    fn set_stream(this: &DecodeOptions, stream: bool);
}

/// The number that a header is, if it is one.
fn number(text: &str) -> Option<f64> {
    let mut scanner = Scanner::new(text);
    match (scanner.value(), scanner.end()) {
        (Ok(Value::Number(number)), Ok(())) => Some(number),
        _ => None,
    }
}

/// `Retry-After`: seconds, or a date.
fn retry_after(headers: &Headers) -> Option<u64> {
    let text = headers.get("retry-after").as_string()?;
    let ms = match number(&text) {
        Some(seconds) => seconds * 1000.0,
        None => Date::parse(&text) - Date::now(),
    };
    (ms >= 0.0).then_some(ms as u64)
}

impl Response {
    /// Whether it is a redirect, which the browser was told not to follow and hides; Node shows it.
    fn is_redirect(&self) -> bool {
        matches!(self.status(), 301 | 302 | 303 | 307 | 308)
            || self.kind().as_string().as_deref() == Some("opaqueredirect")
    }
}

/// An answer whose body is read as it comes.
pub(super) struct Answer {
    outcome: HttpOutcome,
    reader: Reader,
    decoder: TextDecoder,
    /// How many bytes may still come.
    left: u64,
}

impl Answer {
    /// Takes in the next piece of its body: `None` where that is above the limit, otherwise whether it was the last.
    fn take(&mut self, chunk: &Chunk) -> Option<bool> {
        let is_last = chunk.done();
        let more = DecodeOptions::new();
        more.set_stream(!is_last);
        let bytes = if is_last {
            Uint8Array::default()
        } else {
            chunk.value()
        };
        self.left = self.left.checked_sub(bytes.length().into())?;
        // A character that breaks off at the end is replaced.
        let text = self.decoder.decode(&bytes, &more).as_string();
        self.outcome.body.push_str(&text.unwrap_or_default());
        Some(is_last)
    }
}

impl Driver {
    /// Waits for what a promise comes to: the answer itself, or the next piece of one that has begun. Meanwhile it keeps
    /// no driver alive.
    pub(super) fn wait(&self, req: u32, begun: Option<Answer>, promise: &Promise) {
        let me = self.me.clone();
        let settled = Closure::once_into_js(move |list: JsValue| {
            if let Some(driver) = me.upgrade() {
                let settled = list.unchecked_into::<Array>().get(0);
                let value = settled.unchecked_into::<Settled>().value();
                driver.enter(|driver| driver.settled(req, begun, value));
            }
        });
        Promise::all_settled(&Array::of1(promise)).then(&settled);
    }

    fn settled(&self, req: u32, begun: Option<Answer>, value: JsValue) {
        match begun {
            // It failed, or broke off: what it resolves to is an object.
            _ if !value.is_object() => self.report(req, HttpOutcome::default()),
            None => self.begin(req, value.unchecked_ref()),
            Some(answer) => self.go_on(req, answer, value.unchecked_ref()),
        }
    }

    /// Takes in an answer as far as it is one that is believed.
    fn begin(&self, req: u32, response: &Response) {
        let limit = self.reads.limit(req);
        let mut outcome = HttpOutcome {
            // That of an answer which this origin may not read is 0, like that of none.
            status: response.status().max(1),
            ..HttpOutcome::default()
        };
        if response.is_redirect() {
            outcome.refused = Some(HttpRefusal::Redirect);
            return self.report(req, outcome);
        }
        let headers = response.headers();
        outcome.etag = headers.get("etag").as_string();
        outcome.retry_after = retry_after(&headers);
        let size = headers.get("content-length").as_string();
        if size.and_then(|size| number(&size)) > Some(limit as f64) {
            outcome.refused = Some(HttpRefusal::TooLarge);
            return self.report(req, outcome);
        }
        let body = response.body();
        if !body.is_object() {
            return self.report(req, outcome);
        }
        let answer = Answer {
            outcome,
            reader: body.unchecked_into::<Body>().reader(),
            decoder: TextDecoder::new(),
            left: limit,
        };
        self.read_on(req, answer);
    }

    fn read_on(&self, req: u32, answer: Answer) {
        let piece = answer.reader.read();
        self.wait(req, Some(answer), &piece);
    }

    /// Takes in the next piece of an answer's body.
    fn go_on(&self, req: u32, mut answer: Answer, chunk: &Chunk) {
        match answer.take(chunk) {
            Some(false) => self.read_on(req, answer),
            Some(true) => self.report(req, answer.outcome),
            None => {
                answer.outcome.refused = Some(HttpRefusal::TooLarge);
                // What came of it is not believed.
                answer.outcome.body.clear();
                self.report(req, answer.outcome);
            }
        }
    }
}
