"""Werkzeug's server with bounds: of connections, and of the time that a client may take to send a request."""

import logging
import socket
import sys
import threading
import time
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from settings import ClientLimits

log = logging.getLogger("jobwire.web")

LOOK_EVERY_S = 0.1
#: How long the rest of a request is read that was answered before it was complete.
LINGER_S = 5
#: Where an application finds what ends the time limits of its connection, which then are its own to keep.
UNLIMITED = "jobwire.unlimited"


class Deadlines:
    """Ends the reading of connections whose time is up. What the server still sends is sent."""

    def __init__(self) -> None:
        self._ends: dict[socket.socket, float] = {}
        threading.Thread(target=self._watch, daemon=True).start()

    def set(self, connection: socket.socket, seconds: float) -> None:
        self._ends[connection] = time.monotonic() + seconds

    def clear(self, connection: socket.socket) -> None:
        self._ends.pop(connection, None)

    def _watch(self) -> None:
        while True:
            time.sleep(LOOK_EVERY_S)
            now = time.monotonic()
            for connection in [one for one, end in self._ends.copy().items() if end < now]:
                self.clear(connection)
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RD)


class Server(ThreadedWSGIServer):
    """A thread for each connection, and no more connections than allowed: others are closed at once."""

    def __init__(self, listener: socket.socket, app: Any, limits: ClientLimits):
        self.limits = limits
        self.deadlines = Deadlines()
        self._places = threading.BoundedSemaphore(limits.max_connections)
        host, port = listener.getsockname()[:2]
        super().__init__(host, port, app, Handler, fd=listener.fileno())

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except Exception:
            self._places.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        # Its text may hold what the client sent.
        log.error("a connection failed: %s", type(sys.exception()).__name__)


class Handler(WSGIRequestHandler):
    server: Server

    def setup(self) -> None:
        self.timeout = self.server.limits.idle_s
        super().setup()
        self.server.deadlines.set(self.connection, self.server.limits.head_s)

    def finish(self) -> None:
        self.server.deadlines.clear(self.connection)
        # The client may be gone.
        with suppress(OSError, ValueError):
            super().finish()

    def run_wsgi(self) -> None:
        try:
            urlsplit(self.path)
        except ValueError:
            self.close_connection = True
            self.send_error(400)
            return
        self.server.deadlines.set(self.connection, self.server.limits.request_s)
        super().run_wsgi()

    def send_response(self, *arguments: Any) -> None:
        super().send_response(*arguments)
        self.server.deadlines.set(self.connection, LINGER_S)

    def make_environ(self) -> dict[str, Any]:
        return {**super().make_environ(), UNLIMITED: self._unlimited}

    def _unlimited(self) -> None:
        self.server.deadlines.clear(self.connection)
        self.connection.settimeout(None)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing, as below; and it would fail for an address that cannot be parsed."""

    def log(self, type: str, message: str, *arguments: Any) -> None:
        """Nothing: it would hold the request line, and so the token."""

    def connection_dropped(self, error: BaseException, environ: dict[str, Any] | None = None) -> None:
        """After a WebSocket too: Werkzeug would wait for the next request on it and keep the client waiting."""
        self.close_connection = True
