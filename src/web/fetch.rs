//! HTTP reads with the browser's `fetch`, in a page or a worker.

use super::table::Table;
use super::{Driver, HEADERS};
use crate::core::json::{Scanner, Value};
use crate::core::{HttpOutcome, Input};
use js_sys::{Date, Promise, Reflect};
use std::rc::Rc;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{AbortController, Headers, RequestCache, RequestInit, Response};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = fetch)]
    fn global_fetch(url: &str, init: &RequestInit) -> Promise;
}

/// A read that waits for the page to give its headers.
struct Pending {
    url: String,
    etag: Option<String>,
    auth: Option<u64>,
}

/// The reads that are not over.
#[derive(Default)]
pub(super) struct Reads {
    pending: Table<Pending>,
    under_way: Table<AbortController>,
}

impl Reads {
    pub(super) fn abort(&self, req: u64) {
        self.pending.remove(req);
        if let Some(controller) = self.under_way.remove(req) {
            controller.abort();
        }
    }
}

/// Whether an address is of the page's own origin; elsewhere an `If-None-Match` would need the server's permission.
fn same_origin(url: &str) -> bool {
    let origin = Reflect::get(&js_sys::global(), &JsValue::from_str("origin"))
        .ok()
        .and_then(|origin| origin.as_string());
    origin.is_some_and(|origin| {
        url.strip_prefix(origin.as_str())
            .is_some_and(|rest| rest.starts_with('/'))
    })
}

/// `Retry-After`: seconds, or a date.
fn retry_after(headers: &Headers) -> Option<u64> {
    let text = headers.get("retry-after").ok()??;
    let ms = match text.trim_ascii().parse::<u32>() {
        Ok(seconds) => f64::from(seconds) * 1000.0,
        Err(_) => Date::parse(&text) - Date::now(),
    };
    (ms >= 0.0).then_some(ms as u64)
}

async fn read(url: &str, init: &RequestInit) -> Result<HttpOutcome, JsValue> {
    let response: Response = JsFuture::from(global_fetch(url, init))
        .await?
        .unchecked_into();
    let body = JsFuture::from(response.text()?)
        .await?
        .as_string()
        .unwrap_or_default();
    let headers = response.headers();
    Ok(HttpOutcome::Answer {
        status: response.status(),
        etag: headers.get("etag").ok().flatten(),
        retry_after: retry_after(&headers),
        body,
    })
}

impl Driver {
    pub(super) fn fetch(
        self: &Rc<Self>,
        req: u64,
        url: String,
        etag: Option<String>,
        auth: Option<u64>,
    ) {
        let etag = etag.filter(|_| same_origin(&url));
        if self.settings.headers {
            self.reads.pending.insert(req, Pending { url, etag, auth });
            return self.say(HEADERS, req as f64, &JsValue::UNDEFINED);
        }
        let headers = self.authorized(auth);
        self.start(req, url, etag, headers);
    }

    /// Headers with the token that request `auth` brought.
    fn authorized(&self, auth: Option<u64>) -> Option<Headers> {
        let headers = Headers::new().ok()?;
        if let Some(token) = auth.and_then(|req| self.tokens.get(req)) {
            let _ = headers.set("authorization", &(String::from("Bearer ") + &token));
        }
        Some(headers)
    }

    /// The page's headers for a read, stronger than our own: a JSON array of name and value.
    pub(crate) fn headers(self: &Rc<Self>, req: u64, json: &str) {
        let pending = self.reads.pending.remove(req);
        let Some(Pending { url, etag, auth }) = pending else {
            return;
        };
        let headers = self.authorized(auth);
        let mut scanner = Scanner::new(json);
        scanner.eat(b'[');
        let mut first = true;
        while let Ok(Some(Value::Array(pair))) = scanner.element(&mut first) {
            let mut inner = Scanner::new(pair.0);
            inner.eat(b'[');
            let mut first = true;
            if let (Some(headers), Ok(Some(Value::String(name))), Ok(Some(Value::String(value)))) = (
                &headers,
                inner.element(&mut first),
                inner.element(&mut first),
            ) {
                let _ = headers.set(&name.get(), &value.get());
            }
        }
        self.start(req, url, etag, headers);
    }

    fn start(
        self: &Rc<Self>,
        req: u64,
        url: String,
        etag: Option<String>,
        headers: Option<Headers>,
    ) {
        let init = RequestInit::new();
        // What is wanted is the state now, not what some cache remembers.
        init.set_cache(RequestCache::NoStore);
        if let Some(headers) = headers {
            if let Some(etag) = etag {
                let _ = headers.set("if-none-match", &etag);
            }
            init.set_headers(&headers);
        }
        if let Ok(controller) = AbortController::new() {
            init.set_signal(Some(&controller.signal()));
            self.reads.under_way.insert(req, controller);
        }
        let driver = Rc::clone(self);
        spawn_local(async move {
            let outcome = read(&url, &init).await.unwrap_or(HttpOutcome::Failed);
            // Aborted reads are over for the core already.
            if driver.reads.under_way.remove(req).is_some() {
                driver.now(Input::Http { req, outcome });
            }
        });
    }
}
