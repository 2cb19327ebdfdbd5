//! The driver of every world: hands inputs to the engine, as soon as the page runs, and carries out what it asks for.

use super::client::{Bound, Waiting};
use super::simulation::{Parts, Simulation, Turn};
use crate::recording::Line;
use jobwire::core::{Ask, Gen, Input, Recorded, Time};

/// The longest animation frame, ms.
pub const FRAME: u64 = 16;

/// Between frames that are handed in as one.
const SEPARATOR: char = '\u{1e}';

pub trait Driver: Simulation {
    fn at(&mut self, at: u64, event: Self::Event) {
        self.parts().clock.at(at, Turn::Own(event));
    }

    fn later(&mut self, ms: u64, event: Self::Event) {
        self.parts().clock.later(ms, Turn::Own(event));
    }

    /// Plans so many events, each at some moment until `until`.
    fn scatter(&mut self, count: u64, until: u64, draw: impl Fn(&mut Self) -> Self::Event) {
        for _ in 0..count {
            let at = self.parts().dice.between(0, until);
            let event = draw(self);
            self.at(at, event);
        }
    }

    /// The story ends.
    fn end_story(&mut self) {
        self.parts().clock.later(0, Turn::Over);
    }

    /// Hands one input to the engine and carries out what it asks for.
    fn input(&mut self, input: Input) {
        self.tell_time();
        hand(self, input);
    }

    /// The wall clock comes first, where it is not what it was.
    fn tell_time(&mut self) {
        if let Some(wall) = self.parts().clock.untold() {
            hand(self, Input::Clock { wall });
        }
    }

    fn timer(&mut self, mark: u64) {
        let Parts { clock, client, .. } = self.parts();
        if mark != client.timer.mark {
            return;
        }
        if client.is_frozen() {
            client.timer.missed = true;
            return;
        }
        client.timer.due = None;
        let Some(at) = client.engine.next_deadline() else {
            return;
        };
        if at.0 <= clock.mono() {
            self.input(Input::Timer);
        } else {
            client.timer.due = Some(at);
            clock.at(clock.when(at), Turn::Timer(mark));
        }
    }

    /// What waits for the page's next frame.
    fn take_soon(&mut self) {
        let Parts { clock, dice, .. } = self.parts();
        let frame = dice.between(0, FRAME);
        clock.later(frame, Turn::Take);
    }

    /// Hands something in, or keeps it until the page runs again.
    fn when_awake(&mut self, input: Input) {
        let client = self.parts().client;
        if client.is_frozen() || !client.inbox.is_empty() {
            client.inbox.push_back(Waiting::Direct(input));
        } else {
            self.input(input);
        }
    }

    fn reaches_client(&mut self, number: usize, what: Bound<Self::Frame>) {
        if self.link(number).silent && !matches!(what, Bound::Closed(..)) {
            return;
        }
        let Parts {
            clock,
            client,
            dice,
            ..
        } = self.parts();
        client.inbox.push_back(Waiting::Socket(number, what));
        if client.is_frozen() || client.flushing {
            return;
        }
        if client.batch == 0 {
            self.flush();
        } else {
            client.flushing = true;
            let wait = dice.between(0, client.batch);
            clock.later(wait, Turn::Flush);
        }
    }

    fn flush_is_due(&mut self) {
        let client = self.parts().client;
        client.flushing = false;
        if !client.is_frozen() {
            self.flush();
        }
    }

    /// Everything that waits, in order; frames next to each other as one batch.
    fn flush(&mut self) {
        while let Some(item) = self.parts().client.inbox.pop_front() {
            match item {
                Waiting::Direct(input) => self.alone(input),
                Waiting::Socket(number, what) => reaches_page(self, number, what),
            }
        }
        self.hand_over();
    }

    /// A socket is asked how much it has not sent: it sends at once.
    fn measured(&mut self, r#gen: Gen) {
        let Parts { clock, client, .. } = self.parts();
        let input = Input::Buffered { r#gen, bytes: 0 };
        client.inbox.push_back(Waiting::Direct(input));
        clock.later(0, Turn::Flush);
    }

    /// Joins a frame to those before it.
    fn join(&mut self, r#gen: Gen, text: String) {
        // One that holds the separator itself cannot be joined with others.
        if text.contains(SEPARATOR) {
            let gens = vec![r#gen];
            return self.alone(Input::Frames { text, gens });
        }
        let joined = &mut self.parts().client.joined;
        if let Some((all, gens)) = joined {
            all.push(SEPARATOR);
            all.push_str(&text);
            gens.push(r#gen);
        } else {
            *joined = Some((text, vec![r#gen]));
        }
    }

    /// Hands something in behind the frames before it.
    fn alone(&mut self, input: Input) {
        self.hand_over();
        self.input(input);
    }

    /// Hands in what was joined.
    fn hand_over(&mut self) {
        if let Some((text, gens)) = self.parts().client.joined.take() {
            self.input(Input::Frames { text, gens });
        }
    }

    // ---- tokens ----

    fn need_token(&mut self, req: u32) {
        let Parts {
            clock,
            dice,
            tokens,
            ..
        } = self.parts();
        if let Some((takes, good)) = tokens.ask(req, clock.now, dice) {
            clock.later(takes, Turn::Token(req, good));
        }
    }

    fn token(&mut self, req: u32, good: bool) {
        let error = (!good).then(|| "the session is over".to_owned());
        if good {
            let Parts { clock, tokens, .. } = self.parts();
            tokens.give(req, clock.now);
        }
        self.when_awake(Input::Token { req, error });
    }
}

impl<W: Simulation> Driver for W {}

fn hand<W: Simulation>(world: &mut W, input: Input) {
    let mono = world.parts().clock.mono();
    world.look_at(&input);
    if let Input::Command(command) = &input
        && command.what == Ask::Connect
    {
        world.parts().tokens.connects();
    }
    let client = world.parts().client;
    client.record(|| {
        Line::In(Recorded {
            at: Time(mono),
            input: input.clone(),
        })
    });
    client.engine.handle(Time(mono), input);
    while let Some(output) = world.parts().client.engine.poll_output() {
        world.parts().client.record(|| Line::Out(output.clone()));
        if let Some(why) = world.parts().tokens.misused(&output) {
            world.breaks("no token is used that was forgotten", why);
        }
        world.carry_out(output);
    }
    world.answered();
    set_timer(world);
}

fn set_timer<W: Simulation>(world: &mut W) {
    let Parts { clock, client, .. } = world.parts();
    let (mono, next) = (clock.mono(), client.engine.next_deadline());
    if next.is_some_and(|at| at.0 <= mono) {
        world.breaks("no deadline in the past", format!("{next:?} at {mono}"));
    }
    let Parts {
        clock,
        client: super::Client { timer, .. },
        dice,
        ..
    } = world.parts();
    if next == timer.due {
        return;
    }
    timer.due = next;
    timer.mark += 1;
    if let Some(at) = next {
        let late = dice.pick(&[0, 0, 0, 1, 4, 30]);
        clock.at(clock.when(at) + late, Turn::Timer(timer.mark));
    }
}

fn reaches_page<W: Simulation>(world: &mut W, number: usize, what: Bound<W::Frame>) {
    let leftovers = world.parts().client.leftovers;
    let link = world.link(number);
    let (r#gen, forgotten) = (link.r#gen, link.forgotten);
    if forgotten && !leftovers && !matches!(what, Bound::Closed(..)) {
        return;
    }
    match what {
        Bound::Opened => world.alone(Input::Opened { r#gen }),
        Bound::Frame(frame) => world.frame(r#gen, frame),
        Bound::Closed(code, reason) => {
            world.hand_over();
            world.link(number).forgotten = true;
            world.input(Input::Closed {
                r#gen,
                code,
                reason,
            });
        }
    }
}
