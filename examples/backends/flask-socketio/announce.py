"""Emits to the clients of every web process, by way of Redis.

The web processes use this too instead of their own SocketIO, which would serve its own clients first: by the one
queue, events reach all clients in the order in which they were emitted.
"""

from typing import Any

from flask_socketio import SocketIO

JOBS, PERFORMANCE = "/jobs", "/performance"
#: The room of each namespace, which all join who want its broadcasts.
ROOMS = {JOBS: "jobs", PERFORMANCE: "performance"}


class Announcer:
    def __init__(self, redis_url: str):
        self._queue = SocketIO(message_queue=redis_url)

    def to_room(self, namespace: str, event: str, data: Any, skip: str | None = None) -> None:
        self._queue.emit(event, data, namespace=namespace, to=ROOMS[namespace], skip_sid=skip)

    def to_client(self, namespace: str, event: str, data: Any, sid: str) -> None:
        self._queue.emit(event, data, namespace=namespace, to=sid)
