//! Jobs: progress never runs backwards, an end is final, and when all is well the page shows the server's truth.

use super::Broken;
use crate::server::Job;
use crate::simulator::STATUSES;
use serde_json::Value;
use std::collections::BTreeMap;

/// What the page shows of a job.
#[derive(Clone, Debug)]
pub struct Shown {
    status: &'static str,
    progress: Option<f64>,
    stale: bool,
}

impl Shown {
    fn is_over(&self) -> bool {
        matches!(self.status, "completed" | "failed" | "cancelled")
    }
}

#[derive(Default)]
pub struct Jobs {
    shown: BTreeMap<String, Shown>,
}

impl Jobs {
    pub fn told(&mut self, record: &Value, truth: &[Job], wanted: bool, broken: &mut Broken) {
        let id = record[1].as_str().unwrap_or("");
        let status = record[2]
            .as_u64()
            .and_then(|status| STATUSES.get(status as usize));
        let Some(job) = truth.iter().find(|job| job.id == id) else {
            return broken.ensure("only known jobs are told", false, || record.to_string());
        };
        broken.ensure("only jobs that somebody looks at are told", wanted, || {
            record.to_string()
        });
        let shown = Shown {
            status: status.copied().unwrap_or("(no such status)"),
            progress: record[3].as_f64(),
            stale: record[7] == 1,
        };
        if let Some(before) = self.shown.get(id) {
            let back = before.progress > shown.progress
                || before.is_over() && before.status != shown.status;
            broken.ensure("jobs never run backwards", !back, || {
                format!("{id}: {before:?} → {shown:?}")
            });
        }
        let early = shown.is_over() && job.status != shown.status;
        broken.ensure("no end before the server's", !early, || {
            format!("{id}: {shown:?}, but it is {}", job.status)
        });
        self.shown.insert(id.to_owned(), shown);
    }

    pub fn show_the_truth(&self, job: &Job, broken: &mut Broken) {
        let shown = self.shown.get(&job.id);
        let status = match job.status {
            "processing" => "running",
            other => other,
        };
        let same = shown.is_some_and(|shown| {
            shown.status == status
                && (status != "running" || shown.progress == Some(job.progress as f64))
                && (!shown.stale || job.is_over())
        });
        broken.ensure("jobs show the truth", same, || {
            format!(
                "{} is {} at {}, the page shows {shown:?}",
                job.id, job.status, job.progress
            )
        });
    }
}
