//! Answers of servers: their bodies are read as they come, within a limit.

use super::Driver;
use super::fetch::Headers;
use crate::core::json::{Scanner, Value};
use crate::core::{HttpOutcome, HttpRefusal};
use js_sys::{Date, Promise, Uint8Array};
use std::pin::Pin;
use std::rc::Weak;
use std::task::{Context, Poll, ready};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
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
struct Answer {
    outcome: HttpOutcome,
    reader: Reader,
    decoder: TextDecoder,
    /// How many bytes may still come.
    left: u64,
}

impl Answer {
    /// Takes in an answer as far as it is one that is believed; an error when nothing of its body is read.
    fn begin(response: &Response, limit: u64) -> Result<Self, HttpOutcome> {
        let mut outcome = HttpOutcome {
            // That of an answer which this origin may not read is 0, like that of none.
            status: response.status().max(1),
            ..HttpOutcome::default()
        };
        if response.is_redirect() {
            outcome.refused = Some(HttpRefusal::Redirect);
            return Err(outcome);
        }
        let headers = response.headers();
        outcome.etag = headers.get("etag").as_string();
        outcome.retry_after = retry_after(&headers);
        let size = headers.get("content-length").as_string();
        if size.and_then(|size| number(&size)) > Some(limit as f64) {
            outcome.refused = Some(HttpRefusal::TooLarge);
            return Err(outcome);
        }
        let body = response.body();
        if !body.is_object() {
            return Err(outcome);
        }
        Ok(Self {
            outcome,
            reader: body.unchecked_into::<Body>().reader(),
            decoder: TextDecoder::new(),
            left: limit,
        })
    }

    /// Takes in the next piece of the body; whether it was the last that is read.
    fn take(&mut self, chunk: &Chunk) -> bool {
        let is_last = chunk.done();
        let more = DecodeOptions::new();
        more.set_stream(!is_last);
        let bytes = if is_last {
            Uint8Array::default()
        } else {
            chunk.value()
        };
        let Some(left) = self.left.checked_sub(bytes.length().into()) else {
            self.outcome.refused = Some(HttpRefusal::TooLarge);
            // What came of it is not believed.
            self.outcome.body.clear();
            return true;
        };
        self.left = left;
        // A character that breaks off at the end is replaced.
        let text = self.decoder.decode(&bytes, &more).as_string();
        self.outcome.body.push_str(&text.unwrap_or_default());
        is_last
    }
}

/// Awaits the answer to a request; an error when there is none, or when it breaks off.
async fn receive(response: Promise, limit: u64) -> Result<HttpOutcome, JsValue> {
    let response = JsFuture::from(response).await?;
    let mut answer = match Answer::begin(response.unchecked_ref(), limit) {
        Ok(answer) => answer,
        Err(outcome) => return Ok(outcome),
    };
    loop {
        let chunk = JsFuture::from(answer.reader.read()).await?;
        if answer.take(chunk.unchecked_ref()) {
            return Ok(answer.outcome);
        }
    }
}

/// A read under way. Each of its steps is a task that the driver handles. While it waits it keeps no driver alive.
pub(super) struct Read {
    driver: Weak<Driver>,
    req: u32,
    answer: Pin<Box<dyn Future<Output = Result<HttpOutcome, JsValue>>>>,
}

impl Read {
    pub(super) fn new(driver: Weak<Driver>, req: u32, response: Promise, limit: u64) -> Self {
        Self {
            driver,
            req,
            answer: Box::pin(receive(response, limit)),
        }
    }
}

impl Future for Read {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<()> {
        let Some(driver) = self.driver.upgrade() else {
            return Poll::Ready(());
        };
        let step = driver.enter(|driver| {
            let outcome = ready!(self.answer.as_mut().poll(context));
            driver.report(self.req, outcome.unwrap_or_default());
            Poll::Ready(())
        });
        step.unwrap_or(Poll::Pending)
    }
}
