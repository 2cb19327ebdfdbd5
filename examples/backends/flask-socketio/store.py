"""Jobs in Redis. A change is stored and announced under one lock, so that no event of a job overtakes another, and
a worker that still reports on a cancelled job is refused.
"""

from collections.abc import Sequence
from typing import Any

import redis

from announce import JOBS, Announcer
from jobs import EVENTS, PROCESSING, QUEUED, UNFINISHED, Job, is_job_id

QUEUE = "karaoke:queue"
TAKEN = "karaoke:taken"
INDEX = "karaoke:jobs"
#: How many jobs a list holds at most, the newest ones.
LISTED = 200
#: Longer than any change takes; a process that dies within one holds up the others for so long.
LOCKED_AT_MOST_S = 5


def _key(job_id: str, part: str = "job") -> str:
    return f"karaoke:{part}:{job_id}"


class Store:
    def __init__(self, client: redis.Redis, announcer: Announcer, keep_seconds: int):
        self._redis = client
        self._announcer = announcer
        self._keep = keep_seconds

    def create(self, job: Job, recording: bytes, max_waiting_bytes: int) -> bool:
        """False when as many files wait for the worker as are kept."""
        with self._lock():
            waiting = [member.decode() for key in (QUEUE, TAKEN) for member in self._redis.lrange(key, 0, -1)]
            sizes = [self._redis.strlen(_key(job_id, "upload")) for job_id in waiting]
            if len(waiting) >= LISTED or sum(sizes) + len(recording) > max_waiting_bytes:
                return False
            self._redis.set(_key(job.id, "upload"), recording, ex=self._keep)
            self._redis.set(_key(job.id), job.to_json(), ex=self._keep)
            self._redis.rpush(INDEX, job.id)
            self._redis.ltrim(INDEX, -LISTED, -1)
            self._announcer.to_room(JOBS, "job_created", job.view())
        self._redis.lpush(QUEUE, job.id)
        return True

    def read(self, job_id: Any) -> Job | None:
        text = self._redis.get(_key(job_id)) if is_job_id(job_id) else None
        return Job.from_json(text) if text else None

    def jobs(self) -> list[Job]:
        """In the order of creation."""
        ids = [member.decode() for member in self._redis.lrange(INDEX, 0, -1)]
        texts = self._redis.mget([_key(job_id) for job_id in ids]) if ids else []
        return [Job.from_json(text) for text in texts if text]

    def send_list(self, sid: str) -> list[dict[str, Any]]:
        """Under the lock, so that what the client hears after its list is newer than it."""
        with self._lock():
            jobs = [job.view() for job in self.jobs()]
            self._announcer.to_client(JOBS, "jobs_list", {"jobs": jobs}, sid)
        return jobs

    def change(self, job_id: str, expected: Sequence[str], **fields: Any) -> Job | None:
        """The changed job, or None when its status is not an expected one (any more)."""
        with self._lock():
            job = self.read(job_id)
            if job is None or job.status not in expected:
                return None
            changed = job.changed(**fields)
            self._redis.set(_key(job_id), changed.to_json(), keepttl=True)
            self._announcer.to_room(JOBS, EVENTS[changed.status], changed.view())
        return changed

    def cancel(self, job_id: str) -> bool:
        """Whether the job had not ended yet."""
        cancelled = self.change(job_id, UNFINISHED, status="cancelled", status_message="Cancelled")
        if cancelled is None:
            return False
        self._redis.lrem(QUEUE, 0, job_id)
        self.drop_upload(job_id)
        return True

    def upload(self, job_id: str) -> bytes | None:
        return self._redis.get(_key(job_id, "upload"))

    def drop_upload(self, job_id: str) -> None:
        self._redis.delete(_key(job_id, "upload"))

    def track(self, job_id: str, track: str) -> bytes | None:
        return self._redis.get(_key(job_id, track)) if is_job_id(job_id) else None

    def save_track(self, job_id: str, track: str, content: bytes) -> None:
        self._redis.set(_key(job_id, track), content, ex=self._keep)

    def take(self, wait_seconds: float) -> str | None:
        """The id of the oldest job in the queue. It stays on a list of its own until it is released."""
        job_id = self._redis.blmove(QUEUE, TAKEN, wait_seconds, "RIGHT", "LEFT")
        return job_id.decode() if job_id else None

    def release(self, job_id: str) -> None:
        self._redis.lrem(TAKEN, 1, job_id)

    def put_back(self) -> None:
        """Returns to the queue what a worker took and did not finish. There is one worker: nobody has it now."""
        while taken := self._redis.lindex(TAKEN, -1):
            job_id = taken.decode()
            self.change(
                job_id, [PROCESSING], status=QUEUED, progress=0, status_message="Waiting for the worker"
            )
            self._redis.lmove(TAKEN, QUEUE, "RIGHT", "RIGHT")

    def _lock(self) -> redis.lock.Lock:
        return self._redis.lock("karaoke:lock", timeout=LOCKED_AT_MOST_S, sleep=0.005)
