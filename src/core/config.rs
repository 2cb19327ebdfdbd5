//! What a client was asked to be: the JSON of docs/core-messages.md, with the defaults of the `stream` protocol
//! (system D: five tries from 1 s doubling to 10 s, then reading every 2 s).

use super::backoff::Backoff;
use super::json::{Raw, Scanner, Value};
use serde::{Deserialize, Serialize};

/// One server: the same host over both schemes, without a trailing slash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// `ws://…` or `wss://…`
    pub ws: String,
    /// `http://…` or `https://…`
    pub http: String,
}

/// Reading a job over HTTP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Polling {
    /// Absolute, or a path on the server; `{id}` is the job.
    pub url: String,
    /// Between two reads, ms.
    pub interval: u64,
}

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
}

/// A client's configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// Tried in turn; the one that works is kept. Never empty.
    pub servers: Vec<Server>,
    /// Of the socket. With `{id}`: one socket a job; without: one that carries every job.
    pub path: String,
    /// `None`: no HTTP.
    pub polling: Option<Polling>,
    /// Whether there is a token to ask for.
    pub token: bool,
    /// Where it goes.
    pub token_in: TokenIn,
    /// Whether the page gives the headers of each read.
    pub headers: bool,
    /// `None`: a lost connection is not made again.
    pub reconnect: Option<Backoff>,
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
}

impl Default for Config {
    fn default() -> Self {
        Self {
            servers: Vec::new(),
            path: "/api/v1/jobs/{id}/stream".into(),
            polling: Some(Polling {
                url: "/api/v1/jobs/{id}".into(),
                interval: 2000,
            }),
            token: false,
            token_in: TokenIn::Query,
            headers: false,
            reconnect: Some(Backoff::default()),
            heartbeat_interval: 30_000,
            heartbeat_timeout: 10_000,
            max_sockets: 32,
            linger: 1000,
            queue_items: 1000,
            queue_bytes: 1 << 20,
            queue_age: 60_000,
            rate_limit: None,
            history: 1000,
            on_invalid: OnInvalid::Drop,
            subscribe: None,
        }
    }
}

/// A config that is not of the documented shape: the member that is not, as in `pool.maxSockets`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// Which member.
    pub member: String,
}

/// A value that is not of the type its member has.
struct Wrong;

type Read<T> = Result<T, Wrong>;

fn string(value: Value<'_>) -> Read<String> {
    match value {
        Value::String(text) => Ok(text.get().into_owned()),
        _ => Err(Wrong),
    }
}

fn flag(value: Value<'_>) -> Read<bool> {
    match value {
        Value::Bool(flag) => Ok(flag),
        _ => Err(Wrong),
    }
}

/// A whole number of milliseconds, items or bytes; up to 2⁵³.
fn whole(value: Value<'_>) -> Read<u64> {
    match value {
        Value::Number(number) if (0.0..=9e15).contains(&number) => Ok(number as u64),
        _ => Err(Wrong),
    }
}

fn positive(value: Value<'_>) -> Read<f64> {
    match value {
        Value::Number(number) if number > 0.0 && number.is_finite() => Ok(number),
        _ => Err(Wrong),
    }
}

/// The index of the word that the value is.
fn word(value: Value<'_>, words: &[&str]) -> Read<usize> {
    match value {
        Value::String(text) => words.iter().position(|word| *word == text.raw).ok_or(Wrong),
        _ => Err(Wrong),
    }
}

impl Config {
    /// Reads the JSON of docs/core-messages.md; what is left out takes its default.
    ///
    /// # Errors
    /// The member that is not of its documented shape.
    pub fn parse(json: &str) -> Result<Self, ConfigError> {
        let mut config = Self::default();
        let Ok(Value::Object(raw)) = Scanner::new(json).value() else {
            return Err(ConfigError {
                member: "config".into(),
            });
        };
        config.section("", raw)?;
        if config
            .servers
            .iter()
            .any(|server| !server.ws.is_empty() && !server.http.is_empty())
        {
            Ok(config)
        } else {
            Err(ConfigError {
                member: "urls".into(),
            })
        }
    }

    /// Reads the members of one object; `section` is its name with a dot, or nothing for the whole.
    fn section(&mut self, section: &str, raw: Raw<'_>) -> Result<(), ConfigError> {
        let mut scanner = Scanner::new(raw.0);
        scanner.eat(b'{');
        let mut first = true;
        while let Ok(Some((name, value))) = scanner.member(&mut first) {
            let mut path = String::from(section);
            path.push_str(name.raw);
            match value {
                Value::Object(inner) if section.is_empty() => {
                    self.begin(&path);
                    path.push('.');
                    self.section(&path, inner)?;
                }
                _ => {
                    let text = match value {
                        Value::Array(raw) | Value::Object(raw) => raw.0,
                        _ => scanner.last_scalar(),
                    };
                    if self.member(&path, value, text).is_err() {
                        return Err(ConfigError { member: path });
                    }
                }
            }
        }
        if let Some(limit) = &mut self.rate_limit
            && section == "rateLimit."
        {
            if limit.per_second <= 0.0 {
                return Err(ConfigError {
                    member: "rateLimit.perSecond".into(),
                });
            }
            if limit.burst <= 0.0 {
                limit.burst = limit.per_second.max(1.0);
            }
        }
        if section == "subscribe."
            && self
                .subscribe
                .as_ref()
                .is_some_and(|(event, _)| event.is_empty())
        {
            return Err(ConfigError {
                member: "subscribe.event".into(),
            });
        }
        Ok(())
    }

    /// Parts that are off unless they are named.
    fn begin(&mut self, section: &str) {
        match section {
            "rateLimit" => {
                self.rate_limit = Some(RateLimit {
                    per_second: 0.0,
                    burst: 0.0,
                })
            }
            "subscribe" => self.subscribe = Some((String::new(), None)),
            _ => {}
        }
    }

    fn member(&mut self, path: &str, value: Value<'_>, text: &str) -> Read<()> {
        match path {
            "protocol" => {
                word(value, &["stream"])?;
            }
            "urls" => self.urls(value)?,
            "path" => self.path = string(value)?,
            "token" => self.token = flag(value)?,
            "tokenIn" => {
                self.token_in = match word(value, &["query", "subprotocol", "message"])? {
                    0 => TokenIn::Query,
                    1 => TokenIn::Subprotocol,
                    _ => TokenIn::Message,
                }
            }
            "headers" => self.headers = flag(value)?,
            "history" => self.history = whole(value)? as usize,
            "onInvalid" => {
                self.on_invalid = match word(value, &["drop", "pass", "quarantine"])? {
                    0 => OnInvalid::Drop,
                    1 => OnInvalid::Pass,
                    _ => OnInvalid::Quarantine,
                }
            }
            "polling" => self.polling = null(value)?,
            "reconnect" => self.reconnect = null(value)?,
            "rateLimit" => self.rate_limit = null(value)?,
            "subscribe" => self.subscribe = null(value)?,
            "heartbeat.interval" => self.heartbeat_interval = whole(value)?,
            "heartbeat.timeout" => self.heartbeat_timeout = whole(value)?,
            "pool.maxSockets" => self.max_sockets = whole(value)? as usize,
            "pool.linger" => self.linger = whole(value)?,
            "queue.maxItems" => self.queue_items = whole(value)? as usize,
            "queue.maxBytes" => self.queue_bytes = whole(value)? as usize,
            "queue.maxAge" => self.queue_age = whole(value)?,
            "heartbeat" | "pool" | "queue" => return Err(Wrong),
            _ => return self.optional(path, value, text),
        }
        Ok(())
    }

    /// The members of parts that may be off.
    fn optional(&mut self, path: &str, value: Value<'_>, text: &str) -> Read<()> {
        if let Some(polling) = &mut self.polling {
            match path {
                "polling.url" => polling.url = string(value)?,
                "polling.interval" => polling.interval = whole(value)?.max(1),
                _ => {}
            }
        }
        if let Some(backoff) = &mut self.reconnect {
            match path {
                "reconnect.attempts" if value == Value::Null => backoff.attempts = None,
                "reconnect.attempts" => backoff.attempts = Some(whole(value)?.min(1 << 31) as u32),
                "reconnect.baseDelay" => backoff.base_delay = whole(value)?,
                "reconnect.maxDelay" => backoff.max_delay = whole(value)?,
                "reconnect.minUptime" => backoff.min_uptime = whole(value)?,
                "reconnect.jitter" => {
                    backoff.jitter = match value {
                        Value::Number(share) if (0.0..=1.0).contains(&share) => {
                            (share * 1000.0) as u32
                        }
                        other => {
                            if word(other, &["full", "none"])? == 0 {
                                1000
                            } else {
                                0
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        if let Some(limit) = &mut self.rate_limit {
            match path {
                "rateLimit.perSecond" => limit.per_second = positive(value)?,
                "rateLimit.burst" => limit.burst = positive(value)?.max(1.0),
                _ => {}
            }
        }
        if let Some((event, data)) = &mut self.subscribe {
            match path {
                "subscribe.event" => *event = string(value)?,
                // Passed on as it was written.
                "subscribe.data" => *data = Some(text.to_owned()),
                _ => {}
            }
        }
        Ok(())
    }

    fn urls(&mut self, value: Value<'_>) -> Read<()> {
        let Value::Array(raw) = value else {
            return Err(Wrong);
        };
        let mut scanner = Scanner::new(raw.0);
        scanner.eat(b'[');
        let mut first = true;
        while let Ok(Some(element)) = scanner.element(&mut first) {
            let Value::Object(raw) = element else {
                return Err(Wrong);
            };
            let mut server = Server {
                ws: String::new(),
                http: String::new(),
            };
            let mut members = Scanner::new(raw.0);
            members.eat(b'{');
            let mut first = true;
            while let Ok(Some((name, value))) = members.member(&mut first) {
                match name.raw {
                    "ws" => server.ws = string(value)?,
                    "http" => server.http = string(value)?,
                    _ => {}
                }
            }
            if server.ws.is_empty() || server.http.is_empty() {
                return Err(Wrong);
            }
            self.servers.push(server);
        }
        Ok(())
    }
}

/// A part that is turned off by `null`; anything else in its place is wrong.
fn null<T>(value: Value<'_>) -> Read<Option<T>> {
    if value == Value::Null {
        Ok(None)
    } else {
        Err(Wrong)
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn everything_has_a_default_but_the_servers() {
        let config = Config::parse(r#"{"urls":[{"ws":"ws://h","http":"http://h"}]}"#).unwrap();
        assert_eq!(
            config,
            Config {
                servers: vec![Server {
                    ws: "ws://h".into(),
                    http: "http://h".into()
                }],
                ..Config::default()
            }
        );
        assert_eq!(
            Config::parse("{}"),
            Err(ConfigError {
                member: "urls".into()
            })
        );
        assert_eq!(
            Config::parse("[]"),
            Err(ConfigError {
                member: "config".into()
            })
        );
    }

    #[test]
    fn every_member_is_read() {
        let config = Config::parse(
            r#"{"protocol":"stream","urls":[{"ws":"wss://a","http":"https://a"},{"ws":"wss://b","http":"https://b"}],"path":"/p/{id}",
            "polling":{"url":"/q/{id}","interval":500},"token":true,"tokenIn":"message","headers":true,
            "reconnect":{"attempts":null,"baseDelay":1,"maxDelay":2,"jitter":0.5,"minUptime":3},
            "heartbeat":{"interval":4,"timeout":5},"pool":{"maxSockets":6,"linger":7},"queue":{"maxItems":8,"maxBytes":9,"maxAge":10},
            "rateLimit":{"perSecond":11,"burst":12},"history":13,"onInvalid":"quarantine","subscribe":{"event":"sub","data": {"a":[1]} }}"#,
        )
        .unwrap();
        assert_eq!(config.servers.len(), 2);
        assert_eq!(config.path, "/p/{id}");
        assert_eq!(
            config.polling,
            Some(Polling {
                url: "/q/{id}".into(),
                interval: 500
            })
        );
        assert!(config.token && config.headers);
        assert_eq!(config.token_in, TokenIn::Message);
        assert_eq!(
            config.reconnect,
            Some(Backoff {
                attempts: None,
                base_delay: 1,
                max_delay: 2,
                jitter: 500,
                min_uptime: 3
            })
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
    }

    #[test]
    fn null_turns_parts_off() {
        let config = Config::parse(r#"{"urls":[{"ws":"w","http":"h"}],"polling":null,"reconnect":null,"rateLimit":null,"subscribe":null}"#).unwrap();
        assert!(
            config.polling.is_none()
                && config.reconnect.is_none()
                && config.rate_limit.is_none()
                && config.subscribe.is_none()
        );
    }

    #[test]
    fn a_wrong_member_is_named() {
        for (member, json) in [
            ("protocol", r#"{"protocol":"telepathy"}"#),
            ("urls", r#"{"urls":[]}"#),
            ("reconnect.jitter", r#"{"reconnect":{"jitter":2}}"#),
            ("history", r#"{"history":-1}"#),
            ("onInvalid", r#"{"onInvalid":"shrug"}"#),
            ("rateLimit.perSecond", r#"{"rateLimit":{}}"#),
            ("subscribe.event", r#"{"subscribe":{}}"#),
        ] {
            assert_eq!(
                Config::parse(json),
                Err(ConfigError {
                    member: member.into()
                }),
                "{json}"
            );
        }
    }
}
