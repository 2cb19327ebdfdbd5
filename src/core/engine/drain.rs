//! How much a WebSocket has taken in and not sent. A browser takes whatever it is given, and keeps it in memory while the
//! network does not: so what a socket has not sent has a bound, above which messages wait in the queue, with its bounds.
//!
//! No browser says that a socket has drained: the driver is asked, after so many bytes and then again and again.

use crate::core::engine::Engine;
use crate::core::io::input::Gen;
use crate::core::io::output::Output;
use crate::core::time::Time;

/// Bytes that a socket may have taken in and not sent. One message that is larger goes, when nothing else is there.
const MOST_BUFFERED: u64 = 1 << 20;

/// How long after it was found full a socket is looked at again, ms.
const AGAIN: u64 = 50;

#[derive(Debug)]
struct Drain {
    r#gen: Gen,
    /// At most so many bytes have not been sent.
    bytes: u64,
    /// It has too much: when it is looked at again.
    full: Option<Time>,
    /// The driver said so; else it was given so much, and may have sent it.
    is_stuck: bool,
}

/// The sockets that were given something.
#[derive(Debug, Default)]
pub(super) struct Drains {
    list: Vec<Drain>,
}

impl Drains {
    fn get_mut(&mut self, r#gen: Gen) -> Option<&mut Drain> {
        self.list.iter_mut().find(|drain| drain.r#gen == r#gen)
    }

    /// Whether a socket may be given a message.
    pub(super) fn has_room(&self, r#gen: Gen) -> bool {
        let mut list = self.list.iter();
        !list.any(|drain| drain.r#gen == r#gen && drain.full.is_some())
    }

    /// Whether a socket has not sent what it was given before. A server that does not read what it is sent misses nothing
    /// when its pings are not answered.
    pub(super) fn is_stuck(&self, r#gen: Gen) -> bool {
        let mut list = self.list.iter();
        list.any(|drain| drain.r#gen == r#gen && drain.is_stuck)
    }

    /// A socket has gone, and with it whatever it had not sent.
    pub(super) fn forget(&mut self, r#gen: Gen) {
        self.list.retain(|drain| drain.r#gen != r#gen);
    }

    pub(super) fn clear(&mut self) {
        self.list.clear();
    }
}

impl Engine {
    /// Sends a text on a socket.
    pub(super) fn give(&mut self, r#gen: Gen, text: String) {
        let bytes = text.len() as u64;
        self.outputs.push(Output::Send { r#gen, text });
        self.gave(r#gen, bytes);
    }

    /// A socket was given so many bytes.
    pub(super) fn gave(&mut self, r#gen: Gen, bytes: u64) {
        if self.drains.get_mut(r#gen).is_none() {
            self.drains.list.push(Drain {
                r#gen,
                bytes: 0,
                full: None,
                is_stuck: false,
            });
        }
        let again = self.now.after(AGAIN);
        let Some(drain) = self.drains.get_mut(r#gen) else {
            return;
        };
        drain.bytes = drain.bytes.saturating_add(bytes);
        if drain.bytes > MOST_BUFFERED && drain.full.is_none() {
            drain.full = Some(again);
            self.outputs.push(Output::Measure { r#gen });
        }
    }

    /// The driver says how much a socket has not sent.
    pub(super) fn buffered(&mut self, r#gen: Gen, bytes: u64) {
        let again = self.now.after(AGAIN);
        if let Some(drain) = self.drains.get_mut(r#gen) {
            drain.bytes = bytes;
            drain.is_stuck = bytes > MOST_BUFFERED;
            drain.full = drain.is_stuck.then_some(again);
        }
    }

    /// Looks again at the sockets that were full; says when to do so next.
    pub(super) fn pump_drains(&mut self) -> Time {
        let now = self.now;
        let mut next = Time::NEVER;
        for drain in &mut self.drains.list {
            let Some(at) = &mut drain.full else { continue };
            if *at <= now {
                *at = now.after(AGAIN);
                self.outputs.push(Output::Measure { r#gen: drain.r#gen });
            }
            next = next.min(*at);
        }
        next
    }
}
