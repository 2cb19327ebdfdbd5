//! jobwire: live progress of jobs in the browser.
//!
//! [`core`] decides, and builds everywhere; `web` carries it out in a browser; `api` is what JavaScript sees.

pub mod core;

#[cfg(target_arch = "wasm32")]
mod api;
#[cfg(target_arch = "wasm32")]
mod web;

#[cfg(target_arch = "wasm32")]
pub use api::JobsClient;

// The standard library's allocator takes 3 kB (gzip) more of the download and is no faster with jobs by the thousand.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
