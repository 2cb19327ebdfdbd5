//! What the page is told.

use super::World;
use crate::check::Answer;
use crate::records::Record;
use jobwire::core::Problem;
use serde_json::Value;

impl World {
    pub(super) fn record(&mut self, record: Record) {
        let now = self.clock.mono();
        match record {
            Record::Job(record) => {
                let id = record[1].as_str().unwrap_or("");
                let wanted = self.page.watch_all || self.page.follows(id);
                self.jobs
                    .told(&record, &self.server.jobs, wanted, &mut self.broken);
            }
            Record::Own | Record::Log => {}
            Record::Status(status) => {
                let namespace = self.plan.config.namespace.clone();
                self.note_status(&namespace, status.state, status.problem);
                self.page.status = status;
            }
            Record::Channel(namespace, status) => {
                let known = self.page.opened.contains(&namespace);
                self.broken
                    .ensure("only channels of the page are told", known, || {
                        namespace.clone()
                    });
                self.note_status(&namespace, status.state, status.problem);
                self.page.statuses.insert(namespace, status);
            }
            Record::Answer(rid, value) => self.answer(rid, &value),
            Record::Refusal(rid, problem) => {
                if self.page.answers.contains_key(&rid.into()) {
                    return self.count_answer(rid);
                }
                self.ledger
                    .answered(rid.into(), Answer::Refused(problem), now, &mut self.broken);
            }
            Record::Acknowledged(rid, args, ids) => {
                let bytes = ids.into_iter().filter_map(|id| {
                    let bytes = self.store.take(id);
                    self.broken
                        .expect("attachments are handed over before their record", bytes)
                });
                let answer = Answer::Acknowledged(args, bytes.collect());
                self.ledger
                    .answered(rid.into(), answer, now, &mut self.broken);
            }
            Record::Event(heard) => {
                let hears = self.page.listens_to_all
                    || self.page.listens.contains(&heard.namespace)
                    || self.page.stopped_listening.contains(&heard.namespace);
                self.broken
                    .ensure("only what is listened to is told", hears, || {
                        format!("{heard:?}")
                    });
                let whole = self.plan.listens_always;
                let k = self.events.told(
                    &heard,
                    &self.server,
                    &mut self.store,
                    whole,
                    &mut self.broken,
                );
                if let (Some(_), true) = (k, heard.reply > 0) {
                    self.asked(&heard.namespace, heard.reply);
                }
            }
        }
    }

    /// Refused for good, or put out: nothing but the page asks for it again.
    fn note_status(&mut self, namespace: &str, state: &str, problem: u8) {
        if state != "failed" {
            return;
        }
        self.ledger.doubt(namespace);
        if self.gave_up() {
            self.transports.leaves_behind();
        }
        let for_good = [Problem::Refused, Problem::RefusedAuth, Problem::Kicked];
        if for_good.iter().any(|known| *known as u8 == problem) {
            self.doors.shuts(namespace);
        }
    }

    /// Whether the client has no link any more, as it says of itself: where one namespace fails the others live on.
    fn gave_up(&self) -> bool {
        let lists: Value =
            serde_json::from_str(&self.client.engine.inspect(7)).unwrap_or(Value::Null);
        lists[3].as_array().is_some_and(|links| links.len() == 1)
    }

    fn answer(&mut self, rid: u32, value: &Value) {
        if self.page.answers.contains_key(&rid.into()) {
            return self.count_answer(rid);
        }
        let answer = match value.as_str() {
            Some("sent") => Answer::Sent,
            Some("queued") => Answer::Queued,
            Some("dropped") => Answer::Dropped,
            _ => {
                return self.broken.ensure("answers are what they are", false, || {
                    format!("{rid}: {value}")
                });
            }
        };
        let now = self.clock.mono();
        self.ledger
            .answered(rid.into(), answer, now, &mut self.broken);
    }

    fn count_answer(&mut self, rid: u32) {
        let count = self.page.answers.entry(rid.into()).or_insert(0);
        *count += 1;
        let once = *count == 1;
        self.broken
            .ensure("answered once", once, || format!("rid {rid}"));
    }
}
