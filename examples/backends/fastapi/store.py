"""Jobs in Redis. Every change is one script, so that a stale worker, a cancellation and a retry cannot overtake
one another, and a change is always stored before it is published: who reads after subscribing misses nothing.
"""

from itertools import chain

import redis
import redis.asyncio

from jobs import (
    Job,
    Update,
    cancelled_update,
    channel,
    failed_update,
    is_job_id,
    job_key,
    now,
    score_key,
    upload_key,
)

QUEUE = "jobs:queue"
WORKERS = "jobs:workers"

#: The ids of the jobs whose files are kept until a worker is done with them, and how many there may be.
UPLOADS = "jobs:uploads"
MAX_UPLOADS = 1_000

_CREATE = """
local total, count = #ARGV[2], 0
for _, id in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local size = redis.call('STRLEN', 'job:' .. id .. ':upload')
  if size == 0 then redis.call('SREM', KEYS[1], id) else total, count = total + size, count + 1 end
end
if total > tonumber(ARGV[3]) or count >= tonumber(ARGV[4]) then return 0 end
redis.call('SET', KEYS[2], ARGV[2], 'EX', ARGV[5])
redis.call('SADD', KEYS[1], ARGV[1])
redis.call('HSET', KEYS[3], unpack(ARGV, 6))
redis.call('EXPIRE', KEYS[3], ARGV[5])
redis.call('LPUSH', KEYS[4], ARGV[1])
return 1
"""

_CLAIM = """
if redis.call('HGET', KEYS[1], 'status') ~= 'queued' then return 0 end
redis.call('HSET', KEYS[1], 'status', 'running', 'timestamp', ARGV[1])
return 1
"""

_UPDATE = """
local job = redis.call('HMGET', KEYS[1], 'status', 'attempt')
if job[1] ~= 'running' or job[2] ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 3))
redis.call('PUBLISH', KEYS[2], ARGV[2])
return 1
"""

_CANCEL = """
local job = redis.call('HMGET', KEYS[1], 'status', 'attempt')
if (job[1] ~= 'queued' and job[1] ~= 'running') or job[2] ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 4))
redis.call('DEL', KEYS[4])
redis.call('LREM', KEYS[3], 0, ARGV[3])
redis.call('PUBLISH', KEYS[2], ARGV[2])
return 1
"""

_RETRY = """
local job = redis.call('HMGET', KEYS[1], 'status', 'retryable')
if job[1] ~= 'failed' or job[2] ~= '1' then return 0 end
redis.call('HDEL', KEYS[1], 'stage', 'error', 'retryable', 'final_message', 'lost')
redis.call('HSET', KEYS[1], 'status', 'queued', 'progress', 0, 'message', 'Waiting for a worker',
  'timestamp', ARGV[2])
redis.call('LPUSH', KEYS[2], ARGV[1])
return redis.call('HINCRBY', KEYS[1], 'attempt', 1)
"""

_PUT_BACK = """
if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 0 then return 0 end
local status = redis.call('HGET', KEYS[2], 'status')
if status == 'running' then
  redis.call('HDEL', KEYS[2], 'stage')
  redis.call('HINCRBY', KEYS[2], 'attempt', 1)
  redis.call('HINCRBY', KEYS[2], 'lost', tonumber(ARGV[3]))
  redis.call('HSET', KEYS[2], 'status', 'queued', 'progress', 0, 'message', 'Waiting for another worker',
    'timestamp', ARGV[2])
elseif status ~= 'queued' then
  return 0
end
redis.call('RPUSH', KEYS[3], ARGV[1])
return 1
"""


def _flat(update: Update) -> list[str | int | float]:
    return list(chain.from_iterable(update.fields.items()))


class WebStore:
    """What the web processes do with jobs."""

    def __init__(self, client: redis.asyncio.Redis, keep_seconds: int, max_waiting_bytes: int):
        self._redis = client
        self._keep = keep_seconds
        self._max_waiting = max_waiting_bytes
        self._create = client.register_script(_CREATE)
        self._cancel = client.register_script(_CANCEL)
        self._retry = client.register_script(_RETRY)

    async def create(self, job_id: str, data: bytes, fields: dict[str, str | int]) -> bool:
        """False when as many files wait for the workers as are kept."""
        keys = [UPLOADS, upload_key(job_id), job_key(job_id), QUEUE]
        members = chain.from_iterable(fields.items())
        bounds = [self._max_waiting, MAX_UPLOADS, self._keep]
        return bool(await self._create(keys, [job_id, data, *bounds, *members]))

    async def read(self, job_id: str) -> Job | None:
        if not is_job_id(job_id):
            return None
        fields = await self._redis.hgetall(job_key(job_id))
        return Job.from_hash(job_id, {k.decode(): v.decode() for k, v in fields.items()}) if fields else None

    async def score(self, job_id: str) -> bytes | None:
        return await self._redis.get(score_key(job_id)) if is_job_id(job_id) else None

    async def cancel(self, job_id: str) -> bool:
        """Whether the job was still queued or running."""
        keys = [job_key(job_id), channel(job_id), QUEUE, upload_key(job_id)]
        while (job := await self.read(job_id)) and not job.is_final:
            update = cancelled_update(job.id, job.attempt)
            if await self._cancel(keys, [job.attempt, update.message, job.id, *_flat(update)]):
                return True
        return False

    async def retry(self, job_id: str) -> int:
        """The new attempt's number, or 0 when the job is not one that may be tried again."""
        return await self._retry([job_key(job_id), QUEUE], [job_id, now()])


def _taken_key(worker: str) -> str:
    return f"jobs:taken:{worker}"


def _lease_key(worker: str) -> str:
    return f"jobs:lease:{worker}"


class WorkerStore:
    """What one worker does with jobs. A job it took stays on the worker's own list until it is done with it."""

    def __init__(self, client: redis.Redis, worker: str, lease_ms: int, keep_seconds: int, max_lost: int):
        self._redis = client
        self._worker = worker
        self._lease_ms = lease_ms
        self._keep = keep_seconds
        self._max_lost = max_lost
        self._claim = client.register_script(_CLAIM)
        self._update = client.register_script(_UPDATE)
        self._put_back = client.register_script(_PUT_BACK)

    def renew_lease(self) -> None:
        self._redis.set(_lease_key(self._worker), 1, px=self._lease_ms)
        self._redis.sadd(WORKERS, self._worker)

    def sign_off(self) -> None:
        self._redis.delete(_lease_key(self._worker))
        self._redis.srem(WORKERS, self._worker)

    def take(self, wait_seconds: float) -> str | None:
        job_id = self._redis.blmove(QUEUE, _taken_key(self._worker), wait_seconds, "RIGHT", "LEFT")
        return job_id.decode() if job_id else None

    def claim(self, job_id: str) -> Job | None:
        """The job, now running, or None when it is no longer wanted."""
        return self._read(job_id) if self._claim([job_key(job_id)], [now()]) else None

    def upload(self, job_id: str) -> bytes | None:
        return self._redis.get(upload_key(job_id))

    def release(self, job_id: str) -> None:
        self._redis.lrem(_taken_key(self._worker), 1, job_id)

    def owns(self, job: Job) -> bool:
        return self._redis.hmget(job_key(job.id), "status", "attempt") == [
            b"running",
            str(job.attempt).encode(),
        ]

    def publish(self, job: Job, update: Update) -> bool:
        """False when the job was cancelled, or given to another worker, meanwhile."""
        return bool(
            self._update([job_key(job.id), channel(job.id)], [job.attempt, update.message, *_flat(update)])
        )

    def save_score(self, job_id: str, score: bytes) -> None:
        self._redis.set(score_key(job_id), score, ex=self._keep)

    def drop_upload(self, job_id: str) -> None:
        self._redis.delete(upload_key(job_id))

    def put_back_own(self) -> None:
        """Returns what this worker took and will not finish; no fault of the job."""
        for job_id in self._redis.lrange(_taken_key(self._worker), 0, -1):
            self._return(self._worker, job_id.decode(), lost=False)

    def put_back_lost(self) -> list[str]:
        """Returns the jobs of workers whose lease ran out; the ids of these jobs."""
        found = []
        for worker in (member.decode() for member in self._redis.smembers(WORKERS)):
            if self._redis.exists(_lease_key(worker)):
                continue
            for job_id in (item.decode() for item in self._redis.lrange(_taken_key(worker), 0, -1)):
                if self._give_up(worker, job_id) or self._return(worker, job_id, lost=True):
                    found.append(job_id)
            self._redis.srem(WORKERS, worker)
        return found

    def _read(self, job_id: str) -> Job | None:
        fields = self._redis.hgetall(job_key(job_id))
        return Job.from_hash(job_id, {k.decode(): v.decode() for k, v in fields.items()}) if fields else None

    def _return(self, worker: str, job_id: str, lost: bool) -> bool:
        return bool(self._put_back([_taken_key(worker), job_key(job_id), QUEUE], [job_id, now(), int(lost)]))

    def _give_up(self, worker: str, job_id: str) -> bool:
        """A file that brings down every worker that takes it must not go round for ever."""
        job = self._read(job_id)
        lost = int(self._redis.hget(job_key(job_id), "lost") or 0) + 1
        if job is None or lost < self._max_lost:
            return False
        text = f"The workers that tried this were lost {lost} times. Try again, or send another file."
        update = failed_update(job_id, job.attempt, job.stage or "download", text, retryable=True)
        if not self.publish(job, update):
            return False
        self._redis.lrem(_taken_key(worker), 1, job_id)
        return True
