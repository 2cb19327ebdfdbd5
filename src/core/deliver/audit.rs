//! Which events came, how often, and who listened: the table that the authors of system C had to make by hand.

use crate::core::protocol::Part;
use crate::core::protocol::broadcast;
use crate::core::protocol::kind::Kind;
use crate::core::protocol::{BROADCAST, SOCKETIO};
use serde::ser::{Serialize, Serializer};

/// Names kept apart at most, beside those that the core knows; the events beyond share the row `(other)`.
const MAX_ROWS: usize = 256;

/// One event's figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditRow {
    /// Its wire name.
    pub event: String,
    /// How often it came.
    pub received: u64,
    /// How often it was handed to listeners.
    pub delivered: u64,
    /// How often it did not fit its type.
    pub invalid: u64,
    /// Listeners now.
    pub listeners: u32,
    /// How often it came while nobody listened.
    pub unhandled: u64,
    /// Epoch ms of its last arrival; 0 when it never came.
    pub last_at: u64,
}

/// As a list in the order of the members, numbers as JavaScript has them: field names would cost more than the rows.
impl Serialize for AuditRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number = |count: u64| count as f64;
        (
            &self.event,
            number(self.received),
            number(self.delivered),
            number(self.invalid),
            self.listeners,
            number(self.unhandled),
            number(self.last_at),
        )
            .serialize(serializer)
    }
}

/// What names beyond that are counted under.
const OTHER: &str = "(other)";

/// Whether a protocol has events of this name.
fn is_known(name: &str) -> bool {
    Kind::of(name) != Kind::Other || BROADCAST && broadcast::is_known(name)
}

/// The figures of every event.
#[derive(Debug, Default)]
pub(crate) struct Audit {
    /// In the order in which the names were first heard of.
    rows: Vec<AuditRow>,
    /// Listeners of every event.
    any: u32,
    /// Listeners of every event of a namespace, by what its events' names begin with.
    any_of: Part<Vec<(String, u32)>>,
    /// Listeners in all.
    listeners: u32,
    /// Events that were counted under [`OTHER`], since there are too many names.
    unnamed: u64,
}

impl Audit {
    /// How many events have no row of their own, since there are too many names.
    pub(crate) fn unnamed(&self) -> u64 {
        self.unnamed
    }

    fn find(&self, name: &str) -> usize {
        for (place, row) in self.rows.iter().enumerate() {
            if row.event == name {
                return place;
            }
        }
        self.rows.len()
    }

    /// The place of an event's row, and the row's name: its own, or the one that names share when there are too many.
    fn place<'a>(&self, name: &'a str) -> (usize, &'a str) {
        let place = self.find(name);
        if place >= MAX_ROWS && place == self.rows.len() && !is_known(name) {
            return (self.find(OTHER), OTHER);
        }
        (place, name)
    }

    fn row(&mut self, name: &str) -> Option<&mut AuditRow> {
        let (place, name) = self.place(name);
        if place == self.rows.len() {
            self.rows.push(AuditRow {
                event: name.to_owned(),
                ..AuditRow::default()
            });
        }
        self.rows.get_mut(place)
    }

    /// The row of an event that came.
    #[inline]
    fn arrived(&mut self, name: &str, wall: u64) -> Option<&mut AuditRow> {
        let (place, row_name) = self.place(name);
        if row_name != name {
            self.unnamed += 1;
        }
        if place == self.rows.len() {
            self.rows.push(AuditRow {
                event: row_name.to_owned(),
                ..AuditRow::default()
            });
        }
        let row = self.rows.get_mut(place)?;
        row.received += 1;
        row.last_at = wall;
        Some(row)
    }

    /// Whether somebody listens to whatever comes.
    fn any(&self, name: &str) -> bool {
        let of_its_namespace = |(head, listeners): &(String, u32)| {
            *listeners > 0 && name.as_bytes().starts_with(head.as_bytes())
        };
        self.any > 0 || SOCKETIO && self.any_of.iter().any(of_its_namespace)
    }

    /// Counts an arrival. True when somebody listens.
    #[inline]
    pub(crate) fn received(&mut self, name: &str, wall: u64) -> bool {
        let any = self.any(name);
        let Some(row) = self.arrived(name, wall) else {
            return any;
        };
        let heard = any || row.listeners > 0;
        if !heard {
            row.unhandled += 1;
        }
        heard
    }

    pub(crate) fn delivered(&mut self, name: &str) {
        if let Some(row) = self.row(name) {
            row.delivered += 1;
        }
    }

    pub(crate) fn invalid(&mut self, name: &str, wall: u64) {
        if let Some(row) = self.arrived(name, wall) {
            row.invalid += 1;
        }
    }

    /// Whether somebody listens to this very event.
    pub(crate) fn is_listened_to(&self, name: &str) -> bool {
        let row = self.rows.get(self.find(name));
        row.is_some_and(|row| row.listeners > 0)
    }

    /// Whether anybody listens to an event of ours, such as `gap`.
    pub(crate) fn heard(&self, name: &str) -> bool {
        let row = self.rows.get(self.place(name).0);
        self.any(name) || row.is_some_and(|row| row.listeners > 0)
    }

    /// Adds to (or takes from) an event's listeners; `*` hears every event, `/namespace,*` every one of a namespace.
    pub(crate) fn listen(&mut self, name: &str, delta: i32) {
        self.listeners = self.listeners.saturating_add_signed(delta);
        if name == "*" {
            self.any = self.any.saturating_add_signed(delta);
        } else if SOCKETIO
            && name.starts_with('/')
            && let Some(head) = name.strip_suffix('*')
            && head.ends_with(',')
        {
            let place = self.any_of.iter().position(|(known, _)| known == head);
            let place = place.unwrap_or_else(|| {
                self.any_of.push((head.to_owned(), 0));
                self.any_of.len() - 1
            });
            if let Some((_, listeners)) = self.any_of.get_mut(place) {
                *listeners = listeners.saturating_add_signed(delta);
                if *listeners == 0 {
                    self.any_of.swap_remove(place);
                }
            }
        } else if let Some(row) = self.row(name) {
            row.listeners = row.listeners.saturating_add_signed(delta);
        }
    }

    /// Whether anybody listens to anything.
    pub(crate) fn anybody(&self) -> bool {
        self.listeners > 0
    }

    /// A copy of every row.
    pub(crate) fn rows(&self) -> Vec<AuditRow> {
        self.rows.clone()
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn tells_heard_from_unheard() {
        let mut audit = Audit::default();
        assert!(!audit.received("progress", 1));
        audit.listen("progress", 1);
        assert!(audit.received("progress", 2));
        audit.delivered("progress");
        audit.listen("progress", -1);
        audit.listen("*", 1);
        assert!(audit.received("party", 3));
        audit.delivered("party");
        audit.invalid("party", 4);
        let rows = audit.rows();
        let rows: Vec<_> = rows
            .iter()
            .map(|r| {
                (
                    r.event.as_str(),
                    r.received,
                    r.delivered,
                    r.invalid,
                    r.unhandled,
                    r.last_at,
                )
            })
            .collect();
        assert_eq!(
            rows,
            [("progress", 2, 1, 0, 1, 2), ("party", 2, 1, 1, 0, 4)]
        );
    }

    #[test]
    fn every_event_of_a_namespace_is_heard() {
        let mut audit = Audit::default();
        audit.listen("/a,*", 1);
        assert!(audit.anybody() && audit.heard("/a,x") && !audit.heard("x"));
        assert!(audit.received("/a,x", 1) && !audit.received("/ab,x", 1));
        audit.listen("/a,*", -1);
        assert!(!audit.anybody() && !audit.heard("/a,x"));
        assert!(audit.rows().iter().all(|row| !row.event.ends_with('*')));
    }

    #[test]
    fn made_up_names_share_a_row_in_the_end() {
        let mut audit = Audit::default();
        for n in 0..10_000 {
            audit.received(&format!("e{n}"), 0);
        }
        assert_eq!(audit.rows().len(), MAX_ROWS + 1);
        assert_eq!(audit.rows().iter().map(|r| r.received).sum::<u64>(), 10_000);
        // Those of the protocol always have one of their own.
        audit.listen("progress", 1);
        assert!(audit.received("progress", 0) && !audit.received("e9999", 0));
        assert!(audit.rows().iter().any(|r| r.event == "progress"));
    }
}
