"""What keeps the server safe from other sites, slow or greedy clients, and files that are made to do harm."""

import json
import select
import socket as sockets
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
import websocket

from backend import WAIT_S, Backend, Client, eventually, joined, running, subscribed
from wav import WavError, WavReader

UNKNOWN = "00000000-0000-4000-8000-000000000000"
HOSTS = ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost@evil.example", "", "[::1", "a,b", "//"]
ORIGINS = [
    "http://evil.example", "https://localhost.evil.example", "http://127.0.0.1@evil.example", "http://localhost/",
    "null", "", "file://", "http://[", "http://evil.example#localhost",
]  # fmt: skip
SOCKET_IO = "/socket.io/?EIO=4&transport="


def handshake(backend: Backend, **options) -> websocket.WebSocket:
    address = backend.addresses[0].replace("http", "ws", 1)
    return websocket.create_connection(f"{address}{SOCKET_IO}websocket", timeout=WAIT_S, **options)


def refused_with(backend: Backend, **options) -> int:
    with pytest.raises(websocket.WebSocketBadStatusException) as refusal:
        handshake(backend, **options)
    return refusal.value.status_code


@pytest.mark.parametrize("host", HOSTS)
def test_a_name_that_somebody_elses_dns_points_here_is_refused(backend: Backend, host: str):
    with backend.http() as http:
        for method, path in (("GET", "/healthz"), ("GET", "/api/jobs"), ("POST", "/api/jobs"), ("GET", f"{SOCKET_IO}polling")):
            assert http.request(method, path, headers={"Host": host}).status_code == 403
    if host:
        assert refused_with(backend, host=host) == 403


@pytest.mark.parametrize("origin", ORIGINS)
def test_pages_of_other_sites_can_neither_send_nor_read_nor_listen(backend: Backend, song: bytes, origin: str):
    headers = {"Origin": origin}
    with backend.http() as http:
        before = len(http.get("/api/jobs").json()["jobs"])
        for method, path, body in (
            ("POST", "/api/jobs", song),
            ("GET", "/api/jobs", None),
            ("OPTIONS", "/api/jobs", None),
            ("POST", "/api/_control/cut", None),
            ("GET", f"{SOCKET_IO}polling", None),
        ):
            answer = http.request(method, path, content=body, headers=headers)
            assert answer.status_code == 403 and "access-control-allow-origin" not in answer.headers
            assert "JOBWIRE_ALLOWED_ORIGINS" in answer.json()["detail"]
        assert len(http.get("/api/jobs").json()["jobs"]) == before
    if origin:
        assert refused_with(backend, origin=origin) == 403


def test_hosts_and_origins_that_are_meant_pass():
    env = {"JOBWIRE_ALLOWED_HOSTS": "api.example", "JOBWIRE_ALLOWED_ORIGINS": "https://app.example, https://b.example:8443"}
    with running("--web", "1", **env) as backend, backend.http() as http:
        for host in ("api.example", "API.example:443", "localhost", "127.0.0.1:1", "[::1]:9"):
            assert http.get("/healthz", headers={"Host": host}).status_code == 200
        for origin in ("https://app.example", "https://b.example:8443", "http://localhost:3", "http://[::1]"):
            for path in ("/api/jobs", f"{SOCKET_IO}polling"):
                answer = http.get(path, headers={"Origin": origin})
                assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, origin)
            handshake(backend, origin=origin).close()
        behind = {"Host": "api.example", "Origin": "https://api.example"}
        assert http.get(f"{SOCKET_IO}polling", headers=behind).status_code == 200
        for origin in ("https://b.example", "http://app.example", "https://api.example"):
            assert http.get("/api/jobs", headers={"Origin": origin}).status_code == 403


def test_faults_on_purpose_are_off_unless_asked_for_and_for_this_machine_only(backend: Backend):
    with running("--web", "1") as usual:
        assert usual.http().post("/api/_control/cut").status_code in (404, 405)
    with running("--web", "1", JOBWIRE_CONTROL="1", JOBWIRE_ALLOWED_HOSTS="api.example") as asked:
        assert asked.http().post("/api/_control/cut").status_code == 200
        for headers in ({"Host": "api.example"}, {"X-Forwarded-For": "192.0.2.1"}, {"Forwarded": "for=192.0.2.1"}):
            assert asked.http().post("/api/_control/cut", headers=headers).status_code == 403


@pytest.mark.parametrize("path", ["..", "%2e%2e", "..%2f..%2fetc%2fpasswd", "%252e%252e%252f", "..%5c..%5c", "%00", "*"])
def test_an_id_is_never_a_path_nor_a_key_of_the_store(backend: Backend, path: str):
    for address in (f"/api/jobs/{path}", f"/api/jobs/{path}/vocals.wav", f"/api/jobs/{UNKNOWN}/{path}.wav"):
        answer = backend.http().get(address)
        assert answer.status_code in (308, 404) and "root:" not in answer.text


def test_a_number_of_thousands_of_digits_is_no_number(backend: Backend, song: bytes):
    answer = backend.http().post(f"/api/jobs?pace={'1' * 5000}", content=song)
    assert answer.status_code == 400 and "pace" in answer.json()["detail"]


def exchange(backend: Backend, *parts: bytes, pause_s: float = 0.1) -> bytes:
    """What the server says to a client that sends one part after the other, until it closes the connection."""
    address = urlsplit(backend.addresses[0])
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


def test_a_request_line_that_makes_no_sense_is_refused_and_written_nowhere(backend: Backend):
    with running("--web", "1", JOBWIRE_TOKENS="s3cret") as server:
        for line in (b"GET //[?token=s3cret HTTP/1.1", b"GET /?token=s3cret x HTTP/1.1", b"GET http://[?token=s3cret HTTP/1.1"):
            answer = exchange(server, line + b"\r\nHost: localhost\r\n\r\n")
            assert b" 400 " in answer or b" 404 " in answer
        assert server.http().get("/healthz").status_code == 200
        server.stop()
        server.silent.wait(WAIT_S)
        assert "s3cret" not in server.said and "Traceback" not in server.said


def test_slow_and_greedy_clients_are_ended():
    env = {
        "JOBWIRE_UPLOAD_IDLE_MS": "400", "JOBWIRE_UPLOAD_MS": "1200", "JOBWIRE_HEADERS_MS": "400",
        "JOBWIRE_MAX_UPLOADS": "2", "JOBWIRE_MAX_UPLOAD_MB": "1",
    }  # fmt: skip
    head = b"POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"
    with running("--web", "1", **env) as server:
        assert exchange(server, b"GET /healthz HT") == b""
        assert b"HTTP/1.1 200" not in exchange(server, *[b"G"] * 20)
        assert b" 408 " in exchange(server, head, b"x" * 10)
        assert b" 408 " in exchange(server, head, *[b"x"] * 40)
        assert b" 413 " in exchange(server, head.replace(b"1000", b"99999999999999999999"))
        with ThreadPoolExecutor(3) as clients:
            answers = list(clients.map(lambda _: exchange(server, head, b"x", b"x"), range(3)))
        assert sorted(answer.split()[1] for answer in answers) == [b"408", b"408", b"503"]
        assert server.http().get("/healthz").status_code == 200


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_the_limits_of_a_request_are_none_of_a_session(transport: str):
    env = {"JOBWIRE_UPLOAD_IDLE_MS": "200", "JOBWIRE_UPLOAD_MS": "400", "JOBWIRE_HEADERS_MS": "200"}
    with running("--web", "1", **env) as server, subscribed(server.addresses[0], transport) as client:
        assert not client.gone.wait(1.5)
        assert client.ask("request_jobs_list") == {"jobs": []}


def test_no_more_files_wait_for_the_worker_than_fit(backend: Backend, song: bytes):
    with running("--web", "1", JOBWIRE_MAX_WAITING_MB="1") as server:
        first = server.upload(song, pace=60_000)
        codes = [server.http().post("/api/jobs", content=song).status_code for _ in range(3)]
        assert len(song) < 2**20 and codes[-1] == 503
        for job in server.http().get("/api/jobs").json()["jobs"]:
            server.http().post(f"/api/jobs/{job['id']}/cancel")
        eventually(lambda: server.http().post("/api/jobs", content=song).status_code == 202)
        assert server.job(first["id"])["status"] == "cancelled"


def test_no_more_connections_and_sessions_are_open_than_allowed():
    with running("--web", "1", JOBWIRE_MAX_CONNECTIONS="4") as server:
        answers = [server.http().get(f"{SOCKET_IO}polling").status_code for _ in range(6)]
        assert answers == [200] * 4 + [503] * 2
        address = urlsplit(server.addresses[0])
        idle = [sockets.create_connection((address.hostname, address.port)) for _ in range(4)]
        assert exchange(server, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n") == b""
        for connection in idle:
            connection.close()
        eventually(lambda: exchange(server, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").endswith(b"ok"))


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param("42/jobs," + "[" * 50_000, id="deep"),
        pytest.param('451-/jobs,["cancel_job",{"_placeholder":true,"num":0}]', id="attachment"),
        pytest.param('459999999999-/jobs,["x"]', id="ten thousand million attachments"),
        pytest.param('42/jobs,["x",' + "1" * 60_000 + "]", id="long number"),
        pytest.param('42/jobs,["x","' + "y" * 3_000_000 + '"]', id="large"),
        pytest.param("42/" + "n" * 50_000 + ",[]", id="long namespace"),
    ],
)
def test_a_frame_that_is_made_to_do_harm_costs_at_most_its_own_connection(backend: Backend, frame: str):
    with joined(backend.addresses[0]) as (bystander, state):
        connection = handshake(backend)
        connection.recv()
        connection.send("40/jobs,")
        connection.recv()
        with suppress(OSError, websocket.WebSocketException):
            connection.send(frame)
            connection.send_binary(b"x" * 50_000)
        connection.shutdown()
        assert bystander.ask("join_performance") == state


def test_a_websocket_that_breaks_the_protocol_frees_its_connection():
    with running("--web", "1", JOBWIRE_MAX_CONNECTIONS="3") as server:
        for _ in range(6):
            broken = handshake(server)
            broken.recv()
            broken.sock.sendall(b"\xff" * 64)
            broken.sock.settimeout(WAIT_S)
            while broken.sock.recv(4096):
                pass
            broken.shutdown()
            eventually(lambda: server.http().get("/healthz").status_code == 200)


def test_a_client_that_is_silent_frees_its_connection():
    env = {"PING_INTERVAL_MS": "200", "PING_TIMEOUT_MS": "200", "JOBWIRE_MAX_CONNECTIONS": "2"}
    with running("--web", "1", **env) as server:
        silent = handshake(server)
        silent.recv()
        began = time.monotonic()
        while silent.sock.recv(4096):
            assert time.monotonic() - began < WAIT_S
        with subscribed(server.addresses[0]):
            pass


def wav(rate: int, before: bytes = b"") -> bytes:
    form = struct.pack("<HHIIHH", 1, 1, rate, rate * 2, 2, 16)
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + before + b"data" + struct.pack("<I", 8) + bytes(8)
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def test_recordings_of_absurd_shape_are_refused():
    assert WavReader(wav(8000, b"LIST\0\0\0\0" * 20), 600).frames == 4
    for data in (wav(8000, b"LIST\0\0\0\0" * 1_000_000), wav(2**31 - 1), wav(8000)[:40], b"RIFF"):
        with pytest.raises(WavError):
            WavReader(data, 600)


def test_a_job_that_takes_too_long_fails(song: bytes):
    with running("--web", "1", JOBWIRE_WORK_MS="10") as server, subscribed(server.addresses[0]) as client:
        job = server.upload(song)
        assert "longer than 0 s" in client.until(job["id"], "job_failed")[-1][1]["error"]


def test_what_comes_by_an_event_is_json_of_bounded_size(backend: Backend):
    client = Client(backend.addresses[0], "/jobs")
    client.emit("cancel_job", json.loads('{"job_id":' + "[" * 400 + "]" * 400 + "}"))
    assert "job_id" in client.next("error_message")["message"]
    client.close()
