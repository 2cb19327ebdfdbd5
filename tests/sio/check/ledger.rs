//! Messages of the page: each is answered once, leaves at most once, in order, and arrives at most once.

use super::Broken;
use jobwire::core::Problem;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How late a timer may be, ms: its own lateness, and a turn of the driver.
const LATE: u64 = 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Send,
    Volatile,
    Request,
    Reply,
}

/// What the page was told about a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Sent,
    Queued,
    Dropped,
    Refused(u8),
    Acknowledged(Value, Vec<Vec<u8>>),
}

/// One message; its number is the `rid` of its command.
#[derive(Debug)]
pub struct Message {
    pub n: u64,
    pub kind: Kind,
    pub namespace: String,
    pub key: Option<String>,
    /// By the monotonic clock, ms.
    pub issued: u64,
    pub expires: u64,
    /// The server is asked to acknowledge it so late, if at all.
    pub wait: Option<u64>,
    pub attachments: Vec<Vec<u8>>,
    /// Its place in the order of its channel.
    place: u64,
    pub answer: Option<Answer>,
    pub superseded: bool,
    /// It may have been dropped with its channel, or have taken the place of one that may have been.
    doubtful: bool,
    pub left: Option<u64>,
    pub arrived: bool,
}

impl Message {
    pub fn new(n: u64, kind: Kind, namespace: &str, issued: u64) -> Self {
        Self {
            n,
            kind,
            namespace: namespace.to_owned(),
            key: None,
            issued,
            expires: u64::MAX,
            wait: None,
            attachments: Vec::new(),
            place: n,
            answer: None,
            superseded: false,
            doubtful: false,
            left: None,
            arrived: false,
        }
    }

    /// Whether the page has been told that it will not go.
    fn is_given_up(&self) -> bool {
        match &self.answer {
            Some(Answer::Dropped) => true,
            Some(Answer::Refused(_)) => self.left.is_none(),
            _ => self.superseded,
        }
    }
}

#[derive(Default)]
pub struct Ledger {
    pub messages: BTreeMap<u64, Message>,
    /// The place of the last that left, by channel.
    left: BTreeMap<String, u64>,
    /// The place of the last that arrived, by session and channel.
    arrived: BTreeMap<(String, String), u64>,
    /// Those that were queued and have not left; a reply is answered when it has.
    waiting: BTreeSet<u64>,
    /// Requests that nobody has answered.
    asked: BTreeSet<u64>,
    /// Since when the page runs without a break.
    awake: u64,
    pub acknowledged: u64,
    pub timed_out: u64,
    pub lost: u64,
}

impl Ledger {
    /// The page runs again.
    pub fn woke(&mut self, now: u64) {
        self.awake = now;
    }

    pub fn issue(&mut self, message: Message) {
        match message.kind {
            Kind::Request => drop(self.asked.insert(message.n)),
            Kind::Reply => drop(self.waiting.insert(message.n)),
            Kind::Send | Kind::Volatile => {}
        }
        self.messages.insert(message.n, message);
    }

    /// The page is told about a message, if the number is one's.
    pub fn answered(&mut self, n: u64, answer: Answer, now: u64, broken: &mut Broken) {
        let Some(message) = self.messages.get_mut(&n) else {
            return;
        };
        broken.ensure("answered once", message.answer.is_none(), || {
            format!("{message:?} is answered again: {answer:?}")
        });
        let fits = match (&answer, message.kind) {
            (Answer::Sent, kind) => kind != Kind::Request,
            (Answer::Queued, kind) => kind == Kind::Send,
            (Answer::Dropped, kind) => matches!(kind, Kind::Volatile | Kind::Reply),
            (Answer::Refused(_), _) => true,
            (Answer::Acknowledged(..), kind) => kind == Kind::Request,
        };
        broken.ensure("the answer fits", fits, || {
            format!("{message:?} is answered {answer:?}")
        });
        let sent = matches!(answer, Answer::Sent | Answer::Acknowledged(..));
        broken.ensure(
            "what is said to be sent has left",
            !sent || message.left.is_some(),
            || format!("{message:?} is answered {answer:?}"),
        );
        let timed_out = answer == Answer::Refused(Problem::RequestTimeout as u8);
        if timed_out {
            self.timed_out += 1;
            broken.ensure(
                "a request times out when its time is over",
                message.expires <= now,
                || format!("{message:?} at {now}"),
            );
        }
        if answer == Answer::Refused(Problem::RequestLost as u8) {
            self.lost += 1;
            broken.ensure("only what has left is lost", message.left.is_some(), || {
                format!("{message:?}")
            });
        }
        if let Answer::Acknowledged(args, bytes) = &answer {
            self.acknowledged += 1;
            let in_time = now <= message.expires.max(self.awake) + LATE;
            broken.ensure("acknowledgements are in time", in_time, || {
                format!("{message:?} at {now}")
            });
            let own = args[0]["n"] == n && (args[0].get("data").is_some() != bytes.is_empty());
            let right = bytes
                .iter()
                .all(|bytes| *bytes == crate::server::bytes_of(n));
            broken.ensure(
                "the acknowledgement is its own",
                own && right && message.arrived,
                || format!("{message:?} is answered {answer:?}"),
            );
        }
        let queued = answer == Answer::Queued;
        self.asked.remove(&n);
        self.waiting.remove(&n);
        if queued && message.left.is_none() {
            self.waiting.insert(n);
        }
        message.answer = Some(answer);
        if queued {
            self.supersede(n, now);
        }
    }

    /// What waits under the same key gives its place to the newer one.
    fn supersede(&mut self, n: u64, now: u64) {
        let newer = &self.messages[&n];
        let (key, namespace) = (newer.key.clone(), newer.namespace.clone());
        if key.is_none() {
            return;
        }
        let older = self.messages.values_mut().find(|older| {
            older.n < n
                && older.key == key
                && older.namespace == namespace
                && older.answer == Some(Answer::Queued)
                && older.left.is_none()
                && !older.superseded
        });
        let Some(older) = older else {
            return;
        };
        older.superseded = true;
        // What is too old may be gone already, or have its place taken.
        let (place, doubtful) = (older.place, older.doubtful || older.expires <= now);
        if let Some(newer) = self.messages.get_mut(&n) {
            newer.place = place;
            newer.doubtful = doubtful;
        }
    }

    /// A channel was closed, or refused: what waits for it may be dropped.
    pub fn doubt(&mut self, namespace: &str) {
        for message in self.messages.values_mut() {
            message.doubtful |= message.namespace == namespace && message.left.is_none();
        }
    }

    /// A message leaves the core.
    pub fn leaves(&mut self, n: u64, namespace: &str, now: u64, broken: &mut Broken) {
        // What is queued and leaves at once is answered behind that.
        if self
            .messages
            .get(&n)
            .is_some_and(|message| message.kind == Kind::Send && message.answer.is_none())
        {
            self.supersede(n, now);
        }
        let Some(message) = self.messages.get_mut(&n) else {
            return broken.ensure("only the page's messages leave", false, || {
                format!("{n} in {namespace}")
            });
        };
        broken.ensure(
            "messages keep their channel",
            message.namespace == namespace,
            || format!("{message:?} leaves in {namespace}"),
        );
        broken.ensure("a message leaves once", message.left.is_none(), || {
            format!("{message:?} leaves again")
        });
        broken.ensure(
            "what was given up does not leave",
            !message.is_given_up(),
            || format!("{message:?} leaves"),
        );
        broken.ensure(
            "what is too old does not leave",
            now <= message.expires || message.kind == Kind::Reply,
            || format!("{message:?} leaves at {now}"),
        );
        message.left = Some(now);
        self.waiting.remove(&n);
        if message.doubtful {
            return;
        }
        let last = self.left.insert(namespace.to_owned(), message.place);
        broken.ensure(
            "messages leave in order",
            last.is_none_or(|last| last < message.place),
            || format!("{message:?} leaves after place {last:?}"),
        );
    }

    /// A message reaches the server's application.
    pub fn arrives(&mut self, n: u64, sid: &str, attachments: &[Vec<u8>], broken: &mut Broken) {
        let Some(message) = self.messages.get_mut(&n) else {
            return broken.ensure("only the page's messages arrive", false, || format!("{n}"));
        };
        broken.ensure("a message arrives once", !message.arrived, || {
            format!("{message:?} arrives again")
        });
        broken.ensure("what arrives has left", message.left.is_some(), || {
            format!("{message:?} arrives")
        });
        broken.ensure(
            "attachments arrive whole",
            message.attachments == attachments,
            || format!("{message:?} arrives with {attachments:?}"),
        );
        message.arrived = true;
        if message.doubtful {
            return;
        }
        let key = (sid.to_owned(), message.namespace.clone());
        let last = self.arrived.insert(key, message.place);
        broken.ensure(
            "messages arrive in order",
            last.is_none_or(|last| last < message.place),
            || format!("{message:?} arrives after place {last:?}"),
        );
    }

    /// Requests whose time is over and that nobody has answered.
    pub fn overdue(&self, now: u64, broken: &mut Broken) {
        for message in self.asked.iter().filter_map(|n| self.messages.get(n)) {
            let late = message.expires.max(self.awake) + LATE < now;
            broken.ensure("requests time out in time", !late, || {
                format!("{message:?} at {now}")
            });
        }
    }

    /// Whatever can leave has left.
    pub fn nothing_waits(&self, is_in: impl Fn(&str) -> bool, now: u64, broken: &mut Broken) {
        for message in self.waiting.iter().filter_map(|n| self.messages.get(n)) {
            let goes = !message.superseded && !message.doubtful && message.expires > now;
            // The core may not have been told yet of a reply that is issued now.
            let told = message.answer.is_some() || message.issued < now;
            let waits = goes && told && is_in(&message.namespace);
            broken.ensure("nothing waits without a reason", !waits, || {
                format!("{message:?} at {now}")
            });
        }
    }

    /// Without trouble everything that was taken arrives, unless it was superseded or waited too long.
    pub fn everything_arrived(&self, channels: &[&str], since: u64, now: u64, broken: &mut Broken) {
        let taken = |message: &Message| match &message.answer {
            Some(Answer::Sent) => true,
            Some(Answer::Queued) => {
                !message.superseded && !message.doubtful && message.expires > now
            }
            _ => false,
        };
        self.all_arrived(taken, channels, since, broken);
    }

    /// What was said to be sent arrives, though the client is closed.
    pub fn what_was_sent_arrived(&self, channels: &[&str], since: u64, broken: &mut Broken) {
        let sent = |message: &Message| message.answer == Some(Answer::Sent);
        self.all_arrived(sent, channels, since, broken);
    }

    fn all_arrived(
        &self,
        taken: impl Fn(&Message) -> bool,
        channels: &[&str],
        since: u64,
        broken: &mut Broken,
    ) {
        for message in self.messages.values().filter(|message| {
            message.issued >= since && channels.contains(&message.namespace.as_str())
        }) {
            let arrived = message.arrived || !taken(message);
            broken.ensure("what was taken arrives", arrived, || format!("{message:?}"));
        }
    }

    pub fn everything_is_answered(&self, broken: &mut Broken) {
        for message in self.messages.values() {
            broken.ensure(
                "every message is answered",
                message.answer.is_some(),
                || format!("{message:?}"),
            );
        }
    }
}
