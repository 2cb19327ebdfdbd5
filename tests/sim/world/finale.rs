//! The end of the story: after all trouble the truth is shown, jobs end, the page leaves.

use super::acts::Act;
use super::server::LONGEST_WAIT;
use super::{Event, World};
use crate::plan::Fault;
use crate::simulator::driver::FRAME;
use crate::simulator::{Driver, SLOW, TOKEN_TIME};
use jobwire::core::{Ask, Command, Input};

impl World {
    fn longest_pause(&self) -> u64 {
        self.plan.config.backoff.max_delay
    }

    /// How long after the end of all trouble the truth must be shown, ms. With reads: the longest interval that may be
    /// in force (stretched by failures to the longest back-off, or as the server asked), since a read may just have
    /// failed; without: the longest back-off, after which the socket opens. Then a token, its refresh, a handshake and
    /// a read, with what slow packets were still under way; each job beyond the reads at once, or the sockets at once,
    /// waits for its turn; and one frame of the page.
    pub(super) fn bound(&self) -> u64 {
        let pause = self.longest_pause();
        let wait = match self.plan.interval() {
            Some(interval) => {
                let told = if self.plan.faults.contains(&Fault::HttpErrors) {
                    LONGEST_WAIT
                } else {
                    0
                };
                interval.max(pause).max(told)
            }
            // Told to wait: the longest back-off again, a half of it by chance.
            None => pause,
        };
        let wait = wait + if self.gives_up() { self.settled() } else { 0 };
        // After a retry() an end is taken for the old attempt's for this long.
        let wait = wait
            + if self.check.any_retry() {
                5000 + self.plan.interval().unwrap_or(0)
            } else {
                0
            };
        let slow = if self.plan.faults.contains(&Fault::SlowNetwork) {
            2 * SLOW
        } else {
            0
        };
        let turns = self.plan.jobs as u64;
        let trip = 2 * self.plan.latency;
        wait + slow + (4 + turns) * trip + 3 * TOKEN_TIME + self.plan.batch + 3 * FRAME + 100
    }

    /// Whether the client may have given up, or may yet, over something that was under way when the trouble ended.
    pub(super) fn gives_up(&self) -> bool {
        let plan = &self.plan;
        let refused = plan.fleeting_tokens || plan.config.token && !plan.faults.is_empty();
        !plan.config.polls() || refused
    }

    /// How long after the end of all trouble the last connection is known to be lost, ms.
    pub(super) fn settled(&self) -> u64 {
        2 * (self.plan.latency + SLOW) + 3 * TOKEN_TIME + 100
    }

    pub(super) fn check_still(&mut self) {
        self.check
            .truth(&self.plan, &self.page, &self.truth, self.still, false);
        if self.listens_always {
            let mono = self.clock.mono();
            self.check.losses_were_told(&self.plan, &self.page, mono);
        }
        self.still = self.clock.now;
        self.holding = false;
        self.finishing = true;
        self.at(self.clock.now, Event::CheckEnds);
    }

    /// Waits for the last job to end, then for the page to know.
    pub(super) fn check_ends(&mut self) {
        if (0..self.plan.jobs).any(|job| !self.truth.is_over(job)) {
            return self.later(500, Event::CheckEnds);
        }
        let bound = self.bound();
        self.later(bound, Event::Leave);
    }

    /// The page loses interest: no socket may outlive the linger time.
    pub(super) fn leave(&mut self) {
        self.check
            .truth(&self.plan, &self.page, &self.truth, self.still, true);
        if self.listens_always {
            self.check.ends_were_told(&self.page);
        }
        self.act(Act::Inspect);
        for job in 0..self.plan.jobs {
            while self.page.followers[job] > 0 {
                self.act(Act::Unfollow(job));
            }
        }
        while let Some(event) = self
            .page
            .listeners
            .iter()
            .find(|(_, count)| **count > 0)
            .map(|(name, _)| *name)
        {
            self.listen(event, -1);
        }
        if self.page.watch_all {
            self.act(Act::WatchAll);
        }
        let linger = self.plan.config.linger + 50;
        self.later(linger, Event::Close);
    }

    pub(super) fn close(&mut self) {
        let live = self.check.live_sockets();
        self.check.ensure(live == 0, || {
            format!("{live} sockets though nobody listens")
        });
        for _ in 0..2 {
            let act = self
                .dice
                .pick(&[Act::Refresh(0), Act::Connect, Act::Send, Act::Follow(0)]);
            self.act(act);
        }
        self.input(Input::Command(Command::new(Ask::Shutdown, 0.0, "")));
        self.page.closed = true;
        self.check.nothing_left(&self.page);
        self.act(Act::Connect);
        self.act(Act::Send);
        self.act(Act::Refresh(0));
        self.input(Input::Command(Command::new(Ask::Follow, 0.0, "j0")));
        self.input(Input::Take { late: false });
        self.input(Input::Timer);
        for conn in 0..self.connections.len().min(3) {
            let r#gen = self.connections[conn].link.r#gen;
            let text = "{\"type\":\"progress\",\"job_id\":\"j0\",\"progress\":1}".into();
            self.input(Input::Frames {
                text,
                gens: vec![r#gen],
            });
        }
        self.check.nothing_left(&self.page);
        let next = self.client.engine.next_deadline();
        self.check
            .ensure(next.is_none(), || "a deadline after close".into());
        let seed = self.seed;
        self.check.ensure(self.page.state == "closed", || {
            format!("seed {seed} ends {}", "not closed")
        });
        self.end_story();
    }
}
