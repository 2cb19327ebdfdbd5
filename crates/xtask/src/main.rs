//! `cargo run -p xtask -- bindgen INPUT.wasm OUT_DIR`: writes `core_bg.wasm` and `core.js`, the glue for browsers.

use std::error::Error;
use std::process::ExitCode;
use wasm_bindgen_cli_support::Bindgen;

const USAGE: &str = "usage: xtask bindgen INPUT.wasm OUT_DIR";

/// Makes the glue of a compiled crate, and takes out of the wasm what only wasm-bindgen needs.
fn bindgen(input: &str, out_dir: &str) -> Result<(), Box<dyn Error>> {
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(input)
        .out_name("core")
        .web(true)?
        // A dead `new URL("…wasm", import.meta.url)` makes bundlers emit the wasm twice, or fail.
        .omit_default_module_path(true)
        .typescript(false)
        .remove_producers_section(true);
    Ok(bindgen.generate(out_dir)?)
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args.as_slice() {
        ["bindgen", input, out_dir] => bindgen(input, out_dir),
        _ => Err(USAGE.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
