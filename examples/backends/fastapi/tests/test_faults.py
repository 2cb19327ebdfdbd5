"""What survives when a process dies."""

import os
import signal
import subprocess
import sys
from urllib.parse import urlsplit

import httpx
import pytest
from redis import ConnectionError, Redis
from websockets.exceptions import ConnectionClosed

from backend import HERE, WAIT_S, Backend, close_code, eventually, messages, running, until


def worker_of(redis: Redis, job_id: str) -> int:
    for worker in redis.smembers("jobs:workers"):
        if job_id.encode() in redis.lrange(f"jobs:taken:{worker.decode()}", 0, -1):
            return int(worker.rsplit(b":", 1)[1])
    raise AssertionError("no worker has the job")


def test_the_job_of_a_worker_that_is_killed_goes_on_as_the_next_attempt(
    backend: Backend, redis: Redis, recording: bytes
):
    job_id = backend.upload(recording, pace=400)
    with backend.stream(job_id) as socket:
        until(socket, lambda message: message["stage"] == "separation")
        os.kill(worker_of(redis, job_id), signal.SIGKILL)
        seen = list(messages(socket))
    attempts = [message["attempt"] for message in seen]
    assert attempts == sorted(attempts) and attempts[-1] == 2
    second = [message["progress"] for message in seen if message["attempt"] == 2]
    assert second[0] == 0 and second == sorted(second)
    assert seen[-1]["type"] == "completed" and backend.job(job_id)["attempt"] == 2


def test_a_worker_that_is_stopped_hands_its_job_to_the_next(recording: bytes):
    with (
        running("--only", "redis") as store,
        running("--port", "0", "--only", "web", "--redis-url", store.where) as web,
    ):
        job_id = web.upload(recording, pace=400)
        with web.stream(job_id) as socket:
            with running("--only", "worker", "--redis-url", store.where) as first:
                until(socket, lambda message: message["stage"] == "separation")
                assert first.stop() == 0
            assert web.job(job_id)["status"] == "queued"
            with running("--only", "worker", "--redis-url", store.where):
                seen = list(messages(socket))
    assert seen[-1]["type"] == "completed" and seen[-1]["attempt"] == 2


def test_a_file_that_brings_down_every_worker_fails_in_the_end(recording: bytes):
    with running("--only", "redis") as store:
        redis = Redis.from_url(store.where)
        env = {"JOBWIRE_LEASE_MS": "1500", "JOBWIRE_MAX_ATTEMPTS": "2"}
        with running("--port", "0", "--only", "web", "--redis-url", store.where) as web:
            job_id = web.upload(recording, pace=1000)
            with running("--only", "worker", "--redis-url", store.where, **env), web.stream(job_id) as socket:
                for attempt in (1, 2):
                    until(socket, lambda message, attempt=attempt: message["attempt"] == attempt)
                    os.kill(worker_of(redis, job_id), signal.SIGKILL)
                *_, failed = messages(socket)
    assert failed["type"] == "error" and "lost 2 times" in failed["error"]["message"]


def test_the_web_part_can_be_replaced_while_a_job_runs(redis_url: str, backend: Backend, recording: bytes):
    # The workers are those of `backend`, on the same Redis.
    first = Backend("--port", "0", "--only", "web", "--redis-url", redis_url)
    job_id = first.upload(recording, pace=800)
    with first.stream(job_id) as socket:
        until(socket, lambda message: message["type"] == "progress")
        assert first.stop() == 0
        with pytest.raises(ConnectionClosed) as closed:
            list(iter(socket.recv, None))
        assert closed.value.rcvd.code == 1012
    port = str(urlsplit(first.where).port)
    with (
        running("--port", port, "--only", "web", "--redis-url", redis_url) as second,
        second.stream(job_id) as socket,
    ):
        assert list(messages(socket))[-1]["type"] == "completed"


def test_when_redis_goes_the_watcher_is_told_to_come_back_and_the_reader_to_try_again(recording: bytes):
    with running("--only", "redis") as store:
        port = urlsplit(store.where).port
        with running("--port", "0", "--only", "web", "--redis-url", store.where) as web:
            job_id = web.upload(recording)
            with web.stream(job_id) as socket:
                eventually(lambda: Redis(port=port).pubsub_numsub(f"job:{job_id}:updates")[0][1] == 1)
                store.stop()
                assert close_code(socket) == 1013
            answer = web.http.get(f"/api/v1/jobs/{job_id}")
            assert answer.status_code == 503 and answer.headers["retry-after"] == "1"
            assert web.http.get("/healthz").status_code == 503
            with running("--only", "redis", "--redis-port", str(port)):
                eventually(lambda: web.http.get("/healthz").status_code == 200)


def test_no_process_outlives_a_back_end_that_is_killed_hard():
    backend = Backend("--port", "0")
    assert backend.http.get("/healthz").text == "ok"
    backend.process.kill()
    backend.process.wait(WAIT_S)
    assert backend.silent.wait(WAIT_S)
    with pytest.raises(httpx.ConnectError):
        backend.http.get("/healthz")


def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(HERE / "run.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=WAIT_S, env={**os.environ, **env})


def test_what_it_cannot_start_with_is_said_in_a_sentence(redis_url: str, tmp_path):
    cases = [
        (run("--port", "0", PATH=str(tmp_path)), "redis-server is not installed"),
        (run("--port", "0", JOBWIRE_RATE="often"), 'JOBWIRE_RATE must be a rate such as "60/minute"'),
        (run("--port", "0", HEARTBEAT_MS="soon"), "HEARTBEAT_MS must be a whole number"),
        (run("--port", str(urlsplit(redis_url).port), "--redis-url", redis_url), "Choose another --port"),
        (run("--port", "0", "--redis-url", "postgres://x"), "--redis-url is not the address of a Redis"),
        (run("--only", "worker"), "add --redis-url"),
    ]
    for result, sentence in cases:
        assert result.returncode != 0 and sentence in result.stderr, result.stderr
        assert "Traceback" not in result.stderr


def test_the_private_redis_is_gone_after_a_clean_stop():
    with running("--only", "redis") as backend:
        client = Redis.from_url(backend.where)
        assert client.ping()
    assert backend.process.returncode == 0
    with pytest.raises(ConnectionError):
        client.ping()
