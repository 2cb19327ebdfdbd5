//! The links of the client, which of them are on, who waits for one, and the sockets that have not closed yet.

use crate::core::collections::line::Line;
use crate::core::connection::link::Link;
use crate::core::io::input::Gen;
use crate::core::time::Time;
use crate::core::time::timers::{Owner, Timers};

/// How long a socket that was let go may take to close before its place is given away, ms: browsers wait for the other
/// end of a closing handshake, which may never come.
const CLOSING: u64 = 1000;

/// A socket that was let go.
#[derive(Clone, Copy, Debug)]
struct Closing {
    r#gen: Gen,
    /// It counts until then.
    until: Time,
}

/// See the module's documentation.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    links: Vec<Link>,
    /// Links that are on, in the order in which they began.
    pub(crate) linked: Line,
    /// Jobs that wait for a socket, first come first served.
    pub(crate) waiting: Line,
    /// Those of them that may have to be read meanwhile.
    pub(crate) unread: Vec<u32>,
    closing: Vec<Closing>,
    /// Sockets opened so far; makes generations unique.
    opened: u32,
}

impl Pool {
    pub(crate) fn link(&self, place: u32) -> Option<&Link> {
        self.links.get(place as usize)
    }

    pub(crate) fn link_mut(&mut self, place: u32) -> Option<&mut Link> {
        self.links.get_mut(place as usize)
    }

    /// The link of a place, made where there is none.
    pub(crate) fn make(&mut self, place: u32) -> Option<&mut Link> {
        while self.links.len() <= place as usize {
            self.links.push(Link::default());
        }
        self.link_mut(place)
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Link> {
        self.links.iter()
    }

    pub(crate) fn places(&self) -> std::ops::Range<u32> {
        0..self.links.len() as u32
    }

    /// Forgets every link.
    pub(crate) fn clear(&mut self) {
        self.links = Vec::new();
    }

    /// Whether somebody wants the link at this place.
    pub(crate) fn has(&self, place: u32) -> bool {
        self.link(place).is_some_and(|link| link.on)
    }

    /// The link that a generation belongs to, if that is its present one.
    pub(crate) fn current(&self, r#gen: Gen) -> Option<u32> {
        let place = r#gen.link();
        self.link(place)
            .is_some_and(|link| link.r#gen == r#gen && link.is_live())
            .then_some(place)
    }

    /// A generation of its own for a link's next socket.
    pub(crate) fn new_gen(&mut self, place: u32) -> Gen {
        self.opened = self.opened.wrapping_add(1);
        Gen::new(place, self.opened)
    }

    /// The link's socket is another one from here on.
    pub(crate) fn set_gen(&mut self, place: u32, r#gen: Gen) {
        if let Some(link) = self.link_mut(place) {
            link.r#gen = r#gen;
        }
    }

    /// Sets when a link's next step comes.
    pub(crate) fn remind(&mut self, place: u32, at: Time, timers: &mut Timers) {
        if let Some(link) = self.link_mut(place) {
            link.deadline.set(at, Owner::Link(place), timers);
        }
    }

    /// Whether no other socket may be opened. A socket that is closing keeps its place for a while.
    pub(crate) fn is_full(&mut self, max_sockets: usize, now: Time) -> bool {
        if self.linked.len() + self.closing.len() < max_sockets {
            return false;
        }
        self.has_closed(Gen::NONE, now);
        self.linked.len() + self.closing.len() >= max_sockets
    }

    /// When a socket that is closing gives its place away.
    pub(crate) fn next_room(&self) -> Option<Time> {
        self.closing.first().map(|closing| closing.until)
    }

    /// A socket begins to close.
    pub(crate) fn close(&mut self, r#gen: Gen, now: Time) {
        self.has_closed(r#gen, now);
        let until = now.after(CLOSING);
        self.closing.push(Closing { r#gen, until });
    }

    /// Forgets a socket that was closing, and those whose time to do so is over; whether it was closing.
    pub(crate) fn has_closed(&mut self, r#gen: Gen, now: Time) -> bool {
        let mut found = false;
        self.closing.retain(|closing| {
            found |= closing.r#gen == r#gen;
            closing.r#gen != r#gen && closing.until > now
        });
        found
    }
}
