"""What the tests do with the back-end: start it, talk to it, and wait for what it says."""

import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import socketio

HERE = Path(__file__).parent.parent
WAIT_S = 30


class Backend:
    """A running `run.py`."""

    def __init__(self, *arguments: str, **env: str):
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "run.py"), "--port", "0", *arguments],
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
        self.addresses = ready.split()[1:]

    def _listen(self) -> None:
        """Every process of the back-end writes to this pipe: it ends when the last of them did."""
        for line in self.process.stderr:
            self.said += line
        self.silent.set()

    def http(self, web: int = 0) -> httpx.Client:
        return httpx.Client(base_url=self.addresses[web], timeout=WAIT_S)

    def upload(self, data: bytes, name: str = "song.wav", web: int = 0, **query: Any) -> dict[str, Any]:
        response = self.http(web).post("/api/jobs", content=data, headers={"X-Filename": name}, params=query)
        assert response.status_code == 202, response.text
        return response.json()

    def job(self, job_id: str, web: int = 0) -> dict[str, Any]:
        return self.http(web).get(f"/api/jobs/{job_id}").json()

    def children(self, program: str) -> list[int]:
        """The processes that run.py started with that program."""
        pid = self.process.pid
        pids = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [int(one) for one in pids if program in Path(f"/proc/{one}/cmdline").read_text()]

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


class Client:
    """The reference client in one namespace, with the events that came to it."""

    def __init__(self, address: str, namespace: str, transport: str = "websocket", auth: Any = None):
        self._namespace = namespace
        self._events: queue.Queue[tuple[str, Any]] = queue.Queue()
        self._client = socketio.Client(reconnection=False)
        self._client.on("*", self._note, namespace=namespace)
        self.gone = threading.Event()
        self._client.on("disconnect", lambda *_: self.gone.set(), namespace=namespace)
        self._client.connect(
            address, namespaces=[namespace], transports=[transport], auth=auth, wait_timeout=WAIT_S
        )

    def _note(self, event: str, data: Any = None) -> None:
        self._events.put((event, data))

    def emit(self, event: str, data: Any = None) -> None:
        self._client.emit(event, data, namespace=self._namespace)

    def ask(self, event: str, data: Any = None) -> Any:
        return self._client.call(event, data, namespace=self._namespace, timeout=WAIT_S)

    def events(self) -> Iterator[tuple[str, Any]]:
        while True:
            yield self._events.get(timeout=WAIT_S)

    def next(self, wanted: str) -> Any:
        return next(data for event, data in self.events() if event == wanted)

    def until(self, job_id: str, last: str) -> list[tuple[str, dict[str, Any]]]:
        """The events of one job up to one of that name."""
        seen = []
        for event, data in self.events():
            if event.startswith("job_") and data["id"] == job_id:
                seen.append((event, data))
                if event == last:
                    return seen

    def close(self) -> None:
        self._client.disconnect()


@contextmanager
def subscribed(address: str, transport: str = "websocket", auth: Any = None) -> Iterator[Client]:
    client = Client(address, "/jobs", transport, auth)
    client.emit("subscribe_to_jobs")
    client.next("subscribed")
    try:
        yield client
    finally:
        client.close()


@contextmanager
def joined(address: str, transport: str = "websocket") -> Iterator[tuple[Client, dict[str, Any]]]:
    client = Client(address, "/performance", transport)
    client.emit("join_performance")
    state = client.next("performance_state")
    try:
        yield client, state
    finally:
        client.close()


def eventually(reached: Callable[[], bool]) -> None:
    """For states that nobody announces."""
    deadline = time.monotonic() + WAIT_S
    while not reached():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)
