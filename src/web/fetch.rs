//! HTTP in a page or a worker: reads of jobs, and the polling of Engine.IO. The browser's side of it is `http.js`.

use super::table::Table;
use super::{Driver, HEADERS};
use crate::core::io::config::TokenIn;
use crate::core::{HttpOutcome, HttpRefusal, Input, LARGEST_POLL, LARGEST_READ};
use js_sys::Promise;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};

#[wasm_bindgen]
extern "C" {
    /// `startRequest` of `http.js`.
    pub(crate) type Http;
    #[wasm_bindgen(method, js_name = startRequest)]
    fn start_request(this: &Http, request: &Request) -> Exchange;

    /// `HttpRequest` of `http.d.ts`.
    #[derive(Clone)]
    type Request;
    #[wasm_bindgen(constructor, js_class = "Object")]
    fn new() -> Request;
    #[wasm_bindgen(method, setter)]
    fn set_url(this: &Request, url: &str);
    #[wasm_bindgen(method, setter)]
    fn set_limit(this: &Request, bytes: f64);
    #[wasm_bindgen(method, setter, js_name = isProbe)]
    fn set_probe(this: &Request, is_probe: bool);
    #[wasm_bindgen(method, setter)]
    fn set_token(this: &Request, token: &str);
    #[wasm_bindgen(method, setter)]
    fn set_etag(this: &Request, etag: &str);
    #[wasm_bindgen(method, setter)]
    fn set_headers(this: &Request, headers: &JsValue);
    #[wasm_bindgen(method, setter)]
    fn set_body(this: &Request, body: &str);
    #[wasm_bindgen(method, setter, js_name = isLast)]
    fn set_last(this: &Request, is_last: bool);

    /// `HttpExchange` of `http.d.ts`.
    pub(super) type Exchange;
    #[wasm_bindgen(method, getter)]
    fn answer(this: &Exchange) -> Promise;
    #[wasm_bindgen(method)]
    fn abort(this: &Exchange);

    /// `HttpAnswer` of `http.d.ts`.
    type Answer;
    #[wasm_bindgen(method, getter)]
    fn status(this: &Answer) -> u16;
    #[wasm_bindgen(method, getter)]
    fn etag(this: &Answer) -> JsValue;
    /// `undefined` comes as NaN.
    #[wasm_bindgen(method, getter, js_name = retryAfterMs)]
    fn retry_after(this: &Answer) -> f64;
    #[wasm_bindgen(method, getter)]
    fn body(this: &Answer) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn refusal(this: &Answer) -> JsValue;
}

impl Answer {
    fn outcome(&self) -> HttpOutcome {
        let retry_after = self.retry_after();
        HttpOutcome {
            status: self.status(),
            etag: self.etag().as_string(),
            retry_after: (retry_after >= 0.0).then_some(retry_after as u64),
            body: self.body().as_string().unwrap_or_default(),
            refused: self
                .refusal()
                .as_string()
                .map(|refusal| match refusal.as_str() {
                    "redirect" => HttpRefusal::Redirect,
                    _ => HttpRefusal::TooLarge,
                }),
        }
    }
}

/// What a request of Engine.IO posts, if it posts anything.
pub(super) struct Post {
    pub(super) body: Option<String>,
    /// It should reach the server even when the page is closed.
    pub(super) is_last: bool,
}

/// The requests that are not over.
#[derive(Default)]
pub(super) struct Reads {
    /// They wait for the page to give its headers.
    waiting: Table<Request>,
    under_way: Table<Exchange>,
}

impl Drop for Reads {
    fn drop(&mut self) {
        self.under_way.each(Exchange::abort);
    }
}

fn request(url: &str, limit: u64) -> Request {
    let request = Request::new();
    request.set_url(url);
    request.set_limit(limit as f64);
    request
}

impl Driver {
    fn begin(&self, req: u32, request: &Request) {
        let exchange = self.http.start_request(request);
        self.show_resource(&exchange, true);
        let answer = JsFuture::from(exchange.answer());
        self.reads.under_way.insert(req.into(), exchange);
        let me = self.me.clone();
        // While it waits it keeps no driver alive.
        spawn_local(async move {
            let answer = answer.await;
            if let Some(driver) = me.upgrade() {
                driver.enter(|driver| driver.answered(req, answer.ok()));
            }
        });
    }

    /// Takes in what a request came to, unless it was aborted: then it is over for the core already.
    fn answered(&self, req: u32, answer: Option<JsValue>) {
        if self.end(req).is_some() {
            let answer = answer.map(JsCast::unchecked_into::<Answer>);
            let outcome = answer.map_or_else(HttpOutcome::default, |answer| answer.outcome());
            self.now(Input::Http { req, outcome });
        }
    }

    /// Takes a request that is over off the list; `None` where it was aborted.
    fn end(&self, req: u32) -> Option<Exchange> {
        let exchange = self.reads.under_way.remove(req.into())?;
        self.show_resource(&exchange, false);
        Some(exchange)
    }

    pub(super) fn abort(&self, req: u32) {
        self.reads.waiting.remove(req.into());
        if let Some(exchange) = self.end(req) {
            exchange.abort();
        }
    }

    pub(super) fn fetch(&self, req: u32, url: &str, etag: Option<String>, auth: u32) {
        let request = request(url, LARGEST_READ);
        if let Some(token) = self.tokens.get(auth) {
            request.set_token(&token);
        }
        if let Some(etag) = etag {
            request.set_etag(&etag);
        }
        if self.settings.headers {
            self.reads.waiting.insert(req.into(), request);
            return self.say(HEADERS, req.into(), &JsValue::UNDEFINED);
        }
        self.begin(req, &request);
    }

    /// Whether a server answers at all. It carries nothing, and nobody reads its answer.
    pub(super) fn probe(&self, req: u32, url: &str) {
        let request = request(url, 0);
        request.set_probe(true);
        self.begin(req, &request);
    }

    /// A request of Engine.IO, as simple as CORS calls it: it needs no preflight.
    pub(super) fn poll(&self, req: u32, mut url: String, auth: u32, post: Post) {
        if self.settings.token_in == TokenIn::Query
            && let Some(token) = self.tokens.get(auth)
        {
            super::tokens::push_token(&mut url, &token);
        }
        let request = request(&url, LARGEST_POLL);
        if let Some(body) = &post.body {
            request.set_body(body);
            request.set_last(post.is_last);
        }
        self.begin(req, &request);
    }

    /// The page's headers for a read: a JSON array of name and value.
    pub(crate) fn headers(&self, req: u32, json: &str) {
        if let Some(request) = self.reads.waiting.remove(req.into()) {
            // The facade wrote it; without any the read goes all the same.
            let headers = js_sys::JSON::parse(json).unwrap_or_default();
            request.set_headers(&headers);
            self.begin(req, &request);
        }
    }
}
