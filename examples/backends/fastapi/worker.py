"""The worker: takes jobs from Redis one at a time and turns recordings into scores. `python worker.py`."""

import logging
import math
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

import audio
import musicxml
from jobs import Job, completed_update, failed_update, progress_update
from settings import Settings, SettingsError, load
from store import WorkerStore

log = logging.getLogger("jobwire.worker")

SPANS = {"download": (0, 10), "separation": (10, 50), "transcription": (50, 90), "musicxml": (90, 99)}
REPORT_EVERY = 5
#: Longer than a step takes.
HANGS_AFTER_S = 30


class Superseded(Exception):
    """The job was cancelled, or belongs to another attempt: nothing more may be said about it."""


class Stopping(Exception):
    """This worker was asked to stop."""


class FailedOnPurpose(Exception):
    pass


class TimeLimit:
    """How long the job that this worker has may take; without end while it has none.

    A job is asked between two steps. One that hangs within a step takes the process down with it: another worker puts
    the job back, as it does with that of every lost worker, and the attempts are counted.
    """

    def __init__(self, work_s: float):
        self._work_s = work_s
        self._ends = math.inf

    def begin(self, job: Job) -> None:
        self._ends = time.monotonic() + self._work_s + len(SPANS) * job.pace_ms / 1000

    def end(self) -> None:
        self._ends = math.inf

    def check(self) -> None:
        if time.monotonic() > self._ends:
            text = f"The work on this recording took longer than {self._work_s:.0f} s. Send a shorter one."
            raise audio.AudioError(text)

    @property
    def hangs(self) -> bool:
        return time.monotonic() > self._ends + HANGS_AFTER_S


class Progress:
    """Tells the watchers of one attempt how far it is: every few per cent, and at each new stage."""

    def __init__(self, store: WorkerStore, job: Job, limit: TimeLimit, stop: threading.Event):
        self.stage = "download"
        self._limit = limit
        self._store = store
        self._job = job
        self._stop = stop
        self._told: tuple[int, str] = (-REPORT_EVERY, "")
        self._began = time.monotonic()

    def enter(self, stage: str, message: str) -> None:
        self.stage = stage
        self._began = time.monotonic()
        self._tell(0, message, landmark=True)
        if stage == self._job.fail_stage and self._job.attempt == 1:
            raise FailedOnPurpose(f"The {stage} stage failed, as this job asked for. Try again.")

    def at(self, fraction: float, message: str, landmark: bool = False) -> None:
        """`fraction` of the stage is done; a landmark is told however small the step."""
        pace = self._job.pace_ms / 1000
        while (left := self._began + fraction * pace - time.monotonic()) > 0:
            self._stop.wait(min(left, 0.05))
            paced = (time.monotonic() - self._began) / pace
            self._tell(min(fraction, paced), self._told[1], landmark=False)
        self._tell(fraction, message, landmark)

    def _tell(self, fraction: float, message: str, landmark: bool) -> None:
        if self._stop.is_set():
            raise Stopping
        self._limit.check()
        first, last = SPANS[self.stage]
        progress = max(self._told[0], int(first + (last - first) * fraction))
        if landmark or progress >= self._told[0] + REPORT_EVERY:
            self._told = (progress, message)
            update = progress_update(self._job.id, self._job.attempt, progress, self.stage, message)
            mine = self._store.publish(self._job, update)
        else:
            mine = self._store.owns(self._job)
        if not mine:
            raise Superseded


def _download(data: bytes | None, max_seconds: int, progress: Progress) -> np.ndarray:
    progress.enter("download", "Reading the recording")
    if data is None:
        raise audio.AudioError("The uploaded file is no longer kept. Send it again as a new job.")
    file = audio.open_audio(data, max_seconds)
    blocks: list[np.ndarray] = []
    for block in audio.decode(file):
        blocks.append(block)
        fraction = min(1.0, sum(part.size for part in blocks) / file.frames)
        progress.at(fraction * 0.9, f"Decoded {fraction:.0%} of the recording")
    if not blocks:
        raise audio.AudioError("This audio file holds no sound at all. Send one that can be played.")
    samples = audio.resample(np.concatenate(blocks), file.samplerate)
    progress.at(1, f"Decoded {samples.size / audio.RATE:.1f} s of audio", landmark=True)
    return samples


def _separation(samples: np.ndarray, progress: Progress) -> dict[str, np.ndarray]:
    progress.enter("separation", "Separating the stems")
    stems: dict[str, np.ndarray] = {}
    for step in audio.separate(samples):
        place = f"{step.stem} stem ({step.number}/{len(audio.STEMS)})"
        if step.finished is None:
            progress.at(step.fraction, f"Separating {place}")
        else:
            stems[step.stem] = step.finished
            progress.at(step.fraction, f"Separated {place}", landmark=True)
    return stems


def _transcription(stems: dict[str, np.ndarray], progress: Progress) -> list[audio.Note]:
    progress.enter("transcription", "Looking for onsets")
    notes: list[audio.Note] = []
    for fraction, note in audio.transcribe(stems["bass"] + stems["melody"]):
        if note:
            notes.append(note)
        progress.at(fraction, f"Notes found: {len(notes)}")
    progress.at(1, f"All notes found: {len(notes)}", landmark=True)
    return notes


def _musicxml(notes: list[audio.Note], title: str, progress: Progress) -> bytes:
    progress.enter("musicxml", "Writing the score")
    score = musicxml.score(notes, title)
    progress.at(1, "Wrote the score", landmark=True)
    return score


@dataclass(frozen=True)
class Duty:
    """What this worker works with."""

    store: WorkerStore
    settings: Settings
    limit: TimeLimit
    stop: threading.Event


def process(duty: Duty, job: Job) -> None:
    began = time.monotonic()
    store = duty.store
    duty.limit.begin(job)
    progress = Progress(store, job, duty.limit, duty.stop)

    def fail(message: str, retryable: bool) -> None:
        if store.publish(job, failed_update(job.id, job.attempt, progress.stage, message, retryable)):
            log.info("job %s failed in %s: %s", job.id, progress.stage, message)
            if not retryable:
                store.drop_upload(job.id)

    try:
        samples = _download(store.upload(job.id), duty.settings.max_audio_seconds, progress)
        notes = _transcription(_separation(samples, progress), progress)
        store.save_score(job.id, _musicxml(notes, job.filename, progress))
        if store.publish(job, completed_update(job.id, job.attempt, round(time.monotonic() - began, 3))):
            log.info("job %s completed in %.1f s", job.id, time.monotonic() - began)
            store.drop_upload(job.id)
    except audio.AudioError as error:
        fail(str(error), retryable=False)
    except FailedOnPurpose as error:
        fail(str(error), retryable=True)
    except (Superseded, Stopping, redis.RedisError):
        raise
    except Exception:
        log.exception("job %s: unexpected error in %s", job.id, progress.stage)
        fail(f"Something went wrong on the server during {progress.stage}. Try again.", retryable=True)
    finally:
        duty.limit.end()


def work(duty: Duty, ready: Callable[[], None]) -> None:
    """Until it is to stop. What it holds then, or when Redis fails under it, goes back to the queue."""
    store, stop = duty.store, duty.stop
    started = False
    while not stop.is_set():
        try:
            store.put_back_own()
            store.renew_lease()
            if not started:
                started = True
                ready()
            _take_jobs(duty)
        except redis.RedisError as error:
            log.warning("Redis does not answer (%s); trying again", type(error).__name__)
            stop.wait(0.5)
    store.put_back_own()
    store.sign_off()


def _take_jobs(duty: Duty) -> None:
    store, stop = duty.store, duty.stop
    while not stop.is_set():
        for job_id in store.put_back_lost():
            log.warning("job %s: its worker was lost", job_id)
        job_id = store.take(wait_seconds=0.5)
        if job_id is None:
            continue
        if stop.is_set():
            # Unclaimed it goes back as the same attempt.
            return
        try:
            if job := store.claim(job_id):
                process(duty, job)
        except Superseded:
            log.info("job %s: no longer wanted", job_id)
        except Stopping:
            return
        store.release(job_id)


def _keep_lease(duty: Duty) -> None:
    while not duty.stop.wait(duty.settings.lease_ms / 3000):
        if duty.limit.hangs:
            log.error("the job hangs; this worker ends, and the job goes to another one")
            os._exit(1)
        try:
            duty.store.renew_lease()
        except redis.RedisError:
            continue


def main() -> int:
    try:
        settings = load()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    logging.basicConfig(level=settings.log_level, format="%(levelname)s %(name)s: %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    name = f"{socket.gethostname()}:{os.getpid()}"
    store = WorkerStore(
        # A take that is tried again unseen could leave the first one's job on the list of a busy worker.
        redis.Redis.from_url(settings.redis_url, retry=Retry(NoBackoff(), 0)),
        name,
        settings.lease_ms,
        settings.keep_seconds,
        settings.max_attempts,
    )
    duty = Duty(store, settings, TimeLimit(settings.work_s), stop)
    threading.Thread(target=_keep_lease, args=(duty,), daemon=True).start()
    try:
        work(duty, ready=lambda: print("ready", flush=True))
    except redis.RedisError:
        log.warning("Redis was gone when this worker stopped; its job is taken again when the lease runs out")
    return 0


if __name__ == "__main__":
    sys.exit(main())
