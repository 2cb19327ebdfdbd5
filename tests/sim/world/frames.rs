//! How a server sends what it has to say: well or badly.

use super::driver::Frame;
use super::{Event, World};
use crate::plan::Fault;
use crate::simulator::Driver;

impl World {
    /// Sends one message, as well or as badly as the server does.
    pub(super) fn say(&mut self, conn: usize, text: String, numbers: Vec<u64>) {
        let bad = self.plan.faults.contains(&Fault::BadFrames) && !self.healed;
        let choice = if bad { self.dice.between(0, 99) } else { 100 };
        match choice {
            0..=9 => {
                self.tell(conn, Frame::Text(text.clone(), numbers.clone()));
                self.tell(conn, Frame::Text(text, numbers));
            }
            10..=17 if self.connections[conn].held.is_none() => {
                self.connections[conn].held = Some((text, numbers));
                self.later(500, Event::Release(conn));
                return;
            }
            18..=29 => {
                let (broken, oversize) = self.broken_frame();
                if oversize {
                    self.tell(conn, Frame::Oversize(70_000_000));
                } else {
                    self.tell(conn, Frame::Text(broken, Vec::new()));
                }
                self.tell(conn, Frame::Text(text, numbers));
            }
            30..=36 => {
                let (other, said) = self.truth.custom();
                let all = [vec![said.number], numbers].concat();
                let joined = if self.dice.chance(50) {
                    format!("[{other},{text}]")
                } else {
                    format!("{other}\n{text}\n")
                };
                self.tell(conn, Frame::Text(joined, all));
            }
            37..=43 => self.tell(
                conn,
                Frame::Text(format!("{text}\n{{\"type\":\"ping\"}}"), numbers),
            ),
            44..=49 => self.tell(conn, Frame::Binary(text.into_bytes(), numbers)),
            50..=52 => {
                self.tell(conn, Frame::Binary(vec![0xff, 0x00, 0xfe], Vec::new()));
                self.tell(conn, Frame::Text(text, numbers));
            }
            _ => self.tell(conn, Frame::Text(text, numbers)),
        }
        self.flush_held(conn);
    }

    fn broken_frame(&mut self) -> (String, bool) {
        let id = self.dice.pick(&self.truth.jobs).id;
        let deep = "[".repeat(100);
        let shapes = [
            "".into(),
            "{".into(),
            "[1,2".into(),
            "null".into(),
            "\"secret\"".into(),
            "{\"type\":5}".into(),
            "{\"type\":\"progress\"}".into(),
            "\u{1e}{\"type\":\"x\"}\u{1e}".into(),
            format!("{{\"type\":\"progress\",\"job_id\":\"{id}\",\"progress\":\"45\"}}"),
            format!("{{\"type\":\"progress\",\"job_id\":\"{id}\",\"progress\":101}}"),
            format!("{{\"type\":\"progress\",\"job_id\":\"{id}\",\"progress\":-1e99}}"),
            format!("{{\"type\":\"error\",\"job_id\":\"{id}\"}}"),
            format!("{{\"type\":\"completed\",\"job_id\":\"{id}\",\"progress\":[]}}"),
            "{\"type\":\"progress\",\"job_id\":\"ghost1\",\"progress\":5}".into(),
            "{\"type\":\"completed\",\"job_id\":\"ghost2\",\"progress\":100}".into(),
            format!("{{\"type\":\"party\",\"data\":{deep}"),
        ];
        (self.dice.pick(&shapes), self.dice.chance(5))
    }

    pub(super) fn flush_held(&mut self, conn: usize) {
        if let Some((text, numbers)) = self.connections[conn].held.take() {
            self.tell(conn, Frame::Text(text, numbers));
        }
    }

    pub(super) fn release(&mut self, conn: usize) {
        if !self.connections[conn].ended {
            self.flush_held(conn);
        }
    }
}
