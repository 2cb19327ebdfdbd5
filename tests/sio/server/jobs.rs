//! The truth about jobs of a karaoke queue, and what is said of them.

use crate::simulator::Dice;

pub struct Job {
    pub id: String,
    pub status: &'static str,
    pub progress: u64,
    end: &'static str,
    pub version: u32,
    /// Between two steps, ms.
    pub pace: u64,
}

impl Job {
    pub fn new(number: usize, dice: &mut Dice) -> Self {
        Self {
            id: format!("job-{number}"),
            status: "queued",
            progress: 0,
            end: dice.pick(&["completed", "completed", "failed", "cancelled"]),
            version: 1,
            pace: dice.pick(&[300, 1000, 4000]),
        }
    }

    pub fn is_over(&self) -> bool {
        matches!(self.status, "completed" | "failed" | "cancelled")
    }

    pub fn step(&mut self, ahead: u64) {
        self.version += 1;
        if self.status == "queued" {
            self.status = "processing";
            return;
        }
        self.progress = (self.progress + ahead).min(100);
        if self.progress == 100 {
            self.status = self.end;
            if self.end != "completed" {
                self.progress = 99;
            }
        }
    }

    /// As `GET /api/jobs/{id}` answers.
    pub fn snapshot(&self) -> String {
        format!("{{{}}}", self.members())
    }

    fn members(&self) -> String {
        let error = if self.status == "failed" {
            "\"it broke\""
        } else {
            "null"
        };
        format!(
            "\"id\":\"{}\",\"status\":\"{}\",\"progress\":{},\"status_message\":\"working\",\"error\":{error},\"result_url\":null",
            self.id, self.status, self.progress
        )
    }

    /// The event that tells of its present state.
    pub fn event(&self, k: u64) -> (&'static str, String) {
        let name = match self.status {
            "queued" => "job_created",
            "completed" => "job_completed",
            "failed" => "job_failed",
            "cancelled" => "job_cancelled",
            _ => "job_updated",
        };
        (name, format!("{{{},\"k\":{k}}}", self.members()))
    }
}
