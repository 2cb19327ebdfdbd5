//! What happens on the server, and how it tells of it: jobs that count tracks (system A) or go through phases and
//! imports (system C), their tracks, and playlists.

use crate::dice::Dice;
use serde_json::{Map, Value, json};

/// A job's truth.
#[derive(Clone, Debug)]
pub struct Job {
    pub id: String,
    pub status: &'static str,
    pub total: u64,
    pub succeeded: u64,
    pub failed: u64,
    /// It is an import, or an enrichment, or counts the tracks that it analyses.
    pub kind: Kind,
    /// Whether its total is told.
    pub tells_total: bool,
    pub phase: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Analysis,
    Enrichment,
    Import,
}

impl Job {
    pub fn is_over(&self) -> bool {
        ["completed", "failed", "cancelled"].contains(&self.status)
    }

    pub fn processed(&self) -> u64 {
        self.succeeded + self.failed
    }

    /// As `GET /jobs/{id}` answers.
    pub fn snapshot(&self) -> Value {
        let mut progress = json!({
            "tracksProcessed": self.processed(),
            "tracksSucceeded": self.succeeded,
            "tracksFailed": self.failed,
        });
        if self.tells_total {
            progress["total"] = self.total.into();
        }
        json!({"id": self.id, "status": self.status, "progress": progress})
    }
}

/// One message, as its event's payload.
#[derive(Clone, Debug)]
pub struct Message {
    /// Counts up over all messages; a member `n` of the payload.
    pub number: u64,
    pub event: &'static str,
    pub payload: Map<String, Value>,
}

pub struct Server {
    pub jobs: Vec<Job>,
    pub said: Vec<Message>,
    tracks: u64,
    playlists: u64,
    track_status: Vec<&'static str>,
}

fn id_of(dice: &mut Dice, id: &str) -> Value {
    match id.parse::<u64>() {
        Ok(number) if dice.chance(50) => number.into(),
        _ => id.into(),
    }
}

impl Server {
    pub fn new(dice: &mut Dice) -> Self {
        let jobs = (0..dice.between(1, 6)).map(|number| Job {
            id: if dice.chance(50) {
                number.to_string()
            } else {
                format!("job-{number}")
            },
            status: "queued",
            total: dice.between(1, 40),
            succeeded: 0,
            failed: 0,
            kind: dice.pick(&[Kind::Analysis, Kind::Enrichment, Kind::Import]),
            tells_total: dice.chance(70),
            phase: 0,
        });
        let jobs = jobs.collect();
        let tracks = dice.between(1, 30);
        Self {
            jobs,
            said: Vec::new(),
            tracks,
            playlists: dice.between(1, 4),
            track_status: vec!["pending"; tracks as usize],
        }
    }

    fn message(&mut self, event: &'static str, payload: Value) -> Message {
        let Value::Object(mut payload) = payload else {
            panic!("a payload is an object")
        };
        let number = self.said.len() as u64;
        payload.insert("n".into(), number.into());
        let message = Message {
            number,
            event,
            payload,
        };
        self.said.push(message.clone());
        message
    }

    fn job_message(&mut self, index: usize, dice: &mut Dice) -> Message {
        let job = self.jobs[index].clone();
        let id = id_of(dice, &job.id);
        let progress = job.snapshot()["progress"].clone();
        match job.kind {
            // An end has many names, and comes with counts or without.
            _ if job.is_over() && dice.chance(30) => {
                let mut payload = json!({"jobId": id, "status": job.status});
                if job.status != "failed" && dice.chance(50) {
                    payload["trackId"] = dice.between(0, self.tracks - 1).to_string().into();
                } else if dice.chance(50) {
                    payload["progress"] = progress;
                }
                self.message("job_status", payload)
            }
            Kind::Import if job.status == "running" => self.message(
                "bulk_import_progress",
                json!({"importId": id, "completed": job.processed(), "total": job.total}),
            ),
            Kind::Enrichment | Kind::Import if dice.chance(50) => {
                let event = match job.status {
                    "running" => "enrichment_job_started",
                    "completed" => "enrichment_job_completed",
                    "failed" => "enrichment_job_failed",
                    _ => "job_status_changed",
                };
                let mut payload = json!({"jobId": id, "status": job.status, "error": "no"});
                if event.starts_with("enrichment_job_") && job.is_over() && dice.chance(50) {
                    payload["progress"] = progress;
                }
                self.message(event, payload)
            }
            Kind::Enrichment | Kind::Import => self.message(
                "job_status_changed",
                json!({"job_id": id, "newStatus": job.status, "phase": job.phase}),
            ),
            Kind::Analysis => {
                let payload = json!({"jobId": id, "status": job.status, "progress": progress});
                self.message("job_status", payload)
            }
        }
    }

    fn track_message(&mut self, dice: &mut Dice) -> Message {
        let track = dice.between(0, self.tracks - 1);
        let id = id_of(dice, &track.to_string());
        let old = self.track_status[track as usize];
        let new = dice.pick(&["pending", "enriching", "completed"]);
        match dice.between(0, 2) {
            0 => {
                let mut payload =
                    json!({"trackId": id, "trackName": "x", "mood": dice.between(0, 3)});
                if dice.chance(50) {
                    payload["job_id"] = dice.pick(&self.jobs).id.into();
                }
                self.message("track_enriched", payload)
            }
            1 => {
                self.track_status[track as usize] = new;
                self.message(
                    "track_status_changed",
                    json!({"track_id": id, "oldStatus": old, "newStatus": new}),
                )
            }
            _ => {
                let working = self
                    .jobs
                    .iter()
                    .position(|job| job.status == "running" && job.kind == Kind::Analysis);
                let Some(index) = working else {
                    return self.message("track_enriched", json!({"trackId": id}));
                };
                let mut job = self.jobs[index].clone();
                let status = dice.pick(&["analyzed", "failed", "running"]);
                if job.processed() + 1 < job.total && status != "running" {
                    if status == "failed" {
                        job.failed += 1;
                    } else {
                        job.succeeded += 1;
                    }
                    self.jobs[index] = job.clone();
                }
                let progress = job.snapshot()["progress"].clone();
                self.message(
                    "job_status",
                    json!({"jobId": job.id, "trackId": id, "status": status, "progress": progress}),
                )
            }
        }
    }

    fn playlist_message(&mut self, dice: &mut Dice) -> Message {
        let id = format!("p{}", dice.between(0, self.playlists - 1));
        let value = dice.between(0, 9);
        let event = dice.pick(&[
            "metric_update",
            "metric_update",
            "follower_count_updated",
            "analytics_updated",
            "playlist_error",
            "playlist_updated",
        ]);
        let payload = match event {
            "playlist_updated" => {
                json!({"playlistId": id, "id": 7, "updates": {"name": value, "n": value}})
            }
            "playlist_error" => json!({"playlist_id": id, "error": "gone"}),
            "follower_count_updated" => json!({"id": id, "followerCount": value}),
            _ => json!({"playlistId": id, "metrics": {"value": value}}),
        };
        self.message(event, payload)
    }

    /// Something happens, of which a few messages tell.
    pub fn step(&mut self, dice: &mut Dice, may_end: bool) -> Message {
        match dice.between(0, 9) {
            0..=3 => {
                let index = dice.between(0, self.jobs.len() as u64 - 1) as usize;
                self.advance(index, dice, may_end)
            }
            4..=6 => self.track_message(dice),
            7 => self.playlist_message(dice),
            8 => {
                let event = dice.pick(&["activity_logged", "batch_complete", "party", "progress"]);
                self.message(event, json!({"text": "a \"quoted\" é"}))
            }
            _ => {
                let job = dice.pick(&self.jobs);
                if job.status != "running" {
                    return self.playlist_message(dice);
                }
                let event = dice.pick(&[
                    "enrichment_phase_started",
                    "enrichment_phase_completed",
                    "batch_complete",
                    "job_progress",
                    "job_progress",
                ]);
                self.message(event, json!({"jobId": job.id, "phase": job.phase}))
            }
        }
    }

    /// A job goes on, or ends.
    pub fn advance(&mut self, index: usize, dice: &mut Dice, may_end: bool) -> Message {
        let job = &mut self.jobs[index];
        match job.status {
            "queued" => job.status = "running",
            "running" => {
                if job.processed() + 1 < job.total {
                    job.phase += 1;
                    if dice.chance(80) {
                        job.succeeded += 1;
                    } else {
                        job.failed += 1;
                    }
                } else if may_end {
                    job.succeeded = job.total - job.failed;
                    job.status = if job.kind == Kind::Import {
                        "completed"
                    } else {
                        dice.pick(&["completed", "completed", "failed", "cancelled"])
                    };
                }
            }
            _ => {}
        }
        self.job_message(index, dice)
    }

    /// A message in one of the envelopes.
    pub fn wrap(message: &Message, dice: &mut Dice) -> String {
        let payload = Value::Object(message.payload.clone());
        match dice.between(0, 2) {
            0 => json!({"type": message.event, "data": payload}).to_string(),
            1 => json!({"event": message.event, "data": payload}).to_string(),
            _ => {
                let mut flat = payload;
                flat["type"] = message.event.into();
                flat.to_string()
            }
        }
    }
}
