//! Events of the server: each is told exactly once, in order, as it was emitted.

use super::Broken;
use crate::records::Heard;
use crate::server::{Server, Style};
use crate::store::Store;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Default)]
pub struct Events {
    /// The number of the last one told, by channel.
    last: BTreeMap<String, u64>,
    /// How much of each life has been told.
    read: BTreeMap<usize, usize>,
    seq: u64,
    pub told: u64,
}

impl Events {
    /// An event is told; what it is a part of (its number) is given back.
    pub fn told(
        &mut self,
        heard: &Heard,
        server: &Server,
        store: &mut Store,
        whole: bool,
        broken: &mut Broken,
    ) -> Option<u64> {
        self.told += 1;
        let before = std::mem::replace(&mut self.seq, heard.seq);
        broken.ensure("events are numbered in order", before <= heard.seq, || {
            format!("{heard:?} after {before}")
        });
        let bytes: Vec<Option<Vec<u8>>> = heard
            .attachments
            .iter()
            .map(|id| {
                broken.expect(
                    "attachments are handed over before their record",
                    store.take(*id),
                )
            })
            .collect();
        if heard.invalid.is_some() {
            return None;
        }
        let k = heard.args[0]["k"].as_u64()?;
        let Some(emission) = server.emissions.get(k as usize) else {
            broken.ensure("only events of the server are told", false, || {
                format!("{heard:?}")
            });
            return None;
        };
        let args: Value =
            serde_json::from_str(&format!("[{}]", emission.args)).unwrap_or(Value::Null);
        let same = emission.namespace == heard.namespace
            && emission.name == heard.name
            && args == heard.args;
        broken.ensure("events are told as they were emitted", same, || {
            format!("{heard:?} instead of {emission:?}")
        });
        let whole_bytes = bytes.len() == emission.attachments.len()
            && bytes
                .iter()
                .zip(&emission.attachments)
                .all(|(have, want)| have.as_ref() == Some(want));
        broken.ensure("attachments are told whole", whole_bytes, || {
            format!("{bytes:?} of {emission:?}")
        });
        let job = emission.style == Style::Job;
        broken.ensure("job news names its job", job == heard.job.is_some(), || {
            format!("{heard:?}")
        });
        let asks = emission.style == Style::Question;
        broken.ensure(
            "only questions are to be answered",
            asks == (heard.reply > 0),
            || format!("{heard:?} of {emission:?}"),
        );
        let last = self.last.insert(heard.namespace.clone(), k);
        broken.ensure(
            "events are told once, in order",
            last.is_none_or(|last| last < k),
            || format!("{heard:?} after event {last:?}"),
        );
        if whole {
            self.without_holes(&heard.namespace, last, k, server, broken);
        }
        Some(k)
    }

    /// Whatever was emitted to the same connection before has been told. A connection that the client has lost may live
    /// on at the server for a while, so an event may have been emitted to several.
    fn without_holes(
        &mut self,
        namespace: &str,
        last: Option<u64>,
        k: u64,
        server: &Server,
        broken: &mut Broken,
    ) {
        let mut skipped = None;
        let all = server.lives.iter().enumerate().rev();
        for (life, entry) in all.filter(|(_, entry)| entry.namespace == namespace) {
            let Some(place) = entry.emitted.iter().position(|emitted| *emitted == k) else {
                continue;
            };
            let read = self.read.get(&life).copied().unwrap_or(0).min(place);
            let certain = |k: &&u64| last < Some(**k) && is_certain(server, life, **k);
            skipped = entry.emitted[read..place].iter().find(certain);
            if skipped.is_none() {
                self.read.insert(life, place + 1);
                return;
            }
        }
        broken.ensure("no event is left out", false, || {
            format!("event {skipped:?} before event {k} in {namespace}")
        });
    }

    /// The page is told everything that was emitted to the connection it has now.
    pub fn all_was_told(&self, life: usize, server: &Server, broken: &mut Broken) {
        let entry = &server.lives[life];
        let last = self.last.get(&entry.namespace).copied();
        let read = self.read.get(&life).copied().unwrap_or(0);
        let certain = |k: &&u64| last < Some(**k) && is_certain(server, life, **k);
        let missing = entry.emitted[read..].iter().find(certain);
        broken.ensure("what was emitted is told", missing.is_none(), || {
            format!("event {missing:?} was not told; {entry:?}")
        });
    }
}

/// Job news that is no news any more is not told; what was not stored may be lost with a session.
fn is_certain(server: &Server, life: usize, k: u64) -> bool {
    let emission = &server.emissions[k as usize];
    emission.is_certain()
        && emission.style != Style::Job
        && !server.lives[life].doubtful.contains(&k)
}
