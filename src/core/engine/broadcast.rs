//! Messages of `broadcast`: to jobs, tracks and playlists, history and figures; to listeners as often as they can show
//! it (SYSTEMS.md, C: "bursts").

use crate::core::engine::Engine;
use crate::core::engine::held::Terms;
use crate::core::engine::inspect::Count;
use crate::core::engine::messages::record_of;
use crate::core::engine::outbox::Meta;
use crate::core::io::input::Gen;
use crate::core::jobs::entities::Told;
use crate::core::jobs::fields::Field;
use crate::core::jobs::job::{Applied, Source, Status};
use crate::core::json::Scanner;
use crate::core::protocol::broadcast;
use crate::core::protocol::message::{Kind, Message, joined};
use crate::core::time::Time;

impl Engine {
    pub(super) fn broadcast_frame(&mut self, r#gen: Gen, scanner: &mut Scanner<'_>, last: bool) {
        // Nobody else looks at them meanwhile.
        let maps = self.config.maps.take().unwrap_or_default();
        broadcast::decode(scanner, last, &maps, &mut |found| match found {
            Ok(message) => self.broadcast_message(r#gen, message, &maps.intervals),
            Err(invalid) => self.invalid(invalid, None, Source::Socket),
        });
        self.config.maps = Some(maps);
    }

    fn broadcast_message(&mut self, r#gen: Gen, message: &Message<'_>, intervals: &str) {
        let Message {
            kind,
            name,
            news,
            raw,
            ..
        } = message;
        let mut job = None;
        if news.status != Status::Unknown {
            job = self.job_of(None, message);
            if job.is_none() {
                return;
            }
        } else if matches!(kind, Kind::Heartbeat | Kind::Ping) {
            self.pong(r#gen);
        }
        let wall = self.wall();
        self.seq += 1;
        self.count(Count::Events);
        let heard = self.audit.received(name, wall);
        self.history.push(self.seq, wall, name, raw, None);
        let mut about = String::new();
        for (letter, field) in [("t", Field::Track), ("p", Field::Playlist)] {
            if let Some(id) = news.owned(field)
                && about.is_empty()
            {
                about = joined(&[letter, &id]);
            }
        }
        let applied = job.map(|index| self.apply(index, news, Time::NEVER));
        let mut urgent = *kind == Kind::Batch;
        let mut told = true;
        if !about.is_empty() {
            let (status, previous) = (news.owned(Field::New), news.owned(Field::Old));
            let told = Told {
                key: &about,
                status: status.as_deref(),
                previous: previous.as_deref(),
                name,
                payload: raw,
            };
            self.entities.take_in(&told, wall);
        }
        let is_end = news.status.is_terminal();
        // What tells of a track that is under way is told whatever its job does.
        if let (Some(index), Some(applied), Kind::State) = (job, applied, kind)
            && (is_end || about.is_empty())
        {
            // An end is one job's, whichever track it names.
            about.clear();
            if applied == Applied::Same
                && is_end
                && let Some(entry) = self.jobs.get_mut(index)
                && entry.job.count_at_end(news)
            {
                self.mark_dirty(index);
            }
            told = self.is_news(index, name, applied);
            urgent = told && is_end;
        }
        if !told || !heard && applied != Some(Applied::Ended) {
            return;
        }
        let named = message.job.unwrap_or("");
        let mut terms = Terms {
            urgent,
            unheard: !heard,
            ..Terms::default()
        };
        if *kind != Kind::Batch {
            terms.job = named;
            let interval = broadcast::number(intervals, name);
            terms.interval = interval as u64;
            // What names nothing else is about a job only where one may take the place of another.
            if about.is_empty() && (job.is_some() || interval > 0.0) {
                about = joined(&["j", named]);
            }
            if interval != 0.0 {
                terms.about = &about;
            }
        }
        let meta = Meta {
            seq: self.seq,
            at: wall,
            source: Source::Socket,
            job: job.and(message.job),
            invalid: None,
            ends: urgent,
        };
        let is_new = self
            .outbox
            .hold(&terms, record_of(*kind), name, raw, &meta, "");
        if is_new && heard {
            self.audit.delivered(name);
        }
    }

    pub(super) fn watch_entities(&mut self, kind: &str, on: bool) {
        self.entities.watch(kind, on);
        if on {
            self.activate();
        }
        self.want_shared();
    }

    /// The event that tells the end of a job: the one that the server would have told it by, as far as anybody listens.
    pub(super) fn broadcast_end(&self, status: Status) -> &'static str {
        let own = match status {
            Status::Completed => "enrichment_job_completed",
            Status::Failed => "enrichment_job_failed",
            _ => "",
        };
        for name in [own, "job_status_changed"] {
            if self.audit.is_listened_to(name) {
                return name;
            }
        }
        "job_status"
    }
}
