"""Receives uploads: so many at a time, and so many bytes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Request
from werkzeug.exceptions import HTTPException, ServiceUnavailable

from settings import UploadLimits

BUSY = "The server receives as many uploads as it takes at a time. Send it again in a moment."


def busy(text: str) -> HTTPException:
    return ServiceUnavailable(text, retry_after=1)


class Uploads:
    """The uploads that one web process receives."""

    def __init__(self, limits: UploadLimits):
        self._limits = limits
        self._lock = threading.Lock()
        self._open = 0
        self._bytes = 0

    @contextmanager
    def receive(self, request: Request) -> Iterator[bytes]:
        """The body; it has a place as long as it is in use."""
        promised = request.content_length
        size = self._limits.max_bytes if promised is None else min(promised, self._limits.max_bytes)
        with self._lock:
            if (
                self._open >= self._limits.at_a_time
                or self._bytes + size > self._limits.bytes_at_a_time
            ):
                raise busy(BUSY)
            self._open += 1
            self._bytes += size
        try:
            yield request.get_data(cache=False)
        finally:
            with self._lock:
                self._open -= 1
                self._bytes -= size
