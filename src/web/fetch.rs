//! HTTP with the browser's `fetch`, in a page or a worker: reads of jobs, and the polling of Engine.IO.

use super::answers::Read;
use super::table::Table;
use super::{Driver, HEADERS};
use crate::core::config::TokenIn;
use crate::core::json::{Scanner, Value};
use crate::core::{HttpOutcome, HttpRefusal, Input, LARGEST_POLL, LARGEST_READ};
use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::spawn_local;

/// Browsers let so many bytes outlive their page, of all its requests together: 64 KiB, and some for others.
const MOST_KEPT_ALIVE: usize = 48 << 10;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = fetch)]
    fn global_fetch(url: &str, init: &Init) -> Promise;

    /// The page or the worker.
    type Scope;
    #[wasm_bindgen(static_method_of = Scope, js_class = "globalThis", getter)]
    fn origin() -> JsValue;

    /// `fetch`'s second argument.
    #[derive(Clone)]
    type Init;
    #[wasm_bindgen(constructor, js_class = "Object")]
    fn new() -> Init;
    #[wasm_bindgen(method, setter)]
    fn set_cache(this: &Init, cache: &str);
    #[wasm_bindgen(method, setter)]
    fn set_mode(this: &Init, mode: &str);
    #[wasm_bindgen(method, setter)]
    fn set_headers(this: &Init, headers: &Headers);
    #[wasm_bindgen(method, getter)]
    fn headers(this: &Init) -> Headers;
    #[wasm_bindgen(method, setter)]
    fn set_signal(this: &Init, signal: &JsValue);
    #[wasm_bindgen(method, setter)]
    fn set_method(this: &Init, method: &str);
    #[wasm_bindgen(method, setter)]
    fn set_redirect(this: &Init, redirect: &str);
    #[wasm_bindgen(method, setter)]
    fn set_keepalive(this: &Init, keepalive: bool);
    #[wasm_bindgen(method, setter)]
    fn set_body(this: &Init, body: &str);

    #[derive(Clone)]
    pub(super) type AbortController;
    #[wasm_bindgen(constructor)]
    fn new() -> AbortController;
    #[wasm_bindgen(method, getter)]
    fn signal(this: &AbortController) -> JsValue;
    #[wasm_bindgen(method)]
    fn abort(this: &AbortController);

    #[derive(Clone)]
    pub(super) type Headers;
    #[wasm_bindgen(constructor)]
    fn new() -> Headers;
    #[wasm_bindgen(method)]
    pub(super) fn get(this: &Headers, name: &str) -> JsValue;
    /// Throws what is no header.
    #[wasm_bindgen(method, catch)]
    fn set(this: &Headers, name: &str, value: &str) -> Result<(), JsValue>;
}

/// A request that is not over.
#[derive(Clone)]
pub(super) struct Request {
    url: String,
    init: Init,
    controller: AbortController,
    /// How large its answer may be, bytes.
    limit: u64,
}

/// What a request of Engine.IO posts, if it posts anything.
pub(super) struct Post {
    pub(super) body: Option<String>,
    /// It should reach the server even when the page is closed.
    pub(super) is_last: bool,
}

/// The requests that are not over, those that wait for the page to give its headers among them.
#[derive(Default)]
pub(super) struct Reads {
    list: Table<Request>,
}

impl Drop for Reads {
    fn drop(&mut self) {
        self.list.each(|request| request.controller.abort());
    }
}

impl Reads {
    pub(super) fn get(&self, req: u32) -> Option<Request> {
        self.list.with(req.into(), Request::clone)
    }
}

/// Whether an address is of the page's own origin; elsewhere an `If-None-Match` would need the server's permission.
fn same_origin(url: &str) -> bool {
    let origin = Scope::origin().as_string().unwrap_or_default();
    url.strip_prefix(origin.as_str())
        .is_some_and(|rest| rest.starts_with('/'))
}

/// A request whose redirects are not followed: where they lead the token and the page's headers have no business, and no
/// page can look at the address before it is asked.
fn direct() -> Init {
    let init = Init::new();
    init.set_redirect("manual");
    init
}

impl Driver {
    fn add_read(&self, req: u32, url: String, init: Init, limit: u64) {
        // What is wanted is the state now, not what some cache remembers.
        init.set_cache("no-store");
        let controller = AbortController::new();
        init.set_signal(&controller.signal());
        self.show_resource(&controller, true);
        let request = Request {
            url,
            init,
            controller,
            limit,
        };
        self.reads.list.insert(req.into(), request);
    }

    /// Takes a read that is over off the list; `None` where it was aborted.
    pub(super) fn end_read(&self, req: u32) -> Option<AbortController> {
        let request = self.reads.list.remove(req.into())?;
        self.show_resource(&request.controller, false);
        Some(request.controller)
    }

    /// Makes a request, unless it was aborted before.
    pub(super) fn begin_read(&self, req: u32) {
        if let Some(request) = self.reads.get(req) {
            let response = global_fetch(&request.url, &request.init);
            spawn_local(Read::new(self.me.clone(), req, response, request.limit));
        }
    }

    /// Reports what a read came to, unless it was aborted: then it is over for the core already.
    pub(super) fn report(&self, req: u32, outcome: HttpOutcome) {
        if let Some(controller) = self.end_read(req) {
            if outcome.refused == Some(HttpRefusal::TooLarge) {
                controller.abort();
            }
            self.now(Input::Http { req, outcome });
        }
    }

    pub(super) fn abort(&self, req: u32) {
        if let Some(controller) = self.end_read(req) {
            controller.abort();
        }
    }

    pub(super) fn fetch(&self, req: u32, url: String, etag: Option<String>, auth: u32) {
        let headers = Headers::new();
        if let Some(token) = self.tokens.get(auth) {
            let _ = headers.set("authorization", &(String::from("Bearer ") + &token));
        }
        if let Some(etag) = etag.filter(|_| same_origin(&url)) {
            let _ = headers.set("if-none-match", &etag);
        }
        let init = direct();
        init.set_headers(&headers);
        self.add_read(req, url, init, LARGEST_READ);
        if self.settings.headers {
            return self.say(HEADERS, req.into(), &JsValue::UNDEFINED);
        }
        self.begin_read(req);
    }

    /// Whether a server answers at all: another origin need not permit that. It carries nothing, nobody reads its
    /// answer, and browsers let such a request follow redirects or fail.
    pub(super) fn probe(&self, req: u32, url: String) {
        let init = Init::new();
        init.set_mode("no-cors");
        self.add_read(req, url, init, 0);
        self.begin_read(req);
    }

    /// A request of Engine.IO, as simple as CORS calls it: it needs no preflight.
    pub(super) fn poll(&self, req: u32, mut url: String, auth: u32, post: Post) {
        if self.settings.token_in == TokenIn::Query
            && let Some(token) = self.tokens.get(auth)
        {
            super::tokens::push_token(&mut url, &token);
        }
        let init = direct();
        if let Some(body) = post.body {
            init.set_method("POST");
            init.set_body(&body);
            init.set_keepalive(post.is_last && body.len() < MOST_KEPT_ALIVE);
        }
        self.add_read(req, url, init, LARGEST_POLL);
        self.begin_read(req);
    }

    /// The page's headers for a read, stronger than our own: a JSON array of name and value.
    pub(crate) fn headers(&self, req: u32, json: &str) {
        let init = self.reads.list.with(req.into(), |read| read.init.clone());
        let Some(headers) = init.map(|init| init.headers()) else {
            return;
        };
        let mut scanner = Scanner::new(json);
        scanner.eat(b'[');
        let mut first = true;
        while let Ok(Some(Value::Array(pair))) = scanner.element(&mut first) {
            let mut inner = Scanner::new(pair.0);
            inner.eat(b'[');
            let mut first = true;
            if let (Ok(Some(Value::String(name))), Ok(Some(Value::String(value)))) =
                (inner.element(&mut first), inner.element(&mut first))
            {
                let _ = headers.set(&name.get(), &value.get());
            }
        }
        self.begin_read(req);
    }
}
