"""What keeps the server safe from other sites, slow or greedy clients, and files that are made to do harm."""

import io
import select
import socket as sockets
import struct
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import numpy as np
import pytest
import soundfile
from redis import Redis
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from audio import AudioError, open_audio
from backend import HERE, WAIT_S, Backend, close_code, messages, running

UNKNOWN = "00000000-0000-4000-8000-000000000000"
HOSTS = ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost@evil.example", "", "[::1", "a,b", "//"]
ORIGINS = [
    "http://evil.example", "https://localhost.evil.example", "http://127.0.0.1@evil.example", "http://localhost/",
    "null", "", "file://", "http://[", "http://evil.example#localhost", "http://127.0.0.1.:x",
]  # fmt: skip


@pytest.mark.parametrize("host", HOSTS)
def test_a_name_that_somebody_elses_dns_points_here_is_refused(backend: Backend, host: str):
    for method, path in (("GET", "/healthz"), ("POST", "/api/v1/jobs"), ("GET", f"/api/v1/jobs/{UNKNOWN}")):
        assert backend.http.request(method, path, headers={"Host": host}).status_code in (400, 403)
    with pytest.raises(InvalidStatus) as refusal:
        connect(f"{backend.where.replace('http', 'ws', 1)}/api/v1/jobs/{UNKNOWN}/stream", sock=_proxied(backend, host))
    assert refusal.value.response.status_code in (400, 403)


def _proxied(backend: Backend, host: str) -> sockets.socket:
    """A connection on which the Host header is another one."""
    here, there = sockets.socketpair()
    address = urlsplit(backend.where)
    server = sockets.create_connection((address.hostname, address.port), WAIT_S)

    def carry() -> None:
        request = there.recv(65536).decode()
        server.sendall(request.replace(f"Host: {address.netloc}", f"Host: {host}").encode())
        while answer := server.recv(65536):
            there.sendall(answer)
        there.close()

    threading.Thread(target=carry, daemon=True).start()
    return here


@pytest.mark.parametrize("origin", ORIGINS)
def test_pages_of_other_sites_can_neither_send_nor_read_nor_listen(
    backend: Backend, redis: Redis, recording: bytes, origin: str
):
    before = redis.dbsize()
    headers = {"Origin": origin}
    for method, path, body in (
        ("POST", "/api/v1/jobs", recording),
        ("GET", f"/api/v1/jobs/{UNKNOWN}", None),
        ("POST", f"/api/v1/jobs/{UNKNOWN}/cancel", None),
        ("OPTIONS", "/api/v1/jobs", None),
    ):
        answer = backend.http.request(method, path, content=body, headers=headers)
        assert answer.status_code == 403 and "access-control-allow-origin" not in answer.headers
        assert "JOBWIRE_ALLOWED_ORIGINS" in answer.json()["detail"]
    with pytest.raises(InvalidStatus) as refusal:
        connect(
            f"{backend.where.replace('http', 'ws', 1)}/api/v1/jobs/{UNKNOWN}/stream", additional_headers=headers
        )
    assert refusal.value.response.status_code == 403
    assert redis.dbsize() <= before


def test_hosts_and_origins_that_are_meant_pass(redis_url: str):
    env = {"JOBWIRE_ALLOWED_HOSTS": "api.example", "JOBWIRE_ALLOWED_ORIGINS": "https://app.example, https://b.example:8443"}
    with running("--port", "0", "--only", "web", "--redis-url", redis_url, **env) as web, web.http as http:
        path = f"/api/v1/jobs/{UNKNOWN}"
        for host in ("api.example", "API.example:443", "localhost", "127.0.0.1:1", "[::1]:9"):
            assert http.get(path, headers={"Host": host}).status_code == 404
        for origin in ("https://app.example", "https://b.example:8443", "http://localhost:3", "http://[::1]", "http://127.0.0.1"):
            answer = http.get(path, headers={"Origin": origin})
            assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (404, origin)
        # A page that is served under the name itself, by a proxy in front.
        assert http.get(path, headers={"Host": "api.example", "Origin": "https://api.example"}).status_code == 404
        for origin in ("https://b.example", "http://app.example", "https://api.example"):
            assert http.get(path, headers={"Origin": origin}).status_code == 403


@pytest.mark.parametrize(
    "path", ["..", "%2e%2e", "..%2f..%2fetc%2fpasswd", "%252e%252e%252f", "..%5c..%5c", "%00", "jobs:queue", "*", "a" * 9000]
)
def test_an_id_is_never_a_path_nor_a_key_of_the_store(backend: Backend, path: str):
    for prefix in ("/api/v1/jobs", "/api/v1/scores"):
        answer = backend.http.get(f"{prefix}/{path}")
        assert answer.status_code in (307, 404) and "root:" not in answer.text


def _slow(backend: Backend, *parts: bytes, pause_s: float = 0.1) -> bytes:
    """What the server says to a client that sends one part after the other, until it closes the connection."""
    address = urlsplit(backend.where)
    answer = b""
    with sockets.create_connection((address.hostname, address.port), WAIT_S) as client:
        try:
            for part in parts:
                client.sendall(part)
                if select.select([client], [], [], pause_s)[0]:
                    break
            while received := client.recv(65536):
                answer += received
        except ConnectionError:
            pass
    return answer


def test_slow_and_greedy_clients_are_ended(redis_url: str, recording: bytes):
    env = {
        "JOBWIRE_UPLOAD_IDLE_MS": "300", "JOBWIRE_UPLOAD_MS": "1000", "JOBWIRE_HEADERS_MS": "300",
        "JOBWIRE_MAX_UPLOADS": "2", "JOBWIRE_MAX_UPLOAD_MB": "1",
    }  # fmt: skip
    head = b"POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"
    with running("--port", "0", "--only", "web", "--workers", "1", "--redis-url", redis_url, **env) as web:
        assert _slow(web, b"GET /healthz HT") == b""
        assert _slow(web, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET /").startswith(b"HTTP/1.1 200")
        assert b" 408 " in _slow(web, head, b"x" * 10)
        assert b" 408 " in _slow(web, head, *[b"x"] * 30)
        greedy = head.replace(b"1000", b"99999999999999999999")
        assert b" 413 " in _slow(web, greedy) or b" 400 " in _slow(web, greedy)
        with ThreadPoolExecutor(3) as clients:
            answers = list(clients.map(lambda _: _slow(web, head, b"x", b"x"), range(3)))
        assert sorted(answer.split()[1] for answer in answers) == [b"408", b"408", b"503"]
        assert web.http.get("/healthz").status_code == 200


def test_the_limits_of_a_request_are_none_of_a_socket(backend: Backend, redis_url: str, recording: bytes):
    job_id = backend.upload(recording, pace=500)
    web = "--port", "0", "--only", "web", "--workers", "1", "--redis-url", redis_url
    with running(*web, JOBWIRE_HEADERS_MS="100", JOBWIRE_UPLOAD_MS="100") as server, server.stream(job_id) as socket:
        assert list(messages(socket))[-1]["type"] == "completed"


def test_a_worker_whose_job_hangs_ends_itself():
    program = """
import threading, types, worker
limit = worker.TimeLimit(work_s=0.01)
duty = types.SimpleNamespace(stop=threading.Event(), settings=types.SimpleNamespace(lease_ms=30), limit=limit)
duty.store = types.SimpleNamespace(renew_lease=lambda: None)
worker.HANGS_AFTER_S = 0.1
assert not limit.hangs
limit.begin(types.SimpleNamespace(pace_ms=0))
worker._keep_lease(duty)
"""
    ended = subprocess.run([sys.executable, "-c", program], cwd=HERE, timeout=WAIT_S, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr.count("the job hangs")) == (1, 1)


def test_no_more_files_wait_for_the_workers_than_fit():
    with running("--only", "redis") as store:
        web = "--port", "0", "--only", "web", "--workers", "1", "--redis-url", store.where
        with running(*web, JOBWIRE_MAX_WAITING_MB="2") as server, Redis.from_url(store.where) as redis:
            codes = [server.http.post("/api/v1/jobs", content=bytes(900_000)).status_code for _ in range(3)]
            assert codes == [202, 202, 503]
            redis.delete(*redis.scan_iter("job:*:upload"))
            assert server.http.post("/api/v1/jobs", content=bytes(900_000)).status_code == 202


def test_no_more_sockets_are_open_than_allowed(backend: Backend, redis_url: str, recording: bytes):
    job_id = backend.upload(recording, pace=20_000)
    web = "--port", "0", "--only", "web", "--workers", "1", "--redis-url", redis_url
    with running(*web, JOBWIRE_MAX_SOCKETS="2") as server:
        with server.stream(job_id), server.stream(job_id), server.stream(job_id) as third:
            assert close_code(third) == 1013
    backend.http.post(f"/api/v1/jobs/{job_id}/cancel")


def test_a_message_that_is_too_large_ends_its_own_socket_only(backend: Backend, recording: bytes):
    job_id = backend.upload(recording, pace=300)
    with backend.stream(job_id) as bystander:
        with backend.stream(job_id) as greedy:
            greedy.send("x" * 200_000)
            with pytest.raises(AssertionError):
                list(messages(greedy))
        assert list(messages(bystander))[-1]["type"] == "completed"


def _wav(channels: int, rate: int, frames: int = 4) -> bytes:
    data = bytes(2 * channels * frames)
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * 2 * channels, 2 * channels, 16)
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


@pytest.mark.parametrize(("channels", "rate"), [(9, 8000), (1, 1), (1, 2**31 - 1), (255, 192_000)])
def test_recordings_of_absurd_shape_are_refused(channels: int, rate: int):
    with pytest.raises(AudioError):
        open_audio(_wav(channels, rate), 600)


def test_a_small_file_that_unpacks_to_a_giant_one_is_refused():
    packed = io.BytesIO()
    soundfile.write(packed, np.zeros(96_000 * 60, np.int16), 96_000, format="FLAC")
    assert len(packed.getvalue()) < 100_000
    with pytest.raises(AudioError, match="too many samples"):
        open_audio(packed.getvalue(), 70)


def test_a_job_that_takes_too_long_fails(redis_url: str, recording: bytes):
    with running("--port", "0", "--workers", "1", "--job-workers", "1", JOBWIRE_WORK_MS="10") as server:
        job_id = server.upload(recording)
        with server.stream(job_id) as socket:
            *_, last = messages(socket)
        assert (last["type"], last["error"]["retryable"]) == ("error", False)
        assert "longer than 0 s" in last["error"]["message"]
