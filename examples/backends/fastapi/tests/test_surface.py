"""What the surface promises beside the life of a job: caching, heartbeat, limits, tokens, CORS."""

import json
import socket as sockets
from urllib.parse import urlsplit

import pytest
from redis import Redis
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from backend import WAIT_S, Backend, close_code, eventually, messages, running, until

PAGE = "http://localhost:5173"
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def subscribers(redis: Redis, job_id: str) -> int:
    return redis.pubsub_numsub(f"job:{job_id}:updates")[0][1]


def test_reading_an_unchanged_job_again_is_answered_304(backend: Backend, recording: bytes):
    job_id = backend.upload(recording, pace=300)
    path = f"/api/v1/jobs/{job_id}"
    with backend.stream(job_id) as socket:
        until(socket, lambda message: message["type"] == "progress")
        running_etag = backend.http.get(path).headers["etag"]
        list(messages(socket))
    changed = backend.http.get(path, headers={"If-None-Match": running_etag})
    assert changed.status_code == 200 and not changed.headers["etag"].startswith("W/")
    same = backend.http.get(path, headers={"If-None-Match": f'"other", {changed.headers["etag"]}'})
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", changed.headers["etag"])
    score = backend.http.get(changed.json()["result_url"])
    again = backend.http.get(changed.json()["result_url"], headers={"If-None-Match": score.headers["etag"]})
    assert again.status_code == 304


def test_the_socket_beats_and_takes_pongs(backend: Backend, recording: bytes):
    job_id = backend.upload(recording, pace=400)
    with backend.stream(job_id) as socket:
        types = []
        for message in messages(socket, heartbeats=True):
            types.append(message["type"])
            if message["type"] == "heartbeat":
                assert message.keys() == {"type", "timestamp"}
                socket.send(json.dumps({"type": "pong", "timestamp": message["timestamp"]}))
    assert types.count("heartbeat") >= 2 and types[-1] == "completed"


def test_whatever_a_client_sends_does_no_harm(backend: Backend, recording: bytes):
    job_id = backend.upload(recording, pace=100)
    with backend.stream(job_id) as socket:
        for nonsense in ("", "{", '{"type":"pong"}', "[]", b"\x00\xff"):
            socket.send(nonsense)
        assert list(messages(socket))[-1]["type"] == "completed"


def test_a_client_that_leaves_frees_its_subscription(backend: Backend, redis: Redis, recording: bytes):
    job_id = backend.upload(recording, pace=5000)
    with backend.stream(job_id):
        eventually(lambda: subscribers(redis, job_id) == 1)
    eventually(lambda: subscribers(redis, job_id) == 0)
    backend.http.post(f"/api/v1/jobs/{job_id}/cancel")


def test_a_client_that_falls_silent_frees_its_subscription(backend: Backend, redis: Redis, recording: bytes):
    job_id = backend.upload(recording, pace=60_000)
    address = urlsplit(backend.where)
    with sockets.create_connection((address.hostname, address.port)) as silent:
        silent.sendall(
            f"GET /api/v1/jobs/{job_id}/stream HTTP/1.1\r\nHost: {address.netloc}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        eventually(lambda: subscribers(redis, job_id) == 1)
        eventually(lambda: subscribers(redis, job_id) == 0)
    backend.http.post(f"/api/v1/jobs/{job_id}/cancel")


def test_bad_requests_are_answered_with_the_remedy(backend: Backend, recording: bytes):
    empty = backend.http.post("/api/v1/jobs")
    assert empty.status_code == 400 and "body" in empty.json()["detail"]
    for query in ("fail=dancing", "pace=-1", "pace=slow"):
        assert backend.http.post(f"/api/v1/jobs?{query}", content=recording).status_code == 422


def test_a_file_that_is_too_large_is_refused(redis_url: str):
    with running("--port", "0", "--only", "web", "--redis-url", redis_url, JOBWIRE_MAX_UPLOAD_MB="1") as web:
        response = web.http.post("/api/v1/jobs", content=bytes(1024 * 1024 + 1))
        assert response.status_code == 413 and "1 MB" in response.json()["detail"]


def test_pages_of_this_machine_may_use_it(backend: Backend):
    preflight = backend.http.options(
        f"/api/v1/jobs/{UNKNOWN}",
        headers={
            "Origin": PAGE,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type,x-filename,if-none-match",
        },
    )
    assert preflight.status_code == 200 and preflight.headers["access-control-allow-origin"] == PAGE
    answer = backend.http.get(f"/api/v1/jobs/{UNKNOWN}", headers={"Origin": PAGE})
    assert answer.headers["access-control-allow-origin"] == PAGE and "Origin" in answer.headers["vary"]
    assert {name.strip() for name in answer.headers["access-control-expose-headers"].split(",")} == {
        "ETag",
        "Retry-After",
    }


def test_health(backend: Backend):
    response = backend.http.get("/healthz")
    assert (response.status_code, response.text) == (200, "ok")


def test_tokens_are_asked_for_and_never_written_to_the_log(redis_url: str):
    env = {"JOBWIRE_TOKENS": "s3cret-one, s3cret-two", "JOBWIRE_LOG": "debug"}
    web = "--port", "0", "--only", "web", "--redis-url", redis_url
    with running(*web, **env) as server:
        path = f"/api/v1/jobs/{UNKNOWN}"
        with server.http as http:
            for refused in (
                http.get(path),
                http.get(f"{path}?token=wr0ng"),
                http.post("/api/v1/jobs", content=b"x"),
            ):
                assert refused.status_code == 401 and refused.headers["www-authenticate"] == "Bearer"
                assert "Authorization" in refused.json()["detail"]
            assert http.get(path, headers={"Authorization": "Bearer s3cret-one"}).status_code == 404
            assert http.get(f"{path}?token=s3cret-two").status_code == 404
            assert http.get("/healthz").status_code == 200

        for query in ("", "?token=wr0ng"):
            with pytest.raises(InvalidStatus) as refusal:
                server.stream(UNKNOWN, query)
            assert refusal.value.response.status_code == 403
        with server.stream(UNKNOWN, "?token=s3cret-one") as socket:
            assert close_code(socket) == 4404
        server.stop()
        assert server.silent.wait(WAIT_S)
        assert "s3cret" not in server.said and "wr0ng" not in server.said


def test_too_many_uploads_and_sockets_of_one_address_are_told_to_wait(redis_url: str):
    web = "--port", "0", "--only", "web", "--redis-url", redis_url
    with running(*web, JOBWIRE_RATE="2/hour") as server, server.http as http:
        # Refused for its empty body, yet counted: no job is left behind in the shared Redis.
        codes = [http.post("/api/v1/jobs").status_code for _ in range(3)]
        assert codes == [400, 400, 429]
        refused = http.post("/api/v1/jobs", headers={"Origin": PAGE})
        assert 0 < int(refused.headers["retry-after"]) <= 3601
        assert refused.headers["access-control-allow-origin"] == PAGE and "wait" in refused.json()["detail"]
        assert http.get(f"/api/v1/jobs/{UNKNOWN}").status_code == 404
        elsewhere = {"X-Forwarded-For": "192.0.2.7"}
        assert http.post("/api/v1/jobs", headers=elsewhere).status_code == 400

        closes = []
        for _ in range(3):
            with server.stream(UNKNOWN) as socket:
                closes.append(close_code(socket))
        assert closes == [4404, 4404, 1013]
        url = f"{server.where.replace('http', 'ws', 1)}/api/v1/jobs/{UNKNOWN}/stream"
        with connect(url, additional_headers=elsewhere) as socket:
            assert close_code(socket) == 4404
