//! Faults that every world knows: the page stands still, its clock is set, something lasts for a while.

use super::client::Pause;
use super::dice::Dice;
use super::driver::Driver;
use super::simulation::{Parts, Simulation, Turn};
use super::tokens::TOKEN_TIME;
use jobwire::core::{Ask, Command, Input};

/// Every eighth seed is a world without trouble; the others have a few kinds of it.
pub fn is_calm(seed: u64) -> bool {
    seed.is_multiple_of(8)
}

/// The kinds of trouble of a seed, of all that there are.
pub fn draw_faults<F: Copy>(dice: &mut Dice, calm: bool, all: &[F]) -> Vec<F> {
    let share = dice.pick(&[10, 20, 40]);
    if calm {
        return Vec::new();
    }
    all.iter().copied().filter(|_| dice.chance(share)).collect()
}

/// How a page stands still.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Standstill {
    Frozen,
    /// With its machine.
    Asleep,
    /// By its own word.
    Suspended,
}

pub trait Faults: Driver {
    /// Until when something lasts, at most until `most`.
    fn lasts(&mut self, most: u64) -> u64 {
        let Parts { clock, dice, .. } = self.parts();
        let lasts = dice.pick(&[300, 3000, 15_000, 40_000]);
        (clock.now + dice.between(1, lasts)).min(most)
    }

    fn stand_still(&mut self, how: Standstill, until: u64) {
        if self.parts().client.is_frozen() {
            return;
        }
        let announced = how == Standstill::Suspended;
        if announced {
            self.input(Input::Command(Command::new(Ask::Suspend, 0.0, "")));
        }
        let Parts { clock, client, .. } = self.parts();
        client.pause = Some(Pause {
            since: clock.now,
            asleep: how == Standstill::Asleep,
            announced,
        });
        clock.at(until, Turn::Thaw);
    }

    /// The page runs again: perhaps its timer comes before what is queued.
    fn thaw(&mut self) {
        let Parts { clock, client, .. } = self.parts();
        let Some(pause) = client.pause.take() else {
            return;
        };
        if pause.asleep {
            clock.slept_since(pause.since);
        }
        self.woke();
        let Parts { client, dice, .. } = self.parts();
        let missed = std::mem::take(&mut client.timer.missed);
        let order = dice.between(0, 2);
        if pause.announced {
            self.wake(1.0);
        } else if order == 0 {
            self.wake(2.0);
        }
        if missed && order != 1 {
            late_timer(self);
        }
        self.flush();
        late_timer(self);
    }

    fn wake(&mut self, reason: f64) {
        self.input(Input::Command(Command::new(Ask::Wake, reason, "")));
    }

    /// Somebody sets the wall clock.
    fn set_clock(&mut self) {
        let Parts { clock, dice, .. } = self.parts();
        clock.jump(dice.pick(&[-3_600_000, -2000, 3000, 6000, 3_600_000]));
    }

    fn spoil_tokens(&mut self, until: u64) {
        let Parts { dice, tokens, .. } = self.parts();
        tokens.go_wrong(until, dice);
    }

    /// The token function answers again, and tokens last.
    fn heal_tokens(&mut self) {
        let Parts { clock, tokens, .. } = self.parts();
        for req in tokens.heal() {
            clock.later(TOKEN_TIME, Turn::Token(req, true));
        }
    }
}

impl<W: Simulation> Faults for W {}

fn late_timer<W: Simulation>(world: &mut W) {
    world.parts().client.timer.due = None;
    world.input(Input::Timer);
}
