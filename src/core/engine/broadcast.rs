//! Messages of `broadcast`: to jobs, tracks and playlists, history and figures; to listeners as often as they can show
//! it (SYSTEMS.md, C: "bursts").

use crate::core::deliver::held::Terms;
use crate::core::deliver::outbox::Delivery;
use crate::core::engine::Engine;
use crate::core::engine::ingest::{Event, record_of};
use crate::core::io::input::Gen;
use crate::core::jobs::entities::Told;
use crate::core::jobs::fields::Field;
use crate::core::jobs::status::{Applied, Source, Status};
use crate::core::json::Scanner;
use crate::core::protocol::broadcast;
use crate::core::protocol::kind::Kind;
use crate::core::protocol::message::Message;
use crate::core::text::words::joined;

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
        let mut about = String::new();
        for (letter, field) in [("t", Field::Track), ("p", Field::Playlist)] {
            if let Some(id) = news.owned(field)
                && about.is_empty()
            {
                about = joined(&[letter, &id]);
            }
        }
        let is_end = news.status.is_terminal();
        // An event about a track that is under way is delivered whatever its job does.
        let is_of_job = *kind == Kind::State && (is_end || about.is_empty());
        let ingested = self.ingest(&Event {
            name,
            raw,
            job: job.map(|index| (index, *news)),
            says_more: !is_of_job,
        });
        if !about.is_empty() {
            let (status, previous) = (news.owned(Field::New), news.owned(Field::Old));
            let told = Told {
                key: &about,
                status: status.as_deref(),
                previous: previous.as_deref(),
                name,
                payload: raw,
            };
            let wall = self.wall();
            self.entities.take_in(&told, wall);
        }
        let heard = ingested.heard;
        let ends = job.is_some() && is_of_job && is_end;
        if ends
            && ingested.applied == Some(Applied::Same)
            && let Some(index) = job
            && let Some(entry) = self.jobs.get_mut(index)
            && entry.job.count_at_end(news)
        {
            self.jobs.mark_changed(index);
        }
        if !ingested.is_news || !heard && ingested.applied != Some(Applied::Ended) {
            return;
        }
        if ends {
            // An end is one job's, whichever track it names.
            about.clear();
        }
        let named = message.job.unwrap_or("");
        let is_batch = *kind == Kind::Batch;
        let mut terms = Terms {
            urgent: is_batch || ends,
            unheard: !heard,
            ..Terms::default()
        };
        if !is_batch {
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
        self.deliver(&Delivery {
            job,
            ends: terms.urgent,
            terms: Some(&terms),
            ..Delivery::new(self.seq, record_of(*kind), name, raw)
        });
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
