//! The truth: jobs that move from stage to stage, fail, are tried again, and end; and what a server says about them.

use crate::plan::{Attempts, IDS};
use crate::simulator::Dice;

const STAGES: [&str; 5] = [
    "download",
    "separation",
    "transcription",
    "musicxml",
    "polishing",
];

#[derive(Clone, Debug)]
pub struct Job {
    pub id: &'static str,
    pub encoded: &'static str,
    pub status: &'static str,
    pub progress: u64,
    pub stage: usize,
    pub attempt: u32,
    pub retryable: bool,
    /// Changes with every change; the entity tag.
    version: u32,
    /// Its ends so far: when, which attempt, how.
    pub ends: Vec<(u64, u32, &'static str)>,
    /// How its attempts end.
    fate: Vec<&'static str>,
    /// Time between two steps, ms.
    pub pace: u64,
}

/// What the wire carries, kept beside the text so that checks need not parse it again.
#[derive(Clone, Copy, Debug)]
pub struct Said {
    pub number: u64,
    pub job: Option<usize>,
    pub attempt: u32,
    pub progress: u64,
}

pub struct Truth {
    pub jobs: Vec<Job>,
    attempts: Attempts,
    pub said: Vec<Said>,
}

impl Job {
    /// Whether its stage may advance while its progress stands still.
    pub fn stands_still(&self) -> bool {
        self.pace == 700
    }
}

impl Truth {
    pub fn new(count: usize, attempts: Attempts, dice: &mut Dice) -> Self {
        let jobs = (0..count).map(|n| {
            let mut fate = Vec::new();
            while dice.chance(35) && fate.len() < 3 {
                fate.push("failed");
            }
            fate.push(dice.pick(&["completed", "completed", "failed", "cancelled"]));
            fate.reverse();
            Job {
                id: IDS[n].0,
                encoded: IDS[n].1,
                status: "queued",
                progress: 0,
                stage: 0,
                attempt: 1,
                retryable: true,
                version: 1,
                ends: Vec::new(),
                fate,
                pace: dice.pick(&[200, 700, 2000, 6000]),
            }
        });
        Self {
            jobs: jobs.collect(),
            attempts,
            said: Vec::new(),
        }
    }

    pub fn is_over(&self, job: usize) -> bool {
        matches!(self.jobs[job].status, "completed" | "failed" | "cancelled")
    }

    /// One step of a job.
    pub fn step(&mut self, job: usize, now: u64, dice: &mut Dice) {
        let end = dice.chance(12);
        let ahead = dice.between(1, 30);
        let job = &mut self.jobs[job];
        job.version += 1;
        if job.status == "queued" {
            job.status = "running";
            return;
        }
        // Some work shows only in the stage.
        let stands_still = job.stands_still() && job.version.is_multiple_of(3);
        job.progress += if stands_still { 0 } else { ahead };
        let reached = job.progress as usize / 25;
        let next = job.stage + usize::from(stands_still);
        job.stage = reached.max(next).min(STAGES.len() - 1);
        if job.progress >= 100 || end {
            job.status = if job.fate.len() > 1 {
                job.fate.pop().unwrap_or("completed")
            } else {
                job.fate[0]
            };
            job.progress = if job.status == "completed" {
                100
            } else {
                job.progress.min(99)
            };
            job.ends.push((now, job.attempt, job.status));
        }
    }

    /// Begins a new attempt of a job that failed.
    pub fn retry(&mut self, job: usize) -> bool {
        let job = &mut self.jobs[job];
        if job.status != "failed" {
            return false;
        }
        job.version += 1;
        job.attempt += 1;
        job.status = "queued";
        job.progress = 0;
        job.stage = 0;
        true
    }

    /// The place of a stage among those that a job goes through.
    pub fn place_of(stage: Option<&str>) -> Option<usize> {
        STAGES.iter().position(|known| Some(*known) == stage)
    }

    pub fn stage(&self, job: usize) -> &'static str {
        STAGES[self.jobs[job].stage]
    }

    fn number(&mut self, job: Option<usize>) -> u64 {
        let number = self.said.len() as u64;
        let (attempt, progress) = job.map_or((0, 0), |job| {
            (self.jobs[job].attempt, self.jobs[job].progress)
        });
        self.said.push(Said {
            number,
            job,
            attempt,
            progress,
        });
        number
    }

    /// The message that tells a job's present state; nothing is said of a job that is queued.
    pub fn message(&mut self, index: usize) -> Option<(String, Said)> {
        let kind = match self.jobs[index].status {
            "running" => "progress",
            "completed" => "completed",
            "failed" => "error",
            "cancelled" => "cancelled",
            _ => return None,
        };
        let number = self.number(Some(index));
        let (job, stage) = (&self.jobs[index], self.stage(index));
        let counted = match self.attempts {
            Attempts::Nowhere => false,
            Attempts::NotInEnds => kind == "progress",
            Attempts::Everywhere => true,
        };
        let attempt = if counted {
            format!(",\"attempt\":{}", job.attempt)
        } else {
            String::new()
        };
        let rest = match kind {
            "progress" => format!(
                "\"progress\":{},\"stage\":\"{stage}\",\"message\":\"working on {stage}\"",
                job.progress
            ),
            "completed" => format!(
                "\"progress\":100,\"result_url\":\"/api/v1/results/{}\",\"duration_seconds\":1.5",
                job.encoded
            ),
            "error" => format!(
                "\"error\":{{\"message\":\"it broke\",\"retryable\":{},\"stage\":\"{stage}\"}}",
                job.retryable
            ),
            _ => "\"message\":\"as you wish\"".into(),
        };
        let text = format!(
            "{{\"type\":\"{kind}\",\"job_id\":\"{}\",{rest},\"n\":{number}{attempt}}}",
            job.id
        );
        Some((text, self.said[number as usize]))
    }

    /// An event of the app's own.
    pub fn custom(&mut self) -> (String, Said) {
        let number = self.number(None);
        (
            format!("{{\"type\":\"party\",\"guest_list\":[],\"n\":{number}}}"),
            self.said[number as usize],
        )
    }

    pub fn etag(&self, job: usize) -> String {
        format!("\"{}-{}\"", job, self.jobs[job].version)
    }

    pub fn snapshot(&self, index: usize) -> String {
        let (job, stage) = (&self.jobs[index], self.stage(index));
        let attempt = match self.attempts {
            Attempts::Nowhere => String::new(),
            _ => format!(",\"attempt\":{}", job.attempt),
        };
        let error = match job.status {
            "failed" => format!(
                ",\"error\":{{\"message\":\"it broke\",\"retryable\":{}}}",
                job.retryable
            ),
            _ => String::new(),
        };
        format!(
            "{{\"job_id\":\"{}\",\"status\":\"{}\",\"progress\":{},\"stage\":\"{stage}\"{error}{attempt}}}",
            job.id, job.status, job.progress
        )
    }
}
