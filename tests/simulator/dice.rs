//! Every choice of a simulation, drawn from its seed.

use jobwire::core::Rng;

pub struct Dice(Rng);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(Rng::new(seed))
    }

    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.0.up_to(most - least)
    }

    /// True in `percent` of a hundred cases.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.0.up_to(99) < percent
    }

    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.between(0, from.len() as u64 - 1) as usize].clone()
    }
}
