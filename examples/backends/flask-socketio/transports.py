"""The TCP connections that carry Socket.IO, so that they can be cut on purpose, and a bound of the sessions."""

import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs

import engineio

PATH = "/socket.io/"
#: Where Werkzeug says which connection a request came by.
SOCKET = "werkzeug.socket"


class Transports:
    def __init__(self, app: Callable[..., Iterable[bytes]], server: engineio.Server, max_sessions: int):
        self._app = app
        self._server = server
        self._max_sessions = max_sessions
        self._open: set[socket.socket] = set()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        connection = environ.get(SOCKET)
        if connection is None or not environ["PATH_INFO"].startswith(PATH):
            return self._app(environ, start_response)
        is_new = "sid" not in parse_qs(environ.get("QUERY_STRING", ""))
        if is_new and self._sessions() >= self._max_sessions:
            start_response("503 Service Unavailable", [("Content-Type", "text/plain"), ("Retry-After", "1")])
            return [b"The server has as many sessions as it takes."]
        self._open.add(connection)
        try:
            return self._app(environ, start_response)
        finally:
            self._open.discard(connection)

    def _sessions(self) -> int:
        """How many there are, without those that have ended, which the server would keep for a while."""
        for sid, session in list(self._server.sockets.items()):
            if session.closed:
                self._server.sockets.pop(sid, None)
        return len(self._server.sockets)

    def cut(self) -> int:
        """Breaks every transport as a failing network would, and forgets the sessions; how many there were."""
        sessions = [session for session in list(self._server.sockets.values()) if not session.closed]
        for connection in self._open.copy():
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for session in sessions:
            session.close(wait=False, abort=True, reason=self._server.reason.TRANSPORT_ERROR)
        return len(sessions)
