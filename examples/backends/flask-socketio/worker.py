"""The worker: takes jobs from Redis one at a time and splits recordings. `python worker.py`."""

import logging
import signal
import sys
import threading
import time

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from announce import Announcer
from jobs import COMPLETED, FAILED, PROCESSING, QUEUED, Job, track_url
from separation import Separation
from settings import Settings, SettingsError, load
from store import Store
from wav import WavError, WavReader

log = logging.getLogger("jobwire.worker")

STEPS = 20


class NoLongerWanted(Exception):
    """The job was cancelled: nothing more may be said about it."""


class Stopping(Exception):
    """This worker was asked to stop."""


class FailedOnPurpose(Exception):
    pass


def _separate(store: Store, job: Job, settings: Settings, stop: threading.Event) -> dict[str, bytes]:
    data = store.upload(job.id)
    if data is None:
        raise WavError("The uploaded file is no longer kept. Send it again as a new job.")
    recording = WavReader(data, settings.max_audio_seconds)
    separation = Separation(recording, STEPS)
    began = time.monotonic()
    ends = began + settings.work_s + STEPS * job.pace_ms / 1000
    for step, fraction in enumerate(separation, start=1):
        if time.monotonic() > ends:
            text = f"The work on this recording took longer than {settings.work_s:.0f} s. Send a shorter one."
            raise WavError(text)
        if job.fail and fraction >= 0.5:
            raise FailedOnPurpose("The separation failed half-way, as this job asked for.")
        if stop.wait(max(0, began + step * job.pace_ms / 1000 - time.monotonic())):
            raise Stopping
        seconds = recording.frames / recording.rate
        message = f"Separated {fraction * seconds:.1f} of {seconds:.1f} s"
        # 100 is for the job that is completed.
        progress = min(99, int(100 * fraction))
        if not store.change(job.id, [PROCESSING], progress=progress, status_message=message):
            raise NoLongerWanted
    return separation.results()


def process(store: Store, job: Job, settings: Settings, stop: threading.Event) -> None:
    def fail(message: str) -> None:
        if store.change(job.id, [PROCESSING], status=FAILED, status_message="Failed", error=message):
            log.info("job %s failed: %s", job.id, message)

    try:
        for track, content in _separate(store, job, settings, stop).items():
            store.save_track(job.id, track, content)
        store.change(
            job.id,
            [PROCESSING],
            status=COMPLETED,
            progress=100,
            status_message="Vocals and instrumental are ready",
            result_url=track_url(job.id, "instrumental"),
        )
    except (WavError, FailedOnPurpose) as error:
        fail(str(error))
    except (NoLongerWanted, Stopping, redis.RedisError):
        raise
    except Exception:
        log.exception("job %s: unexpected error", job.id)
        fail("Something went wrong on the server. Send the file again.")
    store.drop_upload(job.id)


def _take_jobs(store: Store, settings: Settings, stop: threading.Event) -> None:
    while not stop.is_set():
        job_id = store.take(wait_seconds=0.5)
        if job_id is None:
            continue
        try:
            job = store.change(job_id, [QUEUED], status=PROCESSING, status_message="Reading the recording")
            if job:
                process(store, job, settings, stop)
        except NoLongerWanted:
            log.info("job %s: no longer wanted", job_id)
        except Stopping:
            return
        store.release(job_id)


def work(store: Store, settings: Settings, stop: threading.Event) -> None:
    """Until `stop` is set. What it holds then, or when Redis fails under it, goes back to the queue."""
    started = False
    while not stop.is_set():
        try:
            store.put_back()
            if not started:
                started = True
                print("ready", flush=True)
            _take_jobs(store, settings, stop)
        except redis.RedisError as error:
            log.warning("Redis does not answer (%s); trying again", type(error).__name__)
            stop.wait(0.5)
    store.put_back()


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
    # A take that is tried again unseen could leave the first one's job on the list until the next start.
    client = redis.Redis.from_url(settings.redis_url, retry=Retry(NoBackoff(), 0))
    store = Store(client, Announcer(settings.redis_url), settings.keep_seconds)
    try:
        work(store, settings, stop)
    except redis.RedisError:
        log.warning("Redis was gone when this worker stopped; its job is taken again at the next start")
    return 0


if __name__ == "__main__":
    sys.exit(main())
