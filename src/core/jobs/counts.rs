//! What a job counts (`broadcast`): how many parts it has, and how many of them are done, well or badly.

use crate::core::jobs::fields::{Field, Fields};
use crate::core::json::push_numbers;

const FIELDS: [Field; 4] = [
    Field::Total,
    Field::Processed,
    Field::Succeeded,
    Field::Failed,
];

/// In the order of [`FIELDS`]; NaN where a number is not known.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Counts([f64; 4]);

impl Default for Counts {
    fn default() -> Self {
        Self([f64::NAN; 4])
    }
}

impl Counts {
    /// Those that a message tells.
    pub(crate) fn of(news: &Fields<'_>) -> Self {
        let mut counts = [f64::NAN; 4];
        for (slot, field) in counts.iter_mut().zip(FIELDS) {
            *slot = news.number(field);
        }
        let [_, processed, succeeded, failed] = &mut counts;
        if processed.is_nan() {
            *processed = *succeeded + *failed;
        }
        Self(counts)
    }

    fn processed(&self) -> f64 {
        let [_, processed, ..] = self.0;
        processed
    }

    /// Whether fewer parts are done.
    pub(crate) fn is_less(&self, other: &Self) -> bool {
        self.processed() < other.processed()
    }

    /// Whether these are older than others: fewer parts are done, or no more of them and fewer of a kind.
    pub(crate) fn is_before(&self, other: &Self) -> bool {
        let [_, mine @ ..] = &self.0;
        let [_, others @ ..] = &other.0;
        let is_more = self.processed() > other.processed();
        !is_more && mine.iter().zip(others).any(|(mine, other)| mine < other)
    }

    /// Whether they are what is known, as far as they tell anything: a repetition, of whatever age.
    pub(crate) fn repeats(&self, other: &Self) -> bool {
        self.processed() == other.processed()
    }

    /// Takes over what others tell; whether that is new.
    pub(crate) fn merge(&mut self, told: &Self) -> bool {
        let mut changed = false;
        for (slot, told) in self.0.iter_mut().zip(&told.0) {
            if !told.is_nan() && slot != told {
                *slot = *told;
                changed = true;
            }
        }
        let [_, processed, succeeded, failed] = &mut self.0;
        if processed.is_nan() {
            // One of them alone is still so many.
            *processed = succeeded.max(*failed);
        }
        changed
    }

    /// How much is done, in percent; NaN while the total is not known, or nothing.
    pub(crate) fn percentage(&self) -> f64 {
        let [total, processed, ..] = self.0;
        // `min` would make 100 of what is not known.
        match processed / total * 100.0 {
            percentage if percentage <= 100.0 => percentage,
            _ if total > 0.0 && processed > total => 100.0,
            _ => f64::NAN,
        }
    }

    /// Whether anything is counted.
    pub(crate) fn any(&self) -> bool {
        !self.processed().is_nan()
    }

    /// Appends the elements of docs/core-messages.md.
    pub(crate) fn write(&self, out: &mut String) {
        push_numbers(out, &self.0);
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    const NAN: f64 = f64::NAN;

    #[test]
    fn a_percentage_needs_a_total() {
        assert_eq!(Counts([8.0, 2.0, NAN, NAN]).percentage(), 25.0);
        assert_eq!(Counts([8.0, 9.0, NAN, NAN]).percentage(), 100.0);
        let unknown = [
            [NAN, 2.0, 1.0, 1.0],
            [0.0, 0.0, 0.0, 0.0],
            [0.0, 2.0, NAN, NAN],
            [8.0, NAN, NAN, NAN],
        ];
        for counts in unknown {
            assert!(Counts(counts).percentage().is_nan());
        }
    }

    #[test]
    fn fewer_done_is_older() {
        let known = Counts([NAN, 5.0, 4.0, 1.0]);
        assert!(Counts([NAN, 4.0, 4.0, 0.0]).is_before(&known));
        assert!(Counts([NAN, 5.0, 4.0, 0.0]).is_before(&known));
        // A part that failed was tried again, and more are done.
        assert!(!Counts([NAN, 6.0, 6.0, 0.0]).is_before(&known));
        assert!(!Counts([NAN; 4]).is_before(&known));
        assert!(!Counts([10.0, 5.0, NAN, NAN]).is_before(&known));
        // What says nothing of how many are done may still tell of one kind.
        assert!(!Counts([NAN, NAN, NAN, 1.0]).is_before(&known));
        assert!(!Counts([NAN, NAN, 5.0, NAN]).is_before(&known));
        assert!(Counts([NAN, NAN, 3.0, NAN]).is_before(&known));
    }

    #[test]
    fn what_is_not_told_stays() {
        let mut known = Counts([10.0, 1.0, 1.0, NAN]);
        assert!(known.merge(&Counts([NAN, 2.0, NAN, 1.0])));
        assert_eq!(known.0, [10.0, 2.0, 1.0, 1.0]);
        assert!(!known.merge(&Counts([10.0, 2.0, NAN, NAN])));
    }
}
