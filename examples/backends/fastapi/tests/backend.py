"""What the tests do with the back-end: start it, talk to it, and wait for what it says."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

HERE = Path(__file__).parent.parent
WAIT_S = 15


class Backend:
    """A running `run.py`."""

    def __init__(self, *arguments: str, **env: str):
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "run.py"), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **env},
        )
        self.said = ""
        self.silent = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()
        ready = self.process.stdout.readline()
        if not ready.startswith("ready "):
            self.process.wait(WAIT_S)
            self.silent.wait(WAIT_S)
            raise AssertionError(f"run.py did not get ready: {ready}{self.said}")
        self.where = ready.removeprefix("ready ").strip()

    def _listen(self) -> None:
        """Every process of the back-end writes to this pipe: it ends when the last of them did."""
        for line in self.process.stderr:
            self.said += line
        self.silent.set()

    @property
    def http(self) -> httpx.Client:
        return httpx.Client(base_url=self.where, timeout=WAIT_S)

    def upload(self, data: bytes, name: str = "song.wav", **query: Any) -> str:
        response = self.http.post("/api/v1/jobs", content=data, headers={"X-Filename": name}, params=query)
        assert response.status_code == 202, response.text
        assert response.json() == {"job_id": response.json()["job_id"], "status": "queued", "attempt": 1}
        return response.json()["job_id"]

    def job(self, job_id: str) -> dict[str, Any]:
        return self.http.get(f"/api/v1/jobs/{job_id}").json()

    def stream(self, job_id: str, query: str = "") -> ClientConnection:
        # Unbounded, so that a socket which a test leaves unread still sees the closing handshake.
        url = f"{self.where.replace('http', 'ws', 1)}/api/v1/jobs/{job_id}/stream{query}"
        return connect(url, max_queue=None)

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(WAIT_S)


@contextmanager
def running(*arguments: str, **env: str) -> Iterator[Backend]:
    backend = Backend(*arguments, **env)
    try:
        yield backend
    finally:
        backend.stop()


def messages(socket: ClientConnection, heartbeats: bool = False) -> Iterator[dict[str, Any]]:
    """What the server sends until it closes the socket, which it must do with 1000."""
    while True:
        try:
            message = json.loads(socket.recv(WAIT_S))
        except ConnectionClosed as closed:
            assert closed.rcvd is not None and closed.rcvd.code == 1000, closed
            return
        if heartbeats or message["type"] != "heartbeat":
            yield message


def until(socket: ClientConnection, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    for message in messages(socket):
        if wanted(message):
            return message
    raise AssertionError("the socket was closed before the wanted message")


def close_code(socket: ClientConnection) -> int:
    try:
        socket.recv(WAIT_S)
    except ConnectionClosed as closed:
        return closed.rcvd.code
    raise AssertionError("the socket was not closed")


def eventually(reached: Callable[[], bool]) -> None:
    """For states that nobody announces."""
    deadline = time.monotonic() + WAIT_S
    while not reached():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)


def is_iso_time(text: str) -> bool:
    return re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text) is not None
