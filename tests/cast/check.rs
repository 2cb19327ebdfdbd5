//! What must always hold for a page that is served by `broadcast`, watched from outside.

use crate::model::{Entities, Entity, job_of, key_of};
use crate::server::{Message, Server};
use serde_json::Value;
use std::collections::BTreeMap;

/// The shortest time between two frames of a display, ms.
const FRAME: u64 = 16;

#[derive(Clone, Debug)]
pub struct Shown {
    pub status: u64,
    pub progress: Option<f64>,
    pub counts: [Option<u64>; 4],
}

impl Shown {
    pub fn is_over(&self) -> bool {
        self.status >= 3
    }
}

/// When listeners were last told of an event of one name about one thing.
#[derive(Clone, Copy, Default)]
struct Tell {
    at: u64,
    number: u64,
    batch: u64,
    at_once: bool,
}

#[derive(Default)]
pub struct Check {
    pub broken: Option<String>,
    pub shown: BTreeMap<String, Shown>,
    /// The facade's tables.
    pub entities: BTreeMap<(String, String), Entity>,
    pub model: Entities,
    pub told: u64,
    tells: BTreeMap<(String, String), Tell>,
    /// Numbers of the messages handed in, in order.
    pub delivered: Vec<u64>,
    /// How often each event was told.
    pub told_of: BTreeMap<String, u64>,
    /// Events without a key that were told, and handed in.
    told_alone: Vec<u64>,
    pub handed_alone: Vec<u64>,
    /// The last number of each event and key that was handed in.
    pub last: BTreeMap<(String, String), u64>,
    batches: u64,
    /// Somebody listens to every event.
    listens: bool,
}

impl Check {
    pub fn new(listens: bool) -> Self {
        Self {
            listens,
            ..Self::default()
        }
    }

    pub fn ensure(&mut self, holds: bool, why: impl FnOnce() -> String) {
        if !holds && self.broken.is_none() {
            self.broken = Some(why());
        }
    }

    /// A message is about to be handed in.
    pub fn arrives(&mut self, message: &Message) {
        self.delivered.push(message.number);
        self.model.take_in(message);
        match key_of(message) {
            Some(key) => {
                self.last
                    .insert((message.event.to_owned(), key), message.number);
            }
            None => self.handed_alone.push(message.number),
        }
    }

    /// A batch of records; `taken`: the page took it with a frame.
    pub fn batch(
        &mut self,
        server: &Server,
        now: u64,
        taken: bool,
        intervals: &BTreeMap<String, u64>,
        records: &[Value],
    ) {
        self.batches += 1;
        let listens = self.listens;
        let mut ended = Vec::new();
        for record in records {
            match record[0].as_u64() {
                Some(0) => ended.extend(self.job(server, record)),
                Some(1 | 6 | 7) => self.event(server, now, taken, intervals, record),
                Some(11) => self.entity(record),
                _ => {}
            }
        }
        // "Terminal at once": an end is told with the job that has ended, and not before the next frame.
        for id in ended.into_iter().filter(|_| listens) {
            let told = records.iter().any(|record| {
                [1, 6, 7].contains(&record[0].as_u64().unwrap_or(0)) && record[6] == *id
            });
            self.ensure(told, || {
                format!("job {id} has ended, and no event tells it")
            });
            self.ensure(!taken, || format!("the end of job {id} waited for a frame"));
        }
    }

    /// "Progress and counts never run backwards. A terminal state is never left, and never told before it is reached."
    fn job(&mut self, server: &Server, record: &Value) -> Option<String> {
        let id = record[1].as_str().unwrap_or("").to_owned();
        let shown = Shown {
            status: record[2].as_u64().unwrap_or(9),
            progress: record[3].as_f64(),
            counts: [16, 17, 18, 19].map(|place| record[place].as_u64()),
        };
        let Some(truth) = server.jobs.iter().find(|job| job.id == id) else {
            self.ensure(false, || format!("a job that does not exist: {id}"));
            return None;
        };
        let before = self.shown.insert(id.clone(), shown.clone());
        let was_over = before.as_ref().is_some_and(Shown::is_over);
        if let Some(before) = before {
            let forward = before.progress <= shown.progress
                && before.status <= shown.status
                && before.counts.iter().zip(shown.counts).all(|(a, b)| *a <= b);
            self.ensure(forward, || {
                format!("job {id} ran backwards: {before:?} → {shown:?}")
            });
            self.ensure(!was_over || before.status == shown.status, || {
                format!("job {id} left its end")
            });
        }
        let word = [
            "unknown",
            "queued",
            "running",
            "completed",
            "failed",
            "cancelled",
        ][shown.status as usize];
        self.ensure(!shown.is_over() || word == truth.status, || {
            format!("job {id} is told to have {word}, it is {}", truth.status)
        });
        let most = [
            truth.total,
            truth.processed(),
            truth.succeeded,
            truth.failed,
        ];
        let true_counts = shown
            .counts
            .iter()
            .zip(most)
            .all(|(told, most)| told.is_none_or(|told| told <= most));
        self.ensure(true_counts, || {
            format!("job {id} counts {:?} of {most:?}", shown.counts)
        });
        (shown.is_over() && !was_over).then_some(id)
    }

    fn event(
        &mut self,
        server: &Server,
        now: u64,
        taken: bool,
        intervals: &BTreeMap<String, u64>,
        record: &Value,
    ) {
        let name = record[1].as_str().unwrap_or("").to_owned();
        *self.told_of.entry(name.clone()).or_default() += 1;
        self.told += 1;
        let Some(number) = record[2]["n"].as_u64().filter(|_| record[0] != 7) else {
            return;
        };
        let message = &server.said[number as usize];
        self.ensure(message.event == name, || {
            format!(
                "message {number} is told as {name}, it is {}",
                message.event
            )
        });
        self.ensure(self.delivered.contains(&number), || {
            format!("message {number} was never handed in")
        });
        let Some(key) = key_of(message) else {
            self.told_alone.push(number);
            return;
        };
        let batch = self.batches;
        let tell = Tell {
            at: now,
            number,
            batch,
            at_once: !taken,
        };
        let Some(last) = self.tells.insert((name.clone(), key.clone()), tell) else {
            return;
        };
        self.ensure(last.number <= number, || {
            format!("{name} of {key}: {number} is told after {}", last.number)
        });
        self.ensure(last.batch != batch, || {
            format!("{name} of {key} is told twice in a batch")
        });
        let ends = job_of(message)
            .is_some_and(|id| self.shown.get(&id).is_some_and(Shown::is_over) && !taken);
        let apart = if last.at_once { FRAME } else { 0 };
        let apart = intervals.get(&name).copied().unwrap_or(0).max(apart);
        self.ensure(ends || now >= last.at + apart, || {
            format!(
                "{name} of {key} is told at {} and {now}, less than {apart} ms apart",
                last.at
            )
        });
    }

    fn entity(&mut self, record: &Value) {
        let text = |place: usize| record[place].as_str().map(str::to_owned);
        let key = (text(1).unwrap_or_default(), text(2).unwrap_or_default());
        match &record[7] {
            Value::Object(data) => {
                let entity = Entity {
                    status: text(3),
                    previous: text(4),
                    data: data.clone(),
                };
                self.entities.insert(key, entity);
            }
            _ => drop(self.entities.remove(&key)),
        }
    }

    /// "The table equals the server's last word", once everything was told.
    pub fn tables(&mut self, kinds: &[&str]) {
        for (key, entity) in &self.model.0 {
            if kinds.contains(&key.0.as_str()) && self.entities.get(key) != Some(entity) {
                let shown = self.entities.get(key);
                let why = format!("{key:?} shows {shown:?}, the truth is {entity:?}");
                return self.ensure(false, || why);
            }
        }
    }

    /// Whoever listened to everything heard the last of each event and key, and all that have none.
    pub fn last_was_told(&mut self, server: &Server, polls: bool, party_waits: bool) {
        for ((name, key), number) in self.last.clone() {
            let told = self
                .tells
                .get(&(name.clone(), key.clone()))
                .map(|tell| tell.number);
            // What an HTTP read had told before, and what came after an end, is no news.
            let about_a_job = key.starts_with("job") && !name.starts_with("enrichment_phase");
            let ended =
                about_a_job && (polls || self.shown.get(&key[4..]).is_none_or(Shown::is_over));
            if !ended {
                let message = &server.said[number as usize];
                self.ensure(told == Some(number), || {
                    format!("{name} of {key}: {message:?} was the last, {told:?} was told")
                });
            }
        }
        // With an interval those of one name share it.
        let alone = |numbers: &[u64]| -> Vec<u64> {
            let told = numbers.iter().copied();
            told.filter(|number| !(party_waits && server.said[*number as usize].event == "party"))
                .collect()
        };
        let (told, handed) = (alone(&self.told_alone), alone(&self.handed_alone));
        self.ensure(told == handed, || {
            format!("events without a key: {told:?} were told, {handed:?} came")
        });
    }

    /// After the faults every job that is followed shows how it ended.
    pub fn truth(&mut self, server: &Server, known: impl Fn(&str) -> bool) {
        for job in &server.jobs {
            let shown = self.shown.get(&job.id).cloned();
            if !known(&job.id) {
                continue;
            }
            let over = shown.as_ref().is_some_and(Shown::is_over);
            self.ensure(over, || format!("job {job:?} shows {shown:?}"));
        }
    }
}
