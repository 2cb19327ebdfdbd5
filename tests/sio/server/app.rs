//! What the application emits, to whom, and what a lost session can have again.

use super::{Frame, Server};
use std::collections::{BTreeMap, BTreeSet};

/// One connection of a client to a namespace; a recovered one is the same again.
#[derive(Debug)]
pub struct Life {
    pub namespace: String,
    pub id: String,
    pub pid: Option<String>,
    pub session: Option<String>,
    /// When its session was lost, if it can be recovered.
    pub(super) ended_at: Option<u64>,
    pub subscribed: bool,
    /// Numbers of what was emitted to it, in order.
    pub emitted: Vec<u64>,
    /// Those of them that may have been lost.
    pub doubtful: BTreeSet<u64>,
    /// Questions that wait for an answer, by the number of their acknowledgement.
    pub(super) questions: BTreeMap<u64, u64>,
    asked: u64,
}

impl Life {
    pub fn is_on(&self) -> bool {
        self.session.is_some()
    }
}

/// How an event is emitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Plain,
    Several,
    Binary,
    /// An acknowledgement is awaited.
    Question,
    Volatile,
    /// Volatile, and its last argument is a string.
    VolatileText,
    /// Job news, for those who subscribed.
    Job,
}

/// Something emitted; its number is its place.
#[derive(Debug)]
pub struct Emission {
    pub namespace: String,
    pub name: &'static str,
    pub style: Style,
    pub args: String,
    pub attachments: Vec<Vec<u8>>,
    /// Under which it is stored; `None`: it cannot be recovered.
    pub mark: Option<String>,
    /// To this life alone.
    only: Option<usize>,
}

impl Emission {
    /// Whether it must arrive while the connection lives, and be told.
    pub fn is_certain(&self) -> bool {
        !matches!(self.style, Style::Volatile | Style::VolatileText)
    }
}

/// The bytes that go with a message or an event of this number.
pub fn bytes_of(number: u64) -> Vec<u8> {
    let text = format!("{number}:");
    text.bytes()
        .chain((0..number % 40).map(|n| n as u8 ^ 0xff))
        .collect()
}

/// The server's clock at the beginning, epoch ms; it is a little off.
const EPOCH: u64 = 1_736_937_123_000;

fn letters(mut number: u64) -> String {
    const LETTERS: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
    let mut text = Vec::new();
    while number > 0 || text.is_empty() {
        text.push(char::from(LETTERS[(number % 64) as usize]));
        number /= 64;
    }
    text.iter().rev().collect()
}

impl Server {
    pub(super) fn new_life(&mut self, namespace: &str) -> usize {
        let id = self.id("n");
        let pid = self.recovers().then(|| self.id("p"));
        self.lives.push(Life {
            namespace: namespace.to_owned(),
            id,
            pid,
            session: None,
            ended_at: None,
            subscribed: false,
            emitted: Vec::new(),
            doubtful: BTreeSet::new(),
            questions: BTreeMap::new(),
            asked: 0,
        });
        self.lives.len() - 1
    }

    pub(super) fn end_life(&mut self, life: usize, recoverable: bool) {
        let ended_at = (recoverable && self.recovers()).then_some(self.now);
        let life = &mut self.lives[life];
        life.session = None;
        life.ended_at = ended_at;
    }

    fn recovers(&self) -> bool {
        self.habits.recovery.is_some() && self.is_node()
    }

    /// A mark as socket.io's in-memory adapter makes it: the time in 64 letters, and a counter where that is the same.
    fn next_mark(&mut self) -> String {
        let now = letters(EPOCH + self.now);
        if self.last_mark == now {
            self.same_marks += 1;
            return format!("{now}.{}", letters(self.same_marks - 1));
        }
        self.same_marks = 0;
        self.last_mark.clone_from(&now);
        now
    }

    fn is_for(&self, k: u64, life: usize) -> bool {
        let (emission, life_of) = (&self.emissions[k as usize], &self.lives[life]);
        emission.namespace == life_of.namespace
            && emission.only.is_none_or(|only| only == life)
            && (emission.style != Style::Job || life_of.subscribed)
    }

    /// The life that a client lost, and what it missed since; `None` when it cannot be had again.
    pub(super) fn recover(
        &mut self,
        namespace: &str,
        pid: &str,
        offset: &str,
    ) -> Option<(usize, Vec<u64>)> {
        let limit = self.habits.recovery.filter(|_| self.is_node())?;
        let life = self.lives.iter().position(|life| {
            life.namespace == namespace
                && life.pid.as_deref() == Some(pid)
                && life.ended_at.is_some_and(|at| at + limit >= self.now)
        })?;
        let stored = |k: &u64| self.emissions[*k as usize].mark.is_some();
        let all = (0..self.emissions.len() as u64).filter(stored);
        let mut later =
            all.skip_while(|k| self.emissions[*k as usize].mark.as_deref() != Some(offset));
        later.next()?;
        let missed: Vec<u64> = later.filter(|k| self.is_for(*k, life)).collect();
        let lost: Vec<u64> = self.lives[life]
            .emitted
            .iter()
            .copied()
            .filter(|k| !stored(k))
            .collect();
        let entry = &mut self.lives[life];
        entry.doubtful.extend(lost);
        entry.questions.clear();
        entry.ended_at = None;
        let unknown = missed
            .iter()
            .filter(|k| !entry.emitted.contains(k))
            .copied();
        let unknown: Vec<u64> = unknown.collect();
        // Told in the order in which they came to be: among them what was said, before the client came into the room
        // it is for, to others alone.
        entry.emitted.extend(unknown);
        entry.emitted.sort_unstable();
        Some((life, missed))
    }

    /// Emits something in a namespace: to everybody there, a question to one. Whether anybody was there.
    pub fn emit(&mut self, namespace: &str, style: Style) -> Option<u64> {
        let only = match style {
            Style::Question => Some(*self.living(namespace).last()?),
            _ => None,
        };
        let k = self.emissions.len() as u64;
        let placeholder = "{\"_placeholder\":true,\"num\":0}";
        let (name, args) = match style {
            Style::Plain => ("news", format!("{{\"k\":{k}}}")),
            Style::Several => ("news", format!("{{\"k\":{k}}},[1,\"two\"],null")),
            Style::Binary => (
                "bytes",
                format!("{{\"k\":{k},\"data\":{placeholder}}},{placeholder}"),
            ),
            Style::Question => ("question", format!("{{\"k\":{k}}}")),
            Style::Volatile => ("tick", format!("{{\"k\":{k}}}")),
            Style::VolatileText => ("tick", format!("{{\"k\":{k}}},\"a text of some length\"")),
            Style::Job => return None,
        };
        let attachments = if style == Style::Binary {
            vec![bytes_of(k)]
        } else {
            Vec::new()
        };
        self.publish(Emission {
            namespace: namespace.to_owned(),
            name,
            style,
            args,
            attachments,
            mark: None,
            only,
        });
        Some(k)
    }

    /// Says what no server should say, to whoever is there.
    pub fn babble(&mut self) {
        let on = (0..self.lives.len()).filter(|life| self.lives[*life].is_on());
        let sids: Vec<String> = on
            .filter_map(|life| self.lives[life].session.clone())
            .collect();
        let Some(sid) = sids.last() else {
            return;
        };
        let text = self.dice.pick(&[
            "9",
            "",
            "4",
            "42",
            "42[",
            "42[\"connect\"]",
            "42/elsewhere,[\"news\",{\"k\":0}]",
            "43/elsewhere,7[]",
            "439999[]",
            "451-[\"bytes\",{\"_placeholder\":true,\"num\":0}]",
            "6",
            "5",
            "3",
            "3probe",
            "0{}",
            "é",
        ]);
        let frame = if self.dice.chance(20) {
            Frame::Binary(vec![1, 2, 3])
        } else {
            Frame::Text(text.to_owned())
        };
        self.send(sid, vec![frame]);
    }

    /// Tells how a job stands to those who subscribed.
    pub fn tell_job(&mut self, job: usize) {
        let k = self.emissions.len() as u64;
        let (name, args) = self.jobs[job].event(k);
        self.publish(Emission {
            namespace: self.habits.jobs_namespace.to_owned(),
            name,
            style: Style::Job,
            args,
            attachments: Vec::new(),
            mark: None,
            only: None,
        });
    }

    /// Tells one client of every job.
    pub(super) fn tell_jobs(&mut self, life: usize) {
        let k = self.emissions.len() as u64;
        let list: Vec<String> = self.jobs.iter().map(super::Job::snapshot).collect();
        self.publish(Emission {
            namespace: self.lives[life].namespace.clone(),
            name: "jobs_list",
            style: Style::Plain,
            args: format!("{{\"k\":{k},\"jobs\":[{}]}}", list.join(",")),
            attachments: Vec::new(),
            mark: None,
            only: Some(life),
        });
    }

    fn publish(&mut self, mut emission: Emission) {
        let k = self.emissions.len() as u64;
        if self.recovers() && emission.is_certain() && emission.style != Style::Question {
            emission.mark = Some(self.next_mark());
        }
        let namespace = emission.namespace.clone();
        let certain = emission.is_certain();
        let asks = emission.style == Style::Question;
        self.emissions.push(emission);
        for life in self.living(&namespace) {
            if !self.is_for(k, life) {
                continue;
            }
            let writable = self.lives[life]
                .session
                .as_ref()
                .is_some_and(|sid| self.is_writable(sid));
            if !certain && !writable {
                continue;
            }
            self.lives[life].emitted.push(k);
            let ack = asks.then(|| {
                let life = &mut self.lives[life];
                life.asked += 1;
                life.questions.insert(life.asked, k);
                life.asked
            });
            self.deliver(life, k, ack);
        }
    }

    pub(super) fn deliver(&mut self, life: usize, k: u64, ack: Option<u64>) {
        let frames = self.event_frames(life, k, ack);
        if let Some(sid) = self.lives[life].session.clone() {
            self.send(&sid, frames);
        }
    }
}
