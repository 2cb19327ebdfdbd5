"""Receives uploads: so many at a time, and each within bounds of size and time."""

import asyncio

from fastapi import HTTPException, Request

from settings import UploadLimits

_MIB = 1024 * 1024
_BUSY = "The server receives as many uploads as it takes at a time. Send it again in a moment."


class Uploads:
    """The uploads that one web process receives."""

    def __init__(self, limits: UploadLimits):
        self._limits = limits
        self._open = 0
        self._bytes = 0

    async def receive(self, request: Request) -> bytes:
        if self._open >= self._limits.at_a_time:
            raise HTTPException(503, _BUSY, {"Retry-After": "1"})
        promised = request.headers.get("content-length", "")
        if promised.isdecimal() and (len(promised) > 15 or int(promised) > self._limits.max_bytes):
            raise self._too_large()
        body = bytearray()
        self._open += 1
        try:
            async with asyncio.timeout(self._limits.total_s):
                await self._read(request, body)
        except TimeoutError:
            raise HTTPException(408, "The upload took too long. Send it again.") from None
        finally:
            self._open -= 1
            self._bytes -= len(body)
        if not body:
            raise HTTPException(400, "The request has no body. Send the bytes of the audio file as the body.")
        return bytes(body)

    async def _read(self, request: Request, body: bytearray) -> None:
        chunks = request.stream()
        while True:
            async with asyncio.timeout(self._limits.idle_s):
                chunk = await anext(chunks, None)
            if chunk is None:
                return
            body += chunk
            self._bytes += len(chunk)
            if len(body) > self._limits.max_bytes:
                raise self._too_large()
            if self._bytes > self._limits.bytes_at_a_time:
                raise HTTPException(503, _BUSY, {"Retry-After": "1"})

    def _too_large(self) -> HTTPException:
        size = self._limits.max_bytes // _MIB
        return HTTPException(413, f"The file is larger than {size} MB. Send a smaller one.")
