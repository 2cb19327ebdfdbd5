//! Signs of life: heartbeats are answered, a subscription is said first, silence ends a connection.

use super::Check;
use crate::plan::Plan;
use jobwire::core::Gen;

/// How much later than its limit a connection may be given up, ms: a late timer, what was queued behind it, and the
/// grace for that.
const LATE: u64 = 2000;

impl Check {
    /// A socket opens: what is subscribed to is said before anything else.
    pub(super) fn opened(&mut self, plan: &Plan, r#gen: Gen, mono: u64) {
        if let Some(socket) = self.sockets.get_mut(&r#gen.id()) {
            socket.opened_at = Some(mono);
            socket.heard = mono;
            socket.subscribes = plan.config.subscribe.is_some();
            let key = socket.key;
            self.unheal();
            self.socket_back(key);
        }
    }

    pub(super) fn frames(&mut self, text: &str, gens: &[Gen], mono: u64) {
        // A faulty server's frame may hold the separator, and is never joined with others.
        let mut frames: Vec<&str> = text.split('\u{1e}').collect();
        if gens.len() == 1 {
            frames = vec![text];
        }
        for (frame, r#gen) in frames.into_iter().zip(gens) {
            let asks = ["heartbeat", "ping"]
                .map(|kind| frame.matches(&format!("{{\"type\":\"{kind}\"")).count());
            self.heard(*r#gen, mono);
            if let Some(socket) = self.sockets.get_mut(&r#gen.id()) {
                socket.pongs += asks.iter().sum::<usize>();
            }
        }
    }

    pub(super) fn heard(&mut self, r#gen: Gen, mono: u64) {
        if let Some(socket) = self.sockets.get_mut(&r#gen.id()) {
            socket.heard = mono;
        }
    }

    /// The page runs again.
    pub fn woke(&mut self, mono: u64) {
        self.awake = mono;
    }

    /// Something is sent. Whether it is the client's own: a subscription, or the answer to a heartbeat.
    pub(super) fn is_sign(&mut self, plan: &Plan, r#gen: Gen, text: &str) -> bool {
        let Some(socket) = self.sockets.get_mut(&r#gen.id()) else {
            return false;
        };
        if std::mem::take(&mut socket.subscribes) {
            let right =
                plan.config.subscribe.as_ref().is_some_and(|(event, _)| {
                    text == format!("{{\"type\":\"{event}\",\"all\":true}}")
                });
            self.ensure(right, || format!("not what is subscribed to: {text}"));
            return true;
        }
        if !text.starts_with("{\"type\":\"pong\",") {
            return false;
        }
        let asked = socket.pongs > 0;
        socket.pongs = socket.pongs.saturating_sub(1);
        self.ensure(asked, || format!("nobody asked: {text}"));
        true
    }

    /// After every input: nothing is owed, and nothing is silent for too long.
    pub(super) fn signs_settled(&mut self, plan: &Plan, mono: u64) {
        let config = &plan.config;
        let awake = self.awake + LATE < mono;
        let mut broken = None;
        for socket in self.sockets.values() {
            let (limit, since) = match socket.opened_at {
                Some(_) if config.heartbeat_interval == 0 => (u64::MAX / 2, 0),
                Some(_) => (
                    config.heartbeat_interval + config.heartbeat_timeout,
                    socket.heard,
                ),
                None => (config.heartbeat_timeout.max(1000), socket.begun),
            };
            if awake && since + limit + LATE < mono {
                broken = Some(format!(
                    "socket {} lives though nothing was heard of it since {since}",
                    socket.key
                ));
            }
            if socket.pongs > 0 {
                broken = Some(format!(
                    "socket {}: a heartbeat is not answered",
                    socket.key
                ));
            }
            if socket.subscribes {
                broken = Some(format!("socket {}: nothing is subscribed to", socket.key));
            }
        }
        self.ensure(broken.is_none(), || broken.unwrap_or_default());
    }
}
