//! HTTP with the browser's `fetch`, in a page or a worker: reads of jobs, and the polling of Engine.IO.

use super::table::Table;
use super::{Driver, HEADERS, Task};
use crate::core::config::TokenIn;
use crate::core::json::{Scanner, Value};
use crate::core::{HttpOutcome, Input};
use js_sys::{Date, Promise};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

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
    fn set_body(this: &Init, body: &str);

    type AbortController;
    #[wasm_bindgen(constructor)]
    fn new() -> AbortController;
    #[wasm_bindgen(method, getter)]
    fn signal(this: &AbortController) -> JsValue;
    #[wasm_bindgen(method)]
    fn abort(this: &AbortController);

    type Response;
    #[wasm_bindgen(method, getter)]
    fn status(this: &Response) -> u16;
    #[wasm_bindgen(method, getter)]
    fn headers(this: &Response) -> Headers;
    #[wasm_bindgen(method)]
    fn text(this: &Response) -> Promise;

    type Headers;
    #[wasm_bindgen(constructor)]
    fn new() -> Headers;
    #[wasm_bindgen(method)]
    fn get(this: &Headers, name: &str) -> JsValue;
    /// Throws what is no header.
    #[wasm_bindgen(method, catch)]
    fn set(this: &Headers, name: &str, value: &str) -> Result<(), JsValue>;
}

/// A read that is not over.
struct Read {
    url: String,
    init: Init,
    controller: AbortController,
}

/// The reads that are not over, those that wait for the page to give its headers among them.
#[derive(Default)]
pub(super) struct Reads {
    list: Table<Read>,
}

/// Whether an address is of the page's own origin; elsewhere an `If-None-Match` would need the server's permission.
fn same_origin(url: &str) -> bool {
    let origin = Scope::origin().as_string().unwrap_or_default();
    url.strip_prefix(origin.as_str())
        .is_some_and(|rest| rest.starts_with('/'))
}

/// `Retry-After`: seconds, or a date.
fn retry_after(headers: &Headers) -> Option<u64> {
    let text = headers.get("retry-after").as_string()?;
    let mut scanner = Scanner::new(&text);
    let ms = match (scanner.value(), scanner.end()) {
        (Ok(Value::Number(seconds)), Ok(())) => seconds * 1000.0,
        _ => Date::parse(&text) - Date::now(),
    };
    (ms >= 0.0).then_some(ms as u64)
}

async fn answer(url: &str, init: &Init) -> HttpOutcome {
    let mut promise = global_fetch(url, init);
    let mut response: Option<Response> = None;
    while let Ok(value) = JsFuture::from(promise).await {
        let Some(response) = &response else {
            let got: Response = value.unchecked_into();
            promise = got.text();
            response = Some(got);
            continue;
        };
        let headers: Headers = response.headers().unchecked_into();
        return HttpOutcome {
            // That of an answer which this origin may not read is 0, like that of none.
            status: response.status().max(1),
            etag: headers.get("etag").as_string(),
            retry_after: retry_after(&headers),
            body: value.as_string().unwrap_or_default(),
        };
    }
    HttpOutcome::default()
}

impl Driver {
    fn add_read(&self, req: u32, url: String, init: Init) {
        // What is wanted is the state now, not what some cache remembers.
        init.set_cache("no-store");
        let controller = AbortController::new();
        init.set_signal(&controller.signal());
        self.show_resource(&controller, true);
        let read = Read {
            url,
            init,
            controller,
        };
        self.reads.list.insert(req.into(), read);
    }

    /// Takes a read that is over off the list; `None` where it was aborted.
    fn end_read(&self, req: u32) -> Option<AbortController> {
        let read = self.reads.list.remove(req.into())?;
        self.show_resource(&read.controller, false);
        Some(read.controller)
    }

    pub(super) fn abort(&self, req: u32) {
        if let Some(controller) = self.end_read(req) {
            controller.abort();
        }
    }

    pub(super) fn fetch(&'static self, req: u32, url: String, etag: Option<String>, auth: u32) {
        let headers = Headers::new();
        if let Some(token) = self.tokens.get(auth) {
            let _ = headers.set("authorization", &(String::from("Bearer ") + &token));
        }
        if let Some(etag) = etag.filter(|_| same_origin(&url)) {
            let _ = headers.set("if-none-match", &etag);
        }
        let init = Init::new();
        init.set_headers(&headers);
        self.add_read(req, url, init);
        if self.settings.headers {
            return self.say(HEADERS, req.into(), &JsValue::UNDEFINED);
        }
        self.spawn(Task::Read(req));
    }

    /// Whether a server answers at all: another origin need not permit that.
    pub(super) fn probe(&'static self, req: u32, url: String) {
        let init = Init::new();
        init.set_mode("no-cors");
        self.add_read(req, url, init);
        self.spawn(Task::Read(req));
    }

    /// A request of Engine.IO, as simple as CORS calls it: it needs no preflight.
    pub(super) fn poll(
        &'static self,
        req: u32,
        mut url: String,
        auth: u32,
        body: Option<String>,
        attachments: &[u32],
    ) {
        if self.settings.token_in == TokenIn::Query
            && let Some(token) = self.tokens.get(auth)
        {
            super::tokens::push_token(&mut url, &token);
        }
        let init = Init::new();
        if let Some(body) = body {
            init.set_method("POST");
            init.set_body(&self.fill(&body, auth, attachments));
        }
        self.add_read(req, url, init);
        self.spawn(Task::Read(req));
    }

    /// The page's headers for a read, stronger than our own: a JSON array of name and value.
    pub(crate) fn headers(&'static self, req: u32, json: &str) {
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
        self.spawn(Task::Read(req));
    }

    /// Reads, and queues what came of it.
    pub(super) async fn read(&'static self, req: u32) {
        let known = self
            .reads
            .list
            .with(req.into(), |read| (read.url.clone(), read.init.clone()));
        let Some((url, init)) = known else { return };
        let outcome = answer(&url, &init).await;
        // Aborted reads are over for the core already.
        if self.end_read(req).is_some() {
            self.inputs.borrow_mut().push(Input::Http { req, outcome });
        }
    }
}
