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

/// A config that is not of the documented shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// Which member.
    pub member: &'static str,
}

type Found<T> = Result<T, ConfigError>;

/// Calls `read` for each member of an object.
fn members<'a>(
    raw: Raw<'a>,
    what: &'static str,
    mut read: impl FnMut(&str, Value<'a>) -> Found<()>,
) -> Found<()> {
    let mut scanner = Scanner::new(raw.0);
    scanner.eat(b'{');
    let mut first = true;
    while let Some((name, value)) = scanner
        .member(&mut first)
        .map_err(|_| ConfigError { member: what })?
    {
        read(&name.get(), value)?;
    }
    Ok(())
}

fn text(value: Value<'_>, member: &'static str) -> Found<String> {
    match value {
        Value::String(text) => Ok(text.get().into_owned()),
        _ => Err(ConfigError { member }),
    }
}

fn flag(value: Value<'_>, member: &'static str) -> Found<bool> {
    match value {
        Value::Bool(flag) => Ok(flag),
        _ => Err(ConfigError { member }),
    }
}

/// A whole number of milliseconds, items or bytes; up to 2⁵³.
fn whole(value: Value<'_>, member: &'static str) -> Found<u64> {
    match value {
        Value::Number(number) if (0.0..=9e15).contains(&number) => Ok(number as u64),
        _ => Err(ConfigError { member }),
    }
}

fn positive(value: Value<'_>, member: &'static str) -> Found<f64> {
    match value {
        Value::Number(number) if number > 0.0 && number.is_finite() => Ok(number),
        _ => Err(ConfigError { member }),
    }
}

fn object<'a>(value: Value<'a>, member: &'static str) -> Found<Option<Raw<'a>>> {
    match value {
        Value::Object(raw) => Ok(Some(raw)),
        Value::Null => Ok(None),
        _ => Err(ConfigError { member }),
    }
}

fn servers(value: Value<'_>) -> Found<Vec<Server>> {
    let wrong = ConfigError { member: "urls" };
    let Value::Array(raw) = value else {
        return Err(wrong);
    };
    let mut scanner = Scanner::new(raw.0);
    scanner.eat(b'[');
    let (mut first, mut found) = (true, Vec::new());
    while let Some(element) = scanner.element(&mut first).map_err(|_| wrong.clone())? {
        let raw = object(element, "urls")?.ok_or_else(|| wrong.clone())?;
        let (mut ws, mut http) = (None, None);
        members(raw, "urls", |name, value| {
            match name {
                "ws" => ws = Some(text(value, "urls")?),
                "http" => http = Some(text(value, "urls")?),
                _ => {}
            }
            Ok(())
        })?;
        found.push(Server {
            ws: ws.ok_or_else(|| wrong.clone())?,
            http: http.ok_or_else(|| wrong.clone())?,
        });
    }
    if found.is_empty() {
        Err(wrong)
    } else {
        Ok(found)
    }
}

fn reconnect(raw: Raw<'_>) -> Found<Backoff> {
    let mut backoff = Backoff::default();
    members(raw, "reconnect", |name, value| {
        match name {
            "attempts" if value == Value::Null => backoff.attempts = None,
            "attempts" => {
                backoff.attempts = Some(whole(value, "reconnect.attempts")?.min(1 << 31) as u32)
            }
            "baseDelay" => backoff.base_delay = whole(value, "reconnect.baseDelay")?,
            "maxDelay" => backoff.max_delay = whole(value, "reconnect.maxDelay")?,
            "minUptime" => backoff.min_uptime = whole(value, "reconnect.minUptime")?,
            "jitter" => {
                backoff.jitter = match value {
                    Value::String(word) if word.raw == "full" => 1000,
                    Value::String(word) if word.raw == "none" => 0,
                    Value::Number(share) if (0.0..=1.0).contains(&share) => (share * 1000.0) as u32,
                    _ => {
                        return Err(ConfigError {
                            member: "reconnect.jitter",
                        });
                    }
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(backoff)
}

impl Config {
    /// Reads the JSON of docs/core-messages.md; what is left out takes its default.
    ///
    /// # Errors
    /// The member that is not of its documented shape.
    pub fn parse(json: &str) -> Result<Self, ConfigError> {
        let mut config = Self::default();
        let Ok(Value::Object(raw)) = Scanner::new(json).value() else {
            return Err(ConfigError { member: "config" });
        };
        members(raw, "config", |name, value| config.member(name, value))?;
        if config.servers.is_empty() {
            Err(ConfigError { member: "urls" })
        } else {
            Ok(config)
        }
    }

    fn member(&mut self, name: &str, value: Value<'_>) -> Found<()> {
        match name {
            "protocol" if text(value, "protocol")? != "stream" => {
                return Err(ConfigError { member: "protocol" });
            }
            "urls" => self.servers = servers(value)?,
            "path" => self.path = text(value, "path")?,
            "token" => self.token = flag(value, "token")?,
            "headers" => self.headers = flag(value, "headers")?,
            "tokenIn" => {
                self.token_in = match text(value, "tokenIn")?.as_str() {
                    "query" => TokenIn::Query,
                    "subprotocol" => TokenIn::Subprotocol,
                    "message" => TokenIn::Message,
                    _ => return Err(ConfigError { member: "tokenIn" }),
                }
            }
            "history" => self.history = whole(value, "history")? as usize,
            "onInvalid" => {
                self.on_invalid = match text(value, "onInvalid")?.as_str() {
                    "drop" => OnInvalid::Drop,
                    "pass" => OnInvalid::Pass,
                    "quarantine" => OnInvalid::Quarantine,
                    _ => {
                        return Err(ConfigError {
                            member: "onInvalid",
                        });
                    }
                }
            }
            "reconnect" => {
                self.reconnect = object(value, "reconnect")?.map(reconnect).transpose()?
            }
            "polling" => {
                self.polling = object(value, "polling")?
                    .map(|raw| self.polling_of(raw))
                    .transpose()?
            }
            "heartbeat" => self.heartbeat(value)?,
            "pool" => self.pool(value)?,
            "queue" => self.queue(value)?,
            "rateLimit" => {
                self.rate_limit = object(value, "rateLimit")?.map(rate_limit).transpose()?
            }
            "subscribe" => {
                self.subscribe = object(value, "subscribe")?.map(subscribe).transpose()?
            }
            _ => {}
        }
        Ok(())
    }

    fn polling_of(&self, raw: Raw<'_>) -> Found<Polling> {
        let mut polling = Self::default().polling.unwrap_or(Polling {
            url: String::new(),
            interval: 2000,
        });
        members(raw, "polling", |name, value| {
            match name {
                "url" => polling.url = text(value, "polling.url")?,
                "interval" => polling.interval = whole(value, "polling.interval")?.max(1),
                _ => {}
            }
            Ok(())
        })?;
        Ok(polling)
    }

    fn heartbeat(&mut self, value: Value<'_>) -> Found<()> {
        let Some(raw) = object(value, "heartbeat")? else {
            return Ok(());
        };
        members(raw, "heartbeat", |name, value| {
            match name {
                "interval" => self.heartbeat_interval = whole(value, "heartbeat.interval")?,
                "timeout" => self.heartbeat_timeout = whole(value, "heartbeat.timeout")?,
                _ => {}
            }
            Ok(())
        })
    }

    fn pool(&mut self, value: Value<'_>) -> Found<()> {
        let Some(raw) = object(value, "pool")? else {
            return Ok(());
        };
        members(raw, "pool", |name, value| {
            match name {
                "maxSockets" => self.max_sockets = whole(value, "pool.maxSockets")? as usize,
                "linger" => self.linger = whole(value, "pool.linger")?,
                _ => {}
            }
            Ok(())
        })
    }

    fn queue(&mut self, value: Value<'_>) -> Found<()> {
        let Some(raw) = object(value, "queue")? else {
            return Ok(());
        };
        members(raw, "queue", |name, value| {
            match name {
                "maxItems" => self.queue_items = whole(value, "queue.maxItems")? as usize,
                "maxBytes" => self.queue_bytes = whole(value, "queue.maxBytes")? as usize,
                "maxAge" => self.queue_age = whole(value, "queue.maxAge")?,
                _ => {}
            }
            Ok(())
        })
    }
}

fn rate_limit(raw: Raw<'_>) -> Found<RateLimit> {
    let (mut per_second, mut burst) = (None, None);
    members(raw, "rateLimit", |name, value| {
        match name {
            "perSecond" => per_second = Some(positive(value, "rateLimit.perSecond")?),
            "burst" => burst = Some(positive(value, "rateLimit.burst")?),
            _ => {}
        }
        Ok(())
    })?;
    let per_second = per_second.ok_or(ConfigError {
        member: "rateLimit.perSecond",
    })?;
    Ok(RateLimit {
        per_second,
        burst: burst.unwrap_or(per_second).max(1.0),
    })
}

fn subscribe(raw: Raw<'_>) -> Found<(String, Option<String>)> {
    let (mut event, mut data) = (None, None);
    // The data is passed on as it was written, so its text is cut out rather than read.
    let mut scanner = Scanner::new(raw.0);
    scanner.eat(b'{');
    let mut first = true;
    let wrong = ConfigError {
        member: "subscribe",
    };
    loop {
        if scanner.eat(b'}') {
            break;
        }
        let before = scanner.position();
        let Some((name, value)) = scanner.member(&mut first).map_err(|_| wrong.clone())? else {
            break;
        };
        match name.raw {
            "event" => event = Some(text(value, "subscribe.event")?),
            "data" => {
                data = scanner
                    .slice_from(before)
                    .split_once(':')
                    .map(|(_, json)| json.trim().to_owned())
            }
            _ => {}
        }
    }
    Ok((
        event.ok_or(ConfigError {
            member: "subscribe.event",
        })?,
        data,
    ))
}

#[cfg(test)]
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
        assert_eq!(Config::parse("{}"), Err(ConfigError { member: "urls" }));
        assert_eq!(Config::parse("[]"), Err(ConfigError { member: "config" }));
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
            assert_eq!(Config::parse(json), Err(ConfigError { member }), "{json}");
        }
    }
}
