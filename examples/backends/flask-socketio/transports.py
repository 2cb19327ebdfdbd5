"""The TCP connections that carry Socket.IO, so that they can be cut on purpose."""

import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import engineio

#: Where Werkzeug says which connection a request came by.
SOCKET = "werkzeug.socket"


class Transports:
    def __init__(self, app: Callable[..., Iterable[bytes]], path: str, server: engineio.Server):
        self._app = app
        self._path = path
        self._server = server
        self._open: set[socket.socket] = set()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        connection = environ.get(SOCKET)
        if connection is None or not environ["PATH_INFO"].startswith(self._path):
            return self._app(environ, start_response)
        self._open.add(connection)
        try:
            return self._app(environ, start_response)
        finally:
            self._open.discard(connection)

    def cut(self) -> int:
        """Breaks every transport as a failing network would, and forgets the sessions; how many there were."""
        sessions = [session for session in list(self._server.sockets.values()) if not session.closed]
        for connection in self._open.copy():
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for session in sessions:
            session.close(wait=False, abort=True, reason=self._server.reason.TRANSPORT_ERROR)
        return len(sessions)
