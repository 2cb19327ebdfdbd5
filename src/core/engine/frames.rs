//! Frames in: those of sockets that are no longer current are dropped, those that cannot be read are refused, the others
//! are given to the codec of the protocol.

use crate::core::engine::Engine;
use crate::core::engine::inspect::Count;
use crate::core::io::input::Gen;
use crate::core::jobs::limits::TOO_LARGE;
use crate::core::jobs::status::Source;
use crate::core::json::Scanner;
use crate::core::protocol::frame;
use crate::core::protocol::message::Invalid;
use crate::core::protocol::stream;

impl Engine {
    /// Text frames, joined; one generation each.
    pub(super) fn frames(&mut self, text: &str, gens: &[Gen]) {
        if self.config.is_socketio() {
            return self.session_frames(text, gens);
        }
        let mut scanner = Scanner::new(text);
        let mut left = gens.len();
        for r#gen in gens {
            left -= 1;
            let start = scanner.position();
            if self.frame(*r#gen, &mut scanner, left == 0) {
                self.counters
                    .add(Count::Bytes, (scanner.position() - start) as f64);
            }
            scanner.step();
        }
    }

    pub(super) fn not_utf8(&mut self, r#gen: Gen) {
        self.unreadable(r#gen, "not-utf8", "a binary frame that is not UTF-8");
    }

    pub(super) fn oversize(&mut self, r#gen: Gen, size: u64) {
        let mut reason = String::from("a frame of ");
        crate::core::json::push_u64(&mut reason, size);
        reason.push_str(" bytes is above the limit");
        let Some(link) = self.unreadable(r#gen, TOO_LARGE, &reason) else {
            return;
        };
        for job in self.jobs_of(link) {
            self.message_lost(job);
        }
    }

    /// A frame of a link came that is not read; `None` when that is not its socket any more.
    fn unreadable(&mut self, r#gen: Gen, code: &'static str, reason: &str) -> Option<u32> {
        let link = self.current_link(r#gen)?;
        let job = self.heard(link);
        self.invalid(
            &Invalid {
                event: None,
                code,
                reason,
                raw: "",
            },
            job,
            Source::Socket,
        );
        Some(link)
    }

    /// Whether anybody read it.
    fn frame(&mut self, r#gen: Gen, scanner: &mut Scanner<'_>, last: bool) -> bool {
        let Some(link) = self.current_link(r#gen) else {
            frame::skip(scanner, last);
            return false;
        };
        let job = self.heard(link);
        if self.config.is_broadcast() {
            self.broadcast_frame(r#gen, scanner, last);
            return true;
        }
        stream::decode(scanner, last, &mut |found| match found {
            Ok(message) => self.message(r#gen, job, message),
            Err(invalid) => self.invalid(invalid, job, Source::Socket),
        });
        true
    }

    /// A frame came: a sign of life. The job whose socket it is, if it is not for all.
    pub(super) fn heard(&mut self, link: u32) -> Option<u32> {
        self.link_heard(link);
        self.count(Count::Frames);
        self.job_of_link(link)
    }
}
