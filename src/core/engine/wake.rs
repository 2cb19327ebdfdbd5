//! The page came back from somewhere: from behind other tabs, from a frozen state, from sleep. One idempotent answer.

use crate::core::connection::link::State;
use crate::core::engine::inspect::Count;
use crate::core::engine::{Engine, Phase};

/// How often a wake may make waiting links try again, ms: a window that gains and loses focus must not hammer.
const APART: u64 = 1000;
/// How long a socket that should have been heard of gets to show that it lives, ms.
const PROBE: u64 = 4000;
/// A silence after which jobs are read once on waking, ms.
const DOUBT: u64 = 5000;

impl Engine {
    /// `shown`: the page may be back from the back/forward cache.
    pub(super) fn wake(&mut self, shown: bool) {
        match self.phase {
            Phase::Suspended if shown => {
                self.phase = Phase::Idle;
                self.activate();
            }
            Phase::Active => self.wake_links(),
            _ => {}
        }
    }

    fn wake_links(&mut self) {
        let now = self.now;
        if now < self.next_wake {
            return;
        }
        self.next_wake = now.after(APART);
        self.count(Count::Wakes);
        let (interval, timeout) = self.heartbeat();
        self.probe_soon();
        for index in self.pool.places() {
            let Some(link) = self.pool.link(index) else {
                continue;
            };
            let silence = now.since(link.last_message);
            match link.state {
                State::Open if interval > 0 && silence > interval.saturating_add(timeout) => {
                    self.replace_socket(index, "silent on waking")
                }
                State::Open => {
                    if interval > 0 && silence > interval {
                        self.expect_sign(index, now.after(PROBE.min(timeout)));
                    }
                    if silence > DOUBT {
                        for entry in self.jobs_of(index) {
                            self.read_after_open(entry);
                        }
                    }
                }
                _ => {}
            }
        }
        self.retry_links_now();
        for index in self.jobs.indexes() {
            if self
                .jobs
                .get(index)
                .is_some_and(|entry| entry.open_ended() && self.open_link_of(index).is_none())
                && self.config.polls()
            {
                self.queue_read(index);
            }
        }
    }
}
