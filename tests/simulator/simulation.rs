//! One simulated session: what a world has and does of its own, and how its story is lived through.

use super::client::{Bound, Client};
use super::clock::Clock;
use super::dice::Dice;
use super::driver::Driver;
use super::faults::Faults;
use super::network::{Link, Network};
use super::tokens::Tokens;
use jobwire::core::{Gen, Input, Output};

/// What happens in every world (frames of the kind `F`), and what happens in one alone (`E`).
pub enum Turn<F, E> {
    Timer(u64),
    Take,
    Flush,
    ToClient(usize, Bound<F>),
    Token(u32, bool),
    Thaw,
    Own(E),
    Over,
}

/// What every world has.
pub struct Parts<'a, F, E> {
    pub clock: &'a mut Clock<Turn<F, E>>,
    pub client: &'a mut Client<F>,
    pub dice: &'a mut Dice,
    pub network: &'a mut Network,
    pub tokens: &'a mut Tokens,
}

pub trait Simulation: Sized {
    /// What happens in no other world.
    type Event;
    /// What a WebSocket brings.
    type Frame;

    fn parts(&mut self) -> Parts<'_, Self::Frame, Self::Event>;

    fn link(&mut self, number: usize) -> &mut Link;

    /// Something of its own happens.
    fn own(&mut self, event: Self::Event);

    /// The checks see what the engine is about to see.
    fn look_at(&mut self, input: &Input);

    /// Carries out what the engine asks for; the checks see it first.
    fn carry_out(&mut self, output: Output);

    /// The engine has said everything that it had to say to an input.
    fn answered(&mut self);

    /// Hands a frame in.
    fn frame(&mut self, r#gen: Gen, frame: Self::Frame);

    /// The page runs again.
    fn woke(&mut self);

    /// Something that must always hold does not.
    fn breaks(&mut self, name: &str, why: String);

    /// What was broken first.
    fn broken(&mut self) -> Option<String>;
}

/// Lives through what is planned. An error says what was broken and when.
pub fn live<W: Simulation>(world: &mut W) -> Result<(), String> {
    while let Some(turn) = world.parts().clock.next() {
        match turn {
            Turn::Timer(mark) => world.timer(mark),
            Turn::Take => world.when_awake(Input::Take { late: false }),
            Turn::Flush => world.flush_is_due(),
            Turn::ToClient(link, what) => world.reaches_client(link, what),
            Turn::Token(req, good) => world.token(req, good),
            Turn::Thaw => world.thaw(),
            Turn::Own(event) => world.own(event),
            Turn::Over => break,
        }
        if let Some(broken) = world.broken() {
            let now = world.parts().clock.now;
            return Err(format!("at {now} ms: {broken}"));
        }
    }
    Ok(())
}
