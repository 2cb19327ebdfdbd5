//! How much a WebSocket has taken in and not sent. A browser takes whatever it is given, and keeps it in memory while the
//! network does not: so what a socket has not sent has a bound, above which messages wait in the queue, with its bounds.
//!
//! No browser says that a socket has drained: the driver is asked, after so many bytes and then again and again.

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
pub(crate) struct Drains {
    list: Vec<Drain>,
}

impl Drains {
    fn get_mut(&mut self, r#gen: Gen) -> Option<&mut Drain> {
        self.list.iter_mut().find(|drain| drain.r#gen == r#gen)
    }

    /// Whether a socket may be given a message.
    pub(crate) fn has_room(&self, r#gen: Gen) -> bool {
        let mut list = self.list.iter();
        !list.any(|drain| drain.r#gen == r#gen && drain.full.is_some())
    }

    /// Whether a socket has not sent what it was given before. A server that does not read what it is sent misses nothing
    /// when its pings are not answered.
    pub(crate) fn is_stuck(&self, r#gen: Gen) -> bool {
        let mut list = self.list.iter();
        list.any(|drain| drain.r#gen == r#gen && drain.is_stuck)
    }

    /// A socket has gone, and with it whatever it had not sent.
    pub(crate) fn forget(&mut self, r#gen: Gen) {
        self.list.retain(|drain| drain.r#gen != r#gen);
    }

    pub(crate) fn clear(&mut self) {
        self.list.clear();
    }

    /// Sends a text on a socket.
    pub(crate) fn send(&mut self, r#gen: Gen, text: String, now: Time, outputs: &mut Vec<Output>) {
        let bytes = text.len() as u64;
        outputs.push(Output::Send { r#gen, text });
        self.sent(r#gen, bytes, now, outputs);
    }

    /// A socket was given so many bytes.
    pub(crate) fn sent(&mut self, r#gen: Gen, bytes: u64, now: Time, outputs: &mut Vec<Output>) {
        if self.get_mut(r#gen).is_none() {
            self.list.push(Drain {
                r#gen,
                bytes: 0,
                full: None,
                is_stuck: false,
            });
        }
        let Some(drain) = self.get_mut(r#gen) else {
            return;
        };
        drain.bytes = drain.bytes.saturating_add(bytes);
        if drain.bytes > MOST_BUFFERED && drain.full.is_none() {
            drain.full = Some(now.after(AGAIN));
            outputs.push(Output::Measure { r#gen });
        }
    }

    /// The driver says how much a socket has not sent.
    pub(crate) fn measured(&mut self, r#gen: Gen, bytes: u64, now: Time) {
        if let Some(drain) = self.get_mut(r#gen) {
            drain.bytes = bytes;
            drain.is_stuck = bytes > MOST_BUFFERED;
            drain.full = drain.is_stuck.then_some(now.after(AGAIN));
        }
    }

    /// Looks again at the sockets that were full; says when to do so next.
    pub(crate) fn look(&mut self, now: Time, outputs: &mut Vec<Output>) -> Time {
        let mut next = Time::NEVER;
        for drain in &mut self.list {
            let Some(at) = &mut drain.full else { continue };
            if *at <= now {
                *at = now.after(AGAIN);
                outputs.push(Output::Measure { r#gen: drain.r#gen });
            }
            next = next.min(*at);
        }
        next
    }
}
