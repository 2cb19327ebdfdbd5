//! What must always hold for a page that is served by `broadcast`, watched from outside.

use crate::model::{Entities, Entity, counted, counts_of, end_of, job_of, key_of};
use crate::server::{Message, Server};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

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
    window: u64,
}

/// Total, processed, succeeded and failed.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    /// What the page must know at least.
    least: [Option<u64>; 4],
    /// Of whatever was said, though it came late.
    most: [Option<u64>; 4],
}

/// The events of the server, whose numbers say when it said them.
fn is_event(record: &Value) -> bool {
    [1, 6, 7].contains(&record[0].as_u64().unwrap_or(0))
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
    /// What each job counts, by all that was handed in.
    counts: BTreeMap<String, Counts>,
    /// How often each event was told.
    pub told_of: BTreeMap<String, u64>,
    /// How often the end of each job was told by each event, and the ends that were handed in.
    ends: BTreeMap<(String, String), u64>,
    handed_ends: BTreeSet<(String, String)>,
    /// The first message that told the end of each job.
    first_ends: BTreeMap<String, u64>,
    /// Up to which message the events of a job came before its end.
    before_end: BTreeMap<String, u64>,
    /// How far apart events are told, ms.
    intervals: BTreeMap<String, u64>,
    /// The page is told after its frames.
    late: bool,
    /// How often the page took what waits.
    window: u64,
    /// Events without a key that were told, and handed in.
    told_alone: Vec<u64>,
    pub handed_alone: Vec<u64>,
    /// The last number of each event and key that was handed in.
    pub last: BTreeMap<(String, String), u64>,
    batches: u64,
    /// What the page listens to.
    hears: Vec<&'static str>,
}

impl Check {
    pub fn new(hears: Vec<&'static str>, intervals: BTreeMap<String, u64>, late: bool) -> Self {
        Self {
            hears,
            intervals,
            late,
            ..Self::default()
        }
    }

    pub fn ensure(&mut self, holds: bool, why: impl FnOnce() -> String) {
        if !holds && self.broken.is_none() {
            self.broken = Some(why());
        }
    }

    fn hears(&self, name: &str) -> bool {
        self.hears.iter().any(|heard| ["*", name].contains(heard))
    }

    /// A message is about to be handed in.
    pub fn arrives(&mut self, message: &Message) {
        self.delivered.push(message.number);
        self.model.take_in(message);
        if let Some(id) = end_of(message) {
            self.first_ends.entry(id.clone()).or_insert(message.number);
            self.handed_ends.insert((message.event.to_owned(), id));
        }
        if let Some(id) = job_of(message) {
            let ends = end_of(message).is_some();
            self.counts_arrive(id, counts_of(message), |told, known| ends || told >= known);
        }
        match key_of(message, &self.intervals) {
            Some(key) => {
                self.last
                    .insert((message.event.to_owned(), key), message.number);
            }
            None => self.handed_alone.push(message.number),
        }
    }

    /// The answer of an HTTP read is about to be handed in.
    pub fn read_arrives(&mut self, id: &str, snapshot: &Value) {
        if let Some(progress) = snapshot["progress"].as_object() {
            // What it repeats may be older than what a socket said meanwhile.
            self.counts_arrive(id.to_owned(), counted(progress), |told, known| told > known);
        }
    }

    fn counts_arrive(
        &mut self,
        id: String,
        told: [Option<u64>; 4],
        is_news: impl Fn(Option<u64>, Option<u64>) -> bool,
    ) {
        let ends = self.shown.get(&id).is_some_and(Shown::is_over);
        let known = self.counts.entry(id).or_default();
        let news = is_news(told[1], known.most[1]) && (!ends || told[1] == known.most[1]);
        for (place, told) in told.into_iter().enumerate() {
            known.most[place] = told.max(known.most[place]);
            if news {
                known.least[place] = told.max(known.least[place]);
            }
        }
    }

    /// The page took what waited, and was told of it.
    pub fn taken(&mut self) {
        self.window += 1;
    }

    /// A batch of records; `taken`: the page took it with a frame.
    pub fn batch(&mut self, server: &Server, now: u64, taken: bool, records: &[Value]) {
        self.batches += 1;
        let mut ended = Vec::new();
        for record in records {
            match record[0].as_u64() {
                Some(0) => ended.extend(self.job(server, record)),
                Some(11) => self.entity(record),
                _ => {}
            }
        }
        // "Terminal at once": an end is told with the job that has ended, and not before the next frame.
        for id in &ended {
            let told = records
                .iter()
                .any(|record| is_event(record) && record[6] == *id);
            self.ensure(told || !self.hears("*"), || {
                format!("job {id} has ended, and no event tells it")
            });
            self.ensure(!taken, || format!("the end of job {id} waited for a frame"));
        }
        // Where the ends are; a job that has ended though nobody hears it is before all events.
        let newest = self.delivered.iter().max().copied().unwrap_or(0);
        let mut ends: BTreeMap<String, usize> = BTreeMap::new();
        for id in ended {
            ends.insert(id.clone(), usize::MAX);
            // What a read found and nobody hears is shown, not told.
            if let Some(number) = self.first_ends.get(&id) {
                self.before_end.insert(id, *number);
            }
        }
        for (place, record) in records.iter().enumerate().filter(|(_, r)| is_event(r)) {
            if let Some(id) = self.end_told(server, record) {
                let number = record[2]["n"].as_u64().unwrap_or(newest);
                self.before_end.insert(id.clone(), number);
                ends.insert(id, place);
            }
        }
        for (place, record) in records.iter().enumerate().filter(|(_, r)| is_event(r)) {
            self.event(server, now, taken, record, place, &ends);
        }
        let numbers: Vec<u64> = records
            .iter()
            .filter(|record| is_event(record))
            .filter_map(|record| record[2]["n"].as_u64())
            .collect();
        self.ensure(numbers.is_sorted(), || {
            format!("events of a batch are not told in order: {numbers:?}")
        });
    }

    /// The job whose end an event tells; each event tells it once.
    fn end_told(&mut self, server: &Server, record: &Value) -> Option<String> {
        let name = record[1].as_str().unwrap_or("").to_owned();
        let id = match record[2]["n"].as_u64() {
            Some(number) => end_of(&server.said[number as usize])?,
            None if record[0] == 7 && record[2][0] != 0 => record[6].as_str()?.to_owned(),
            None => return None,
        };
        let times = self.ends.entry((name.clone(), id.clone())).or_default();
        *times += 1;
        let once = *times == 1;
        self.ensure(once, || format!("{name} tells the end of job {id} twice"));
        Some(id)
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
        let known = self.counts.get(&id).copied().unwrap_or_default();
        let kept = (0..4).all(|place| {
            let told = shown.counts[place];
            known.least[place] <= told && told <= known.most[place]
        });
        self.ensure(kept, || {
            format!("job {id} counts {:?} of {known:?}", shown.counts)
        });
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

    /// Of a name and what it is about listeners are told once between two frames, and no sooner than its interval
    /// after the one before. But what the end of a job has behind it may not come after it: `ends` says where they are.
    fn event(
        &mut self,
        server: &Server,
        now: u64,
        taken: bool,
        record: &Value,
        place: usize,
        ends: &BTreeMap<String, usize>,
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
        let job = job_of(message);
        let end = job.as_ref().and_then(|id| ends.get(id));
        let before = job.as_ref().and_then(|id| self.before_end.get(id));
        let late = before.is_some_and(|before| number < *before) && end.is_none();
        self.ensure(!late, || {
            format!("{message:?} is told after the end of job {job:?}")
        });
        let Some(key) = key_of(message, &self.intervals) else {
            self.told_alone.push(number);
            return;
        };
        let (batch, window) = (self.batches, self.window);
        let tell = Tell {
            at: now,
            number,
            batch,
            window,
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
        if end.is_some_and(|end| place <= *end) && !taken {
            return;
        }
        // What a take brings may reach the page later, together with what is told at once.
        let apart = if taken || !self.late { 1 } else { 2 };
        self.ensure(last.window + apart <= window, || {
            format!("{name} of {key} is told twice between two frames")
        });
        let apart = self.intervals.get(&name).copied().unwrap_or(0);
        self.ensure(now >= last.at + apart, || {
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

    /// Whoever listened heard the last of each event and key, all that have none, and each end by each of its events.
    pub fn last_was_told(&mut self, server: &Server, polls: bool) {
        for ((name, key), number) in self.last.clone() {
            let told = self
                .tells
                .get(&(name.clone(), key.clone()))
                .map(|tell| tell.number);
            // What an HTTP read had told before, and what came after an end, is no news.
            let of_state = name.starts_with("job_status")
                || name.starts_with("enrichment_job")
                || name.starts_with("bulk");
            let ended = of_state
                && key.starts_with("job")
                && (polls || self.shown.get(&key[4..]).is_none_or(Shown::is_over));
            if !ended && self.hears(&name) {
                let message = &server.said[number as usize];
                self.ensure(told == Some(number), || {
                    format!("{name} of {key}: {message:?} was the last, {told:?} was told")
                });
            }
        }
        let handed: Vec<u64> = self.handed_alone.clone();
        let handed: Vec<u64> = handed
            .into_iter()
            .filter(|number| self.hears(server.said[*number as usize].event))
            .collect();
        let told = self.told_alone.clone();
        self.ensure(told == handed, || {
            format!("events without a key: {told:?} were told, {handed:?} came")
        });
        for end in self.handed_ends.clone() {
            let told = self.ends.contains_key(&end) || !self.hears(&end.0);
            self.ensure(told, || format!("nobody was told {end:?}"));
        }
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
