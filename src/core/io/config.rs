//! What a client was asked to be: the array of docs/core-messages.md, with the defaults of the `stream` protocol
//! (system D: five tries from 1 s doubling to 10 s, then reading every 2 s).

use crate::core::json::{Scanner, Value};
use crate::core::protocol::{BROADCAST, Protocol, SOCKETIO};
use crate::core::time::backoff::Backoff;
use serde::{Deserialize, Serialize};

/// A token bucket for outgoing messages.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RateLimit {
    /// Messages a second.
    pub per_second: f64,
    /// How many may go at once.
    pub burst: f64,
}

/// What happens to an event that does not fit its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OnInvalid {
    /// Counted, logged, offered as `invalid`.
    Drop,
    /// The same, and delivered under its name with `meta.invalid` set; it never touches a job.
    Pass,
    /// The same, and kept for `inspect()`.
    Quarantine,
}

/// Where a socket's token goes. The core only passes this on: the driver has the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TokenIn {
    /// `?token=` of its address.
    Query,
    /// `Sec-WebSocket-Protocol`.
    Subprotocol,
    /// The first message, `{"type":"auth","token":…}`.
    Message,
    /// The CONNECT packet of each Socket.IO namespace, `{"token":…}`.
    Auth,
}

/// How Engine.IO is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Transports {
    /// WebSocket first; HTTP polling where it fails, and back when it can be had.
    SocketFirst,
    /// HTTP polling first, then WebSocket where it can be had.
    PollingFirst,
    /// Nothing but WebSocket.
    SocketOnly,
    /// Nothing but HTTP polling.
    PollingOnly,
}

/// JSON objects, empty where there is none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Maps {
    /// Our names of members, and the server's.
    pub fields: String,
    /// The server's names of events, and ours.
    pub events: String,
    /// Events, and how far apart listeners are told of them, ms.
    pub intervals: String,
}

/// A client's configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// Addresses from behind `ws` or `http`, as in `s://host/base`, without a trailing slash. Tried in turn; the one
    /// that works is kept.
    pub servers: Vec<String>,
    /// Of the socket. With `{id}`: one socket a job; without: one that carries every job.
    pub path: String,
    /// Where a job is read over HTTP: absolute, or a path on the server; `{id}` is the job.
    pub polling_url: String,
    /// Between two reads, ms; 0: no HTTP.
    pub interval: u64,
    /// Whether there is a token to ask for.
    pub token: bool,
    /// Where it goes.
    pub token_in: TokenIn,
    /// Whether the page gives the headers of each read.
    pub headers: bool,
    /// Whether a lost connection is made again.
    pub reconnects: bool,
    /// How long is waited before that.
    pub backoff: Backoff,
    /// Between two messages of a healthy server, ms; 0 turns the watch off.
    pub heartbeat_interval: u64,
    /// How much later than that a message may come, ms; also the limit of a handshake.
    pub heartbeat_timeout: u64,
    /// Live sockets at once.
    pub max_sockets: usize,
    /// How long a socket stays when nobody listens any more, ms.
    pub linger: u64,
    /// Outgoing messages that wait.
    pub queue_items: usize,
    /// Their bytes.
    pub queue_bytes: usize,
    /// How long one waits, ms.
    pub queue_age: u64,
    /// Outgoing messages a second.
    pub rate_limit: Option<RateLimit>,
    /// Events kept.
    pub history: usize,
    /// What happens to an invalid event.
    pub on_invalid: OnInvalid,
    /// Sent after every connect: event and data (JSON).
    pub subscribe: Option<(String, Option<String>)>,
    /// What is spoken.
    pub protocol: Protocol,
    /// The default namespace.
    pub namespace: String,
    /// How Engine.IO is spoken.
    pub transports: Transports,
    /// With `broadcast` alone.
    pub maps: Option<Maps>,
}

impl Default for Config {
    fn default() -> Self {
        Self::parse("[]")
    }
}

/// The values of the config, one after the other; `null` or none: the default.
struct Reader<'a> {
    scanner: Scanner<'a>,
    first: bool,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Value<'a> {
        match self.scanner.element(&mut self.first) {
            Ok(Some(value)) => value,
            _ => Value::Null,
        }
    }

    fn text(&mut self) -> Option<String> {
        match self.next() {
            Value::String(text) => Some(text.get().into_owned()),
            _ => None,
        }
    }

    fn text_or(&mut self, default: &str) -> String {
        self.text().unwrap_or_else(|| default.into())
    }

    /// A number, or −1 where there is none.
    fn number(&mut self) -> f64 {
        match self.next() {
            Value::Number(number) => number,
            _ => -1.0,
        }
    }

    fn whole(&mut self, default: u64) -> u64 {
        let number = self.number();
        if number < 0.0 {
            default
        } else {
            // A fraction must not become the 0 that turns something off.
            number.ceil() as u64
        }
    }

    fn flag(&mut self) -> bool {
        self.number() > 0.0
    }
}

/// How many places of the array are for [`Maps`].
const MAPS: usize = 3;

impl Config {
    /// Whether Socket.IO is spoken.
    #[inline(always)]
    pub(crate) fn is_socketio(&self) -> bool {
        self.protocol.is_socketio()
    }

    /// Whether `broadcast` is spoken.
    #[inline(always)]
    pub(crate) fn is_broadcast(&self) -> bool {
        self.protocol.is_broadcast()
    }

    /// Whether `stream` is spoken.
    #[inline(always)]
    pub(crate) fn is_stream(&self) -> bool {
        self.protocol.is_stream()
    }

    /// Whether jobs are read over HTTP at all.
    #[must_use]
    pub fn polls(&self) -> bool {
        self.interval > 0
    }

    /// Reads the array of docs/core-messages.md, whose values the facade has checked.
    #[must_use]
    pub fn parse(json: &str) -> Self {
        let mut scanner = Scanner::new(json);
        scanner.eat(b'[');
        let mut read = Reader {
            scanner,
            first: true,
        };
        let mut config = Self {
            path: read.text_or("/api/v1/jobs/{id}/stream"),
            polling_url: read.text_or("/api/v1/jobs/{id}"),
            interval: read.whole(2000),
            reconnects: !read.flag(),
            backoff: Backoff {
                attempts: read.whole(5) as u32,
                base_delay: read.whole(1000),
                max_delay: read.whole(10_000),
                jitter: read.whole(1000) as u32,
                min_uptime: read.whole(5000),
            },
            servers: Vec::new(),
            token: read.flag(),
            token_in: match read.whole(0) {
                0 => TokenIn::Query,
                1 => TokenIn::Subprotocol,
                2 => TokenIn::Message,
                _ => TokenIn::Auth,
            },
            headers: read.flag(),
            heartbeat_interval: read.whole(30_000),
            heartbeat_timeout: read.whole(10_000),
            max_sockets: read.whole(32) as usize,
            linger: read.whole(1000),
            queue_items: read.whole(1000) as usize,
            queue_bytes: read.whole(1 << 20) as usize,
            queue_age: read.whole(60_000),
            rate_limit: None,
            history: read.whole(1000) as usize,
            on_invalid: match read.whole(0) {
                0 => OnInvalid::Drop,
                1 => OnInvalid::Pass,
                _ => OnInvalid::Quarantine,
            },
            subscribe: None,
            protocol: Protocol::Stream,
            namespace: String::new(),
            transports: Transports::SocketFirst,
            maps: None,
        };
        let (per_second, burst) = (read.number(), read.number());
        if per_second > 0.0 {
            config.rate_limit = Some(RateLimit {
                per_second,
                burst: if burst > 0.0 { burst } else { per_second }.max(1.0),
            });
        }
        let (event, data) = (read.text(), read.text());
        config.subscribe = event.map(|event| (event, data));
        let (protocol, namespace, transports) = (read.whole(0), read.next(), read.whole(0));
        if SOCKETIO {
            if protocol == 2 {
                config.protocol = Protocol::SocketIo;
            }
            config.namespace = match namespace {
                Value::String(name) => name.get().into_owned(),
                _ => "/".into(),
            };
            config.transports = match transports {
                0 => Transports::SocketFirst,
                1 => Transports::PollingFirst,
                2 => Transports::SocketOnly,
                _ => Transports::PollingOnly,
            };
        }
        if BROADCAST && protocol == 1 {
            config.protocol = Protocol::Broadcast;
            config.maps = Some(Maps {
                fields: read.text_or(""),
                events: read.text_or(""),
                intervals: read.text_or(""),
            });
        } else {
            for _ in 0..MAPS {
                read.next();
            }
        }
        while let Some(server) = read.text() {
            config.servers.push(server);
        }
        config
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn everything_has_a_default() {
        let config = Config::parse("[]");
        assert_eq!(config.path, "/api/v1/jobs/{id}/stream");
        assert_eq!(config.polling_url, "/api/v1/jobs/{id}");
        assert_eq!(config.interval, 2000);
        assert!(config.reconnects);
        assert_eq!(config.backoff, Backoff::default());
        assert_eq!((config.max_sockets, config.history), (32, 1000));
        assert_eq!(config.rate_limit, None);
        assert_eq!(config.subscribe, None);
        assert!(!config.token && !config.headers && config.servers.is_empty());
        assert_eq!(config.protocol, Protocol::Stream);
        assert_eq!(config.maps, None);
    }

    #[test]
    fn every_value_is_read() {
        let config = Config::parse(
            r#"["/p/{id}","/q/{id}",500,0,1e9,1,2,500,3,1,2,1,4,5,6,7,8,9,10,13,2,11,12,"sub","{\"a\":[1]}",2,"/jobs",3,"{\"jobId\":\"job\"}","{\"job\":\"job_status\"}",null,"s://a","://b"]"#,
        );
        assert_eq!(config.servers, ["s://a", "://b"]);
        assert_eq!(config.path, "/p/{id}");
        assert_eq!(
            (config.polling_url.as_str(), config.interval),
            ("/q/{id}", 500)
        );
        assert!(config.token && config.headers);
        assert_eq!(config.token_in, TokenIn::Message);
        assert!(config.reconnects);
        assert_eq!(
            config.backoff,
            Backoff {
                attempts: 1_000_000_000,
                base_delay: 1,
                max_delay: 2,
                jitter: 500,
                min_uptime: 3
            }
        );
        assert_eq!(
            (config.heartbeat_interval, config.heartbeat_timeout),
            (4, 5)
        );
        assert_eq!((config.max_sockets, config.linger), (6, 7));
        assert_eq!(
            (config.queue_items, config.queue_bytes, config.queue_age),
            (8, 9, 10)
        );
        assert_eq!(
            config.rate_limit,
            Some(RateLimit {
                per_second: 11.0,
                burst: 12.0
            })
        );
        assert_eq!(
            (config.history, config.on_invalid),
            (13, OnInvalid::Quarantine)
        );
        assert_eq!(
            config.subscribe,
            Some(("sub".into(), Some(r#"{"a":[1]}"#.into())))
        );
        assert_eq!(config.protocol, Protocol::SocketIo);
        assert_eq!(config.namespace, "/jobs");
        assert_eq!(config.maps, None);
        assert_eq!(config.transports, Transports::PollingOnly);
    }

    #[test]
    fn broadcast_has_maps() {
        let before = "null,".repeat(25);
        let config = Config::parse(&format!(
            r#"[{before}1,null,null,"{{\"jobId\":\"job\"}}",null,null,"s://a"]"#
        ));
        let maps = Maps {
            fields: r#"{"jobId":"job"}"#.into(),
            ..Maps::default()
        };
        assert_eq!(config.protocol, Protocol::Broadcast);
        assert_eq!(
            (config.maps, config.servers),
            (Some(maps), vec!["s://a".into()])
        );
    }

    #[test]
    fn parts_are_turned_off() {
        let config = Config::parse("[null,null,0,1]");
        assert!(config.interval == 0 && !config.reconnects);
    }
}
