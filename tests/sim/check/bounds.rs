//! Bounds of what the engine keeps, as `inspect()` tells them.

use super::Check;
use super::reads::READS_AT_ONCE;
use crate::page::Found;
use crate::plan::Plan;

impl Check {
    /// "Queues, history and tables stay within their bounds."
    pub fn bounds(&mut self, plan: &Plan, mono: u64, found: &Found) {
        let config = &plan.config;
        let horizon = (config.heartbeat_interval + config.heartbeat_timeout).max(30_000);
        self.recent.retain(|at| at + horizon >= mono);
        // Every socket, read and token request leaves one reminder until its time has passed; a socket may be probed.
        let reminders = 16 + 4 * plan.jobs + 3 * self.recent.len();
        let within = [
            ("outgoing", found.outgoing, config.queue_items),
            ("outgoing bytes", found.outgoing_bytes, config.queue_bytes),
            ("reading", found.reading, READS_AT_ONCE),
            ("reads in line", found.reads_in_line, plan.jobs),
            ("jobs in line", found.jobs_in_line, plan.jobs),
            ("reminders", found.reminders, reminders),
            ("connections", found.connections, config.max_sockets),
            ("history", found.history, config.history),
            ("jobs", found.jobs, plan.jobs + 2),
        ];
        for (what, is, most) in within {
            self.ensure(is <= most, || {
                format!("{what}: {is}, at most {most} are allowed")
            });
        }
    }
}
