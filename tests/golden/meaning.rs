//! What inputs and outputs mean, as text: whatever shape they have in Rust, the same meaning has the same text. Where a
//! type changes its shape, this file changes with it, and the golden files stay.

use super::named::records;
use crate::recording::Line;
use jobwire::core::{Ask, Command, Gen, Input, Output, Recorded};
use serde_json::{Value, json};
use std::fmt::Write;

/// Appends a line for each input and each output; of a batch one for each record.
pub fn write(out: &mut String, line: &Line) {
    match line {
        Line::In(Recorded { at, input }) => {
            writeln!(out, "in {} {}", at.0, input_of(input)).unwrap();
        }
        Line::Out(Output::Batch(text)) => {
            for record in records(text) {
                writeln!(out, "  record {record}").unwrap();
            }
        }
        Line::Out(output) => writeln!(out, "  {}", output_of(output)).unwrap(),
    }
}

/// The link of a transport's generation, and which of its sockets it is.
fn transport(r#gen: Gen) -> String {
    let id = r#gen.id();
    format!("{}.{}", id >> 32, id as u32)
}

/// Numbers of token requests begin at 1.
fn token(auth: u32) -> Option<u32> {
    Some(auth).filter(|auth| *auth > 0)
}

fn command_of(command: &Command) -> Value {
    let Command {
        what,
        n,
        text,
        max_age,
        data,
        supersede,
    } = command;
    let number = *n as i64;
    let is_on = *n > 0.0;
    let wait = Some(*max_age as u64).filter(|_| *max_age >= 0.0);
    let message = || json!([number, text, data, wait, supersede]);
    match what {
        Ask::Follow => json!({ "follow": text }),
        Ask::Unfollow => json!({ "unfollow": text }),
        Ask::Listen => json!({ "listen": [text, number] }),
        Ask::WatchAll => json!({ "watchAll": is_on }),
        Ask::Connect => json!({ "connect": number }),
        Ask::Disconnect => json!("disconnect"),
        Ask::Shutdown => json!("shutdown"),
        Ask::Retry => json!({ "retry": text }),
        Ask::Refresh => json!({ "refresh": [number, text] }),
        Ask::Send => json!({ "send": message() }),
        Ask::SendVolatile => json!({ "sendVolatile": message() }),
        Ask::Request => json!({ "request": message() }),
        Ask::Reply => json!({ "reply": [number, *max_age as i64, data] }),
        Ask::Wake => json!({ "wake": number }),
        Ask::Suspend => json!("suspend"),
        Ask::Channel => json!({ "channel": [text, is_on] }),
        Ask::WatchEntities => json!({ "watchEntities": [text, is_on] }),
    }
}

fn input_of(input: &Input) -> Value {
    match input {
        Input::Clock { wall } => json!({ "clock": wall }),
        Input::Command(command) => command_of(command),
        Input::Opened { r#gen } => json!({ "opened": transport(*r#gen) }),
        Input::Frames { text, gens } => {
            let gens: Vec<String> = gens.iter().map(|r#gen| transport(*r#gen)).collect();
            json!({ "frames": [text, gens] })
        }
        Input::Binary { r#gen, id, size } => json!({ "binary": [transport(*r#gen), id, size] }),
        Input::Attached { id, size } => json!({ "attached": [id, size] }),
        Input::NotUtf8 { r#gen } => json!({ "notUtf8": transport(*r#gen) }),
        Input::Oversize { r#gen, size } => json!({ "oversize": [transport(*r#gen), size] }),
        Input::Closed {
            r#gen,
            code,
            reason,
        } => json!({ "closed": [transport(*r#gen), code, reason] }),
        Input::Http { req, outcome } => {
            let status = Some(outcome.status).filter(|status| *status > 0);
            json!({ "http": [
                req,
                status,
                outcome.etag,
                outcome.retry_after,
                outcome.body,
                outcome.refused,
            ] })
        }
        Input::Buffered { r#gen, bytes } => json!({ "buffered": [transport(*r#gen), bytes] }),
        Input::Token { req, error } => json!({ "token": [req, error] }),
        Input::Timer => json!("timer"),
        Input::Take { late } => json!({ "take": late }),
    }
}

fn output_of(output: &Output) -> Value {
    match output {
        Output::Open { r#gen, url, auth } => {
            json!({ "open": [transport(*r#gen), url, token(*auth)] })
        }
        Output::Close { r#gen, reason } => json!({ "close": [transport(*r#gen), reason] }),
        Output::Send { r#gen, text } => json!({ "send": [transport(*r#gen), text] }),
        Output::SendToken { r#gen, text, auth } => {
            json!({ "sendToken": [transport(*r#gen), text, token(*auth)] })
        }
        Output::SendBinary { r#gen, id } => json!({ "sendBinary": [transport(*r#gen), id] }),
        Output::Poll {
            req,
            url,
            auth,
            body,
            attachments,
            is_last,
        } => json!({ "poll": [req, url, token(*auth), body, attachments, is_last] }),
        Output::Keep { id, bytes } => json!({ "keep": [id, bytes] }),
        Output::Hand { id } => json!({ "hand": id }),
        Output::Forget { id } => json!({ "forget": id }),
        Output::Fetch {
            req,
            url,
            etag,
            auth,
        } => json!({ "fetch": [req, url, etag, token(*auth)] }),
        Output::Probe { req, url } => json!({ "probe": [req, url] }),
        Output::Abort { req } => json!({ "abort": req }),
        Output::NeedToken { req, reason } => json!({ "needToken": [req, reason] }),
        Output::ForgetTokens { until } => json!({ "forgetTokens": until }),
        Output::Measure { r#gen } => json!({ "measure": transport(*r#gen) }),
        Output::Dirty => json!("dirty"),
        // Its records have lines of their own.
        Output::Batch(_) => Value::Null,
    }
}
