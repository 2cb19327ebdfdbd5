//! What the client writes, taken apart: packets of Engine.IO, and the places of what the driver fills in.

use jobwire::core::FILL;
use jobwire::core::json::Str;
use jobwire::core::protocol::socketio::engineio::{self, Packet};
use jobwire::core::protocol::socketio::{self, Body};
use serde_json::Value;

/// One packet of a body, or one frame.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// The text of a packet, without a token.
    Text(String),
    /// The next attachment.
    Attachment,
}

/// The packets of a POST.
pub fn parts(body: &str) -> Vec<Part> {
    let attachment = format!("b{FILL}");
    let part = |text: &str| {
        if text == attachment {
            Part::Attachment
        } else {
            Part::Text(text.to_owned())
        }
    };
    body.split('\u{1e}').map(part).collect()
}

/// The text with a token where one belongs.
pub fn with_token(text: &str, token: &str) -> String {
    text.replace(FILL, &format!("\"{token}\""))
}

/// What one packet says, as far as the checks look at it.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    Pong,
    Probe,
    Upgrade,
    Close,
    Connect {
        namespace: String,
    },
    Disconnect {
        namespace: String,
    },
    /// A message of the page.
    Message {
        n: u64,
        namespace: String,
    },
    /// What the client says by itself.
    Own {
        name: String,
    },
    Wrong(String),
}

fn number(args: &str) -> Option<u64> {
    let list: Value = serde_json::from_str(&format!("[{args}]")).ok()?;
    list[0]["n"].as_u64()
}

pub fn said(text: &str) -> Said {
    let text = with_token(text, "t");
    let wrong = |why: &str| Said::Wrong(format!("{why}: {text:?}"));
    let message = match engineio::decode(&text) {
        Ok(Packet::Pong { probe: false }) => return Said::Pong,
        Ok(Packet::Ping { probe: true }) => return Said::Probe,
        Ok(Packet::Upgrade) => return Said::Upgrade,
        Ok(Packet::Close) => return Said::Close,
        Ok(Packet::Message(message)) => message,
        other => return wrong(&format!("{other:?}")),
    };
    let packet = match socketio::decode(message) {
        Ok(packet) => packet,
        Err(error) => return wrong(&format!("{error:?}")),
    };
    let namespace = packet.namespace.to_owned();
    match packet.body {
        Body::Connect(_) => Said::Connect { namespace },
        Body::Disconnect("") => Said::Disconnect { namespace },
        Body::Event {
            name: Str { .. },
            args,
            ..
        }
        | Body::Ack { args, .. }
            if number(args).is_some() =>
        {
            let n = number(args).unwrap_or(0);
            Said::Message { n, namespace }
        }
        Body::Event { name, .. } => Said::Own {
            name: name.get().into_owned(),
        },
        _ => wrong("not for a client to say"),
    }
}
