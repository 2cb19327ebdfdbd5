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
