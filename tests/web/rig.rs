//! A client and the world it lives in.

use jobwire::JobsClient;
use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen(module = "/src/web/http.js")]
extern "C" {
    #[wasm_bindgen(js_name = startRequest, thread_local_v2)]
    static START_REQUEST: JsValue;
}

/// What a page gives its core for HTTP.
pub(crate) fn http() -> JsValue {
    let http = Object::new();
    let start = START_REQUEST.with(JsValue::clone);
    let _ = Reflect::set(&http, &"startRequest".into(), &start);
    http.into()
}

#[wasm_bindgen(module = "/tests/web/rig.js")]
extern "C" {
    #[wasm_bindgen(js_name = toMessage)]
    fn to_message(json: &str) -> Array;
    #[wasm_bindgen(js_name = ownOrigin)]
    pub(crate) fn own_origin() -> String;

    pub(crate) type Rig;
    #[wasm_bindgen(constructor)]
    fn make(fake: bool) -> Rig;
    #[wasm_bindgen(method)]
    fn end(this: &Rig);
    #[wasm_bindgen(method)]
    pub(crate) fn config(this: &Rig, more: &str) -> String;
    #[wasm_bindgen(method)]
    pub(crate) fn sink(this: &Rig) -> Function;
    #[wasm_bindgen(method)]
    pub(crate) fn on(this: &Rig, kind: &str, run: &Function);
    #[wasm_bindgen(method, js_name = throwOn)]
    pub(crate) fn throw_on(this: &Rig, kind: &str);
    #[wasm_bindgen(method, setter)]
    pub(crate) fn set_refusing(this: &Rig, on: bool);
    #[wasm_bindgen(method)]
    fn next(this: &Rig) -> Promise;
    #[wasm_bindgen(method)]
    fn pass(this: &Rig, ms: u32) -> Promise;

    #[wasm_bindgen(method)]
    pub(crate) fn opened(this: &Rig, n: u32);
    #[wasm_bindgen(method)]
    pub(crate) fn text(this: &Rig, n: u32, data: &str);
    #[wasm_bindgen(method)]
    pub(crate) fn long(this: &Rig, n: u32, length: u32);
    #[wasm_bindgen(method)]
    pub(crate) fn binary(this: &Rig, n: u32, bytes: &[u8]);
    #[wasm_bindgen(method)]
    pub(crate) fn lost(this: &Rig, n: u32, code: u16, reason: &str);
    #[wasm_bindgen(method)]
    fn answer(this: &Rig, n: u32, status: u16, body: &str, headers: &str);

    #[wasm_bindgen(method)]
    pub(crate) fn url(this: &Rig, n: u32) -> String;
    #[wasm_bindgen(method)]
    pub(crate) fn protocol(this: &Rig, n: u32) -> String;
    #[wasm_bindgen(method)]
    pub(crate) fn sent(this: &Rig, n: u32) -> String;
    #[wasm_bindgen(method)]
    pub(crate) fn closed(this: &Rig, n: u32) -> String;
    #[wasm_bindgen(method)]
    fn read(this: &Rig, n: u32) -> String;
    #[wasm_bindgen(method)]
    pub(crate) fn request(this: &Rig, n: u32) -> String;
    #[wasm_bindgen(method)]
    pub(crate) fn mode(this: &Rig, n: u32) -> String;
    #[wasm_bindgen(method, js_name = answerOpaquely)]
    pub(crate) fn answer_opaquely(this: &Rig, n: u32);
    #[wasm_bindgen(method, js_name = answerRedirected)]
    pub(crate) fn answer_redirected(this: &Rig, n: u32);
    #[wasm_bindgen(method, js_name = answerInPieces)]
    pub(crate) fn answer_in_pieces(this: &Rig, n: u32, size: u32, count: u32, headers: &str);
    #[wasm_bindgen(method, js_name = answerBytes)]
    pub(crate) fn answer_bytes(this: &Rig, n: u32, bytes: &[u8]);
    #[wasm_bindgen(method)]
    pub(crate) fn pieces(this: &Rig, n: u32) -> u32;
    #[wasm_bindgen(method)]
    pub(crate) fn redirect(this: &Rig, n: u32) -> String;
    #[wasm_bindgen(method)]
    pub(crate) fn keepalive(this: &Rig, n: u32) -> bool;
    #[wasm_bindgen(method)]
    pub(crate) fn holds(this: &Rig, n: u32, bytes: u32);
    #[wasm_bindgen(method)]
    pub(crate) fn problem(this: &Rig) -> u32;
    #[wasm_bindgen(method)]
    pub(crate) fn events(this: &Rig) -> String;
    #[wasm_bindgen(method)]
    pub(crate) fn answers(this: &Rig) -> String;
    #[wasm_bindgen(method)]
    pub(crate) fn attachments(this: &Rig) -> String;
    #[wasm_bindgen(method)]
    pub(crate) fn aborted(this: &Rig, n: u32) -> bool;
    #[wasm_bindgen(method)]
    fn counts(this: &Rig) -> Vec<u32>;
    #[wasm_bindgen(method)]
    pub(crate) fn pluck(this: &Rig, event: &str, field: &str) -> String;
    #[wasm_bindgen(method)]
    pub(crate) fn job(this: &Rig, id: &str, field: &str) -> String;
    #[wasm_bindgen(method)]
    pub(crate) fn state(this: &Rig) -> String;
    #[wasm_bindgen(method)]
    pub(crate) fn logs(this: &Rig) -> String;
    #[wasm_bindgen(method)]
    pub(crate) fn replies(this: &Rig) -> String;
    #[wasm_bindgen(method)]
    pub(crate) fn said(this: &Rig, kind: &str) -> String;
    #[wasm_bindgen(method)]
    pub(crate) fn everything(this: &Rig) -> String;
}

/// Frames that a condition may take to hold.
const PATIENCE: u32 = 500;

pub(crate) fn post(client: &JobsClient, message: &str) {
    let given = to_message(message);
    let number = |place| given.get(place).as_f64().unwrap_or(0.0);
    let text = |place| given.get(place).as_string();
    client.post(
        number(0) as u32,
        number(1),
        text(2),
        number(3),
        text(4),
        text(5),
    );
}

/// A client with its rig; the browser's own sockets and reads come back when it goes.
pub(crate) struct World {
    pub(crate) rig: Rig,
    /// The client, until it is freed.
    pub(crate) client: Option<JobsClient>,
}

impl Drop for World {
    fn drop(&mut self) {
        self.post(r#"["shutdown"]"#);
        self.rig.end();
    }
}

impl World {
    /// Sockets and reads are the test's; the config's members are `more`.
    pub(crate) fn new(more: &str) -> Self {
        Self::over(Rig::make(true), more)
    }

    /// Sockets and reads are the browser's.
    pub(crate) fn on_the_network(more: &str) -> Self {
        Self::over(Rig::make(false), more)
    }

    fn over(rig: Rig, more: &str) -> Self {
        let client = JobsClient::new(&rig.config(more), 7.0, rig.sink(), http());
        Self {
            rig,
            client: Some(client),
        }
    }

    /// Posts a message given by name.
    pub(crate) fn post(&self, message: &str) {
        if let Some(client) = &self.client {
            post(client, message);
        }
    }

    /// Hands over an attachment of the message that is posted next.
    pub(crate) fn attach(&self, bytes: &[u8]) {
        if let Some(client) = &self.client {
            client.attach(js_sys::Uint8Array::from(bytes).buffer().into());
        }
    }

    /// The page lets go of its client.
    pub(crate) fn free(&mut self) {
        self.client = None;
    }

    /// Follows job `j` and opens its socket, listening to everything.
    pub(crate) async fn following(more: &str) -> Self {
        let world = Self::new(more);
        world.post(r#"["listen","*",1]"#);
        world.post(r#"["follow","j"]"#);
        world.settle().await;
        world.rig.opened(0);
        world.take().await;
        world
    }

    /// Ends the client, and lets it say goodbye here, not in the next test.
    pub(crate) async fn leave(self) {
        self.post(r#"["shutdown"]"#);
        self.settle().await;
    }

    /// Until everything that is under way has happened: timers that are due, and those that they set. A timer of 0 ms
    /// would overtake one of 1 ms, to which the driver rounds up.
    pub(crate) async fn settle(&self) {
        self.pass(1).await;
        self.pass(1).await;
    }

    /// Lets that many milliseconds pass.
    pub(crate) async fn pass(&self, ms: u32) {
        let _ = JsFuture::from(self.rig.pass(ms)).await;
    }

    /// Until a condition holds, looked at whenever the client says something.
    pub(crate) async fn until(&self, condition: impl Fn(&Rig) -> bool) {
        while !condition(&self.rig) {
            if let Err(error) = JsFuture::from(self.rig.next()).await {
                panic!("{error:?}");
            }
        }
    }

    /// Until a condition holds that the client need not say anything about, frame by frame.
    pub(crate) async fn eventually(&self, condition: impl Fn(&Self) -> bool) {
        for _ in 0..PATIENCE {
            if condition(self) {
                return;
            }
            self.take().await;
            self.pass(5).await;
        }
        panic!("it never held; so far: {}", self.rig.everything());
    }

    /// Everything that waits for the next frame.
    pub(crate) async fn take(&self) {
        self.post(r#"["take"]"#);
        self.settle().await;
    }

    pub(crate) fn sockets(&self) -> u32 {
        self.count(0)
    }

    pub(crate) fn reads(&self) -> u32 {
        self.count(1)
    }

    /// Address and headers of a read, once it is made.
    pub(crate) async fn read(&self, n: u32) -> String {
        self.eventually(|world| world.reads() > n).await;
        self.rig.read(n)
    }

    /// Answers a read or request, once it is made.
    pub(crate) async fn answer(&self, n: u32, status: u16, body: &str, headers: &str) {
        self.eventually(|world| world.reads() > n).await;
        self.rig.answer(n, status, body, headers);
    }

    pub(crate) fn calls(&self) -> u32 {
        self.count(2)
    }

    fn count(&self, place: usize) -> u32 {
        self.rig.counts().get(place).copied().unwrap_or(0)
    }
}

/// A progress message of job `j`, padded to a length at which frames are gathered.
pub(crate) fn progress(value: u32) -> String {
    let padding = "·".repeat(100);
    format!(r#"{{"type":"progress","job_id":"j","progress":{value},"message":"{padding}"}}"#)
}

pub(crate) const COMPLETED: &str =
    r#"{"type":"completed","job_id":"j","progress":100,"result_url":"/r"}"#;
