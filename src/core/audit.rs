//! Which events came, how often, and who listened: the table that the authors of system C had to make by hand.

use super::message::Kind;
use serde::ser::{Serialize, Serializer};

/// Names kept apart at most; the events beyond share the row `(other)`.
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

const KNOWN: usize = Kind::Other as usize;

/// The figures of every event.
#[derive(Debug)]
pub(crate) struct Audit {
    /// Rows of the kinds the core knows, found without a look-up.
    known: [Option<Box<AuditRow>>; KNOWN],
    others: Vec<AuditRow>,
    /// What the names beyond share.
    rest: AuditRow,
    /// Listeners of every event.
    any: u32,
    /// Listeners in all.
    listeners: u32,
}

impl Default for Audit {
    fn default() -> Self {
        let rest = AuditRow {
            event: "(other)".into(),
            ..AuditRow::default()
        };
        Self {
            known: Default::default(),
            others: Vec::new(),
            rest,
            any: 0,
            listeners: 0,
        }
    }
}

impl Audit {
    fn row(&mut self, kind: Kind, name: &str) -> &mut AuditRow {
        let new = |name: &str| AuditRow {
            event: name.to_owned(),
            ..AuditRow::default()
        };
        if let Some(slot) = self.known.get_mut(kind as usize) {
            return slot.get_or_insert_with(|| Box::new(new(name)));
        }
        match self.others.iter().position(|row| row.event == name) {
            Some(at) => self.others.get_mut(at).unwrap_or(&mut self.rest),
            None if self.others.len() < MAX_ROWS => {
                self.others.push(new(name));
                self.others.last_mut().unwrap_or(&mut self.rest)
            }
            None => &mut self.rest,
        }
    }

    /// Counts an arrival. True when somebody listens.
    #[inline]
    pub(crate) fn received(&mut self, kind: Kind, name: &str, wall: u64) -> bool {
        let any = self.any > 0;
        let row = self.row(kind, name);
        row.received += 1;
        row.last_at = wall;
        let heard = any || row.listeners > 0;
        if !heard {
            row.unhandled += 1;
        }
        heard
    }

    pub(crate) fn delivered(&mut self, kind: Kind, name: &str) {
        self.row(kind, name).delivered += 1;
    }

    pub(crate) fn invalid(&mut self, name: &str, wall: u64) {
        let row = self.row(Kind::of(name), name);
        row.received += 1;
        row.invalid += 1;
        row.last_at = wall;
    }

    /// Whether anybody listens to an event of ours, such as `gap`.
    pub(crate) fn heard(&self, name: &str) -> bool {
        self.any > 0 || self.find(name).is_some_and(|row| row.listeners > 0)
    }

    fn find(&self, name: &str) -> Option<&AuditRow> {
        match self.known.get(Kind::of(name) as usize) {
            Some(slot) => slot.as_deref(),
            None => self.others.iter().find(|row| row.event == name),
        }
    }

    /// Adds to (or takes from) an event's listeners; `*` hears every event.
    pub(crate) fn listen(&mut self, name: &str, delta: i32) {
        self.listeners = self.listeners.saturating_add_signed(delta);
        if name == "*" {
            self.any = self.any.saturating_add_signed(delta);
        } else {
            let row = self.row(Kind::of(name), name);
            row.listeners = row.listeners.saturating_add_signed(delta);
        }
    }

    /// Whether anybody listens to anything.
    pub(crate) fn anybody(&self) -> bool {
        self.listeners > 0
    }

    /// A copy of every row.
    pub(crate) fn rows(&self) -> Vec<AuditRow> {
        let mut rows = Vec::new();
        for row in self.known.iter().flatten() {
            rows.push((**row).clone());
        }
        rows.extend_from_slice(&self.others);
        if self.rest.received > 0 {
            rows.push(self.rest.clone());
        }
        rows
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn tells_heard_from_unheard() {
        let mut audit = Audit::default();
        assert!(!audit.received(Kind::Progress, "progress", 1));
        audit.listen("progress", 1);
        assert!(audit.received(Kind::Progress, "progress", 2));
        audit.delivered(Kind::Progress, "progress");
        audit.listen("progress", -1);
        audit.listen("*", 1);
        assert!(audit.received(Kind::Other, "party", 3));
        audit.delivered(Kind::Other, "party");
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
    fn made_up_names_share_a_row_in_the_end() {
        let mut audit = Audit::default();
        for n in 0..10_000 {
            audit.received(Kind::Other, &format!("e{n}"), 0);
        }
        assert_eq!(audit.rows().len(), MAX_ROWS + 1);
        assert_eq!(audit.rows().iter().map(|r| r.received).sum::<u64>(), 10_000);
    }
}
