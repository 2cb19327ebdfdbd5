//! An engine driven by hand, for stories told step by step.

use jobwire::core::{Ask, Command, Config, Engine, Gen, Input, Output, Time};

/// What a page makes of what it is told.
pub trait Page: Default {
    /// Whether the other end answers a close at once.
    const AGREES: bool;

    fn batch(&mut self, text: &str);
}

pub struct Rig<P> {
    pub engine: Engine,
    pub now: u64,
    rid: u32,
    /// Outputs not looked at yet, batches apart.
    pub asked: Vec<Output>,
    /// Whether the other end answers a close.
    pub agrees: bool,
    pub page: P,
}

impl<P: Page> Rig<P> {
    pub fn new(config: Config) -> Self {
        let mut rig = Self {
            engine: Engine::new(config, 1),
            now: 0,
            rid: 0,
            asked: Vec::new(),
            agrees: P::AGREES,
            page: P::default(),
        };
        rig.input(Input::Clock {
            wall: 1_736_937_000_000,
        });
        rig
    }

    pub fn input(&mut self, input: Input) {
        self.engine.handle(Time(self.now), input);
        let mut let_go = Vec::new();
        while let Some(output) = self.engine.poll_output() {
            if let Output::Close { r#gen, .. } = output {
                let_go.push(r#gen);
            }
            match output {
                Output::Batch(text) => self.page.batch(&text),
                Output::Dirty => {}
                other => self.asked.push(other),
            }
        }
        let next = self.engine.next_deadline();
        assert!(
            next.is_none_or(|at| at.0 > self.now),
            "a deadline in the past: {next:?}"
        );
        for r#gen in let_go {
            if self.agrees {
                self.closed(r#gen, 1000);
            }
        }
    }

    /// Lets `ms` pass with a punctual timer.
    pub fn pass(&mut self, ms: u64) {
        let until = self.now + ms;
        while let Some(at) = self.engine.next_deadline().filter(|at| at.0 <= until) {
            self.now = at.0;
            self.input(Input::Timer);
        }
        self.now = until;
    }

    // ---- the page ----

    pub fn rid(&mut self) -> u32 {
        self.rid += 1;
        self.rid
    }

    pub fn command(&mut self, command: Command) {
        self.input(Input::Command(command));
    }

    pub fn listen(&mut self, event: &str) {
        self.command(Command::new(Ask::Listen, 1.0, event));
    }

    pub fn refresh(&mut self, id: &str) -> u32 {
        let rid = self.rid();
        self.command(Command::new(Ask::Refresh, rid.into(), id));
        rid
    }

    pub fn connect(&mut self) -> u32 {
        let rid = self.rid();
        self.command(Command::new(Ask::Connect, rid.into(), ""));
        rid
    }

    pub fn take(&mut self) {
        self.input(Input::Take { late: false });
    }

    // ---- what the engine asks for ----

    /// Everything asked for since the last look.
    pub fn asked(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.asked)
    }

    /// What `pick` knows of what was asked for since the last look; the rest stays.
    pub fn pick_out<T>(&mut self, pick: impl Fn(&Output) -> Option<T>) -> Vec<T> {
        let mut picked = Vec::new();
        for output in self.asked() {
            match pick(&output) {
                Some(known) => picked.push(known),
                None => self.asked.push(output),
            }
        }
        picked
    }

    /// The WebSockets asked for since the last look, with their addresses; the rest stays.
    pub fn sockets(&mut self) -> Vec<(Gen, String)> {
        self.pick_out(|output| match output {
            Output::Open { r#gen, url, .. } => Some((*r#gen, url.clone())),
            _ => None,
        })
    }

    /// The only WebSocket asked for.
    pub fn socket(&mut self) -> Gen {
        let sockets = self.sockets();
        assert_eq!(sockets.len(), 1, "{sockets:?}");
        sockets[0].0
    }

    pub fn opened(&mut self, r#gen: Gen) {
        self.input(Input::Opened { r#gen });
    }

    pub fn frame(&mut self, r#gen: Gen, text: &str) {
        self.input(Input::Frames {
            text: text.into(),
            gens: vec![r#gen],
        });
    }

    pub fn closed(&mut self, r#gen: Gen, code: u16) {
        self.input(Input::Closed {
            r#gen,
            code,
            reason: String::new(),
        });
    }

    pub fn give_token(&mut self, req: u32) {
        self.input(Input::Token { req, error: None });
    }
}
