"""What the surface promises beside jobs and performance: tokens, CORS, faults on purpose, starting and stopping."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import pytest
import websocket
from redis import Redis

from backend import HERE, WAIT_S, Backend, Client, eventually, joined, running, subscribed


def test_with_tokens_set_nobody_gets_in_without_one(song: bytes):
    with running("--web", "1", JOBWIRE_TOKENS="first, second") as backend:
        [address] = backend.addresses
        for auth in (None, {}, {"token": "wrong"}, {"token": 7}, "second"):
            for namespace in ("/jobs", "/performance"):
                refusal = '{"message":"unauthorized","data":{"code":"unauthorized"}}'
                assert answer_to_connect(address, namespace, auth) == f"44{namespace},{refusal}"
        with backend.http() as http:
            for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic second"}):
                response = http.get("/api/jobs", headers=headers)
                assert response.status_code == 401 and response.headers["www-authenticate"] == "Bearer"
                assert "valid token" in response.json()["detail"]
            assert http.get("/api/jobs", headers={"Authorization": "Bearer second"}).status_code == 200
            assert http.get("/api/jobs?token=first").status_code == 200
            assert http.get("/healthz").text == "ok"
        with subscribed(address, auth={"token": "second"}) as client:
            assert client.ask("request_jobs_list") == {"jobs": []}
        backend.stop()
        backend.silent.wait(WAIT_S)
        assert "second" not in backend.said


def answer_to_connect(address: str, namespace: str, auth: Any) -> str:
    connection = websocket.create_connection(
        f"{address.replace('http', 'ws', 1)}/socket.io/?EIO=4&transport=websocket", timeout=WAIT_S
    )
    connection.recv()
    connection.send(f"40{namespace},{'' if auth is None else json.dumps(auth)}")
    answer = connection.recv()
    connection.close()
    return answer


def test_pages_of_this_machine_may_use_all_of_it(backend: Backend):
    with backend.http() as http:
        asked = "authorization,x-filename,if-none-match"
        page = "http://localhost:5173"
        headers = {"Origin": page, "Access-Control-Request-Headers": asked}
        answer = http.options("/api/jobs", headers={**headers, "Access-Control-Request-Method": "POST"})
        assert answer.status_code == 204
        allowed = answer.headers["access-control-allow-headers"].lower().split(", ")
        assert set(asked.split(",")) <= set(allowed)
        # An error is for them to read, too.
        assert http.get("/api/jobs/none", headers=headers).headers["access-control-allow-origin"] == page
        opened = http.get("/socket.io/?EIO=4&transport=polling", headers=headers)
        assert opened.headers["access-control-allow-origin"] == page
        # Announced in whole seconds, never fewer than it takes.
        assert '"pingTimeout":10000,"pingInterval":1000' in opened.text


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_a_cut_breaks_every_connection_of_that_process(backend: Backend, transport: str):
    with subscribed(backend.addresses[1]) as elsewhere:
        cut = Client(backend.addresses[0], "/jobs", transport)
        assert backend.http(0).post("/api/_control/cut").json()["closed"] >= 1
        assert cut.gone.wait(WAIT_S)
        elsewhere.ask("request_jobs_list")
        with subscribed(backend.addresses[0], transport) as again:
            again.ask("request_jobs_list")


@pytest.mark.parametrize("payload", [None, 5, "id", ["id"], {}, {"job_id": 5}, {"job_id": {"a": []}}])
def test_whatever_comes_with_an_event_does_no_harm(backend: Backend, payload: Any):
    with subscribed(backend.addresses[0]) as client:
        refused = client.ask("cancel_job", (payload,))
        assert refused["ok"] is False
        told = client.next("error_message")
        assert told == {"event": "cancel_job", "message": refused["error"]}
        client.emit("no_such_event", payload)
        client.emit("subscribe_to_jobs", payload)
        client.next("subscribed")


def test_a_frame_that_makes_no_sense_costs_at_most_its_own_connection(backend: Backend):
    with joined(backend.addresses[0]) as (bystander, state):
        for frame in ("42/jobs,[[]]", "42/jobs,{", "42/jobs,[]", "9", "42/jobs,[5]", '42/jobs,["connect"]', "45"):
            client = Client(backend.addresses[0], "/jobs")
            client._client.eio.ws.send(f"4{frame[1:]}" if frame[0] == "4" else frame)
            client.close()
        assert bystander.ask("join_performance") == state


@contextmanager
def redis_server(port: int) -> Iterator[str]:
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--loglevel", "warning"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()


def test_when_redis_goes_it_is_said_and_when_it_is_back_all_goes_on(song: bytes):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with ExitStack() as stack:
        with redis_server(port) as url:
            backend = stack.enter_context(running("--redis-url", url))
            client = stack.enter_context(subscribed(backend.addresses[1]))
        refused = client.ask("request_jobs_list")
        assert refused == {"ok": False, "error": "The server cannot reach its store. Try again in a moment."}
        with backend.http() as http:
            answer = http.get("/api/jobs")
            assert answer.status_code == 503 and answer.headers["retry-after"] == "1"
            assert http.get("/healthz").status_code == 503
            with redis_server(port):
                eventually(lambda: http.get("/healthz").status_code == 200)
                # The web processes listen to the message queue again after a second or two.
                queue = Redis(port=port)
                eventually(lambda: queue.pubsub_numsub("flask-socketio")[0][1] == 2)
                job = backend.upload(song)
                client.until(job["id"], "job_completed")


def test_no_process_outlives_a_back_end_that_is_killed_hard():
    backend = Backend()
    assert backend.http(1).get("/healthz").text == "ok"
    backend.process.kill()
    backend.process.wait(WAIT_S)
    assert backend.silent.wait(WAIT_S)
    for web in (0, 1):
        with pytest.raises(httpx.ConnectError):
            backend.http(web).get("/healthz")


def test_it_stops_cleanly_while_clients_are_connected():
    with running() as backend, subscribed(backend.addresses[0]), subscribed(backend.addresses[1], "polling"):
        assert backend.stop() == 0
        assert backend.silent.wait(WAIT_S)
        assert "Traceback" not in backend.said


def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(HERE / "run.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=WAIT_S, env={**os.environ, **env})


def test_what_it_cannot_start_with_is_said_in_a_sentence(backend: Backend, tmp_path):
    taken = backend.addresses[0].rsplit(":", 1)[1]
    cases = [
        (run("--port", "0", PATH=str(tmp_path)), "redis-server is not installed"),
        (run("--port", "0", PING_INTERVAL_MS="soon"), "PING_INTERVAL_MS must be a whole number"),
        (run("--port", taken), "Choose another --port"),
        (run("--port", "0", "--redis-url", "postgres://x"), "--redis-url is not the address of a Redis"),
        (run("--web", "0"), "--web must be at least 1"),
    ]
    for result, sentence in cases:
        assert result.returncode != 0 and sentence in result.stderr, result.stderr
        assert "Traceback" not in result.stderr
