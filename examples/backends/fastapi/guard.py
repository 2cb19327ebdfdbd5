"""Refuses requests under unknown host names and from pages of foreign origins, before anything else is done."""

import asyncio
from typing import Any

from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from settings import Access


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


class Gate:
    """Answers 403, to handshakes of WebSockets too."""

    def __init__(self, app: ASGIApp, access: Access):
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app: ASGIApp = self._app
        if scope["type"] in ("http", "websocket"):
            refusal = self._access.refusal(_values(scope, b"host"), _values(scope, b"origin"))
            if refusal:
                app = JSONResponse({"detail": refusal}, 403)
        await app(scope, receive, send)


class Cors(CORSMiddleware):
    """Lets pages of the allowed origins, loopback ones among them, read answers."""

    def __init__(self, app: ASGIApp, access: Access, **options: Any):
        super().__init__(app, **options)
        self._access = access

    def is_allowed_origin(self, origin: str) -> bool:
        return self._access.allows_origin(origin)


def punctual(head_s: float) -> type[H11Protocol]:
    """uvicorn's HTTP, which also closes a connection whose client takes longer than `head_s` for a request's head.

    uvicorn itself waits without end for the rest of a head, and for the rest of a body that was refused.
    """

    class Punctual(H11Protocol):
        _limit: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._watch()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._watch()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            self._watch()

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            self._unset_limit()

        def _watch(self) -> None:
            if self.cycle is not None and not self.cycle.response_complete:
                self._unset_limit()
            elif self._limit is None and not self.transport.is_closing():
                self._limit = self.loop.call_later(head_s, self._end)

        def _unset_limit(self) -> None:
            if self._limit is not None:
                self._limit.cancel()
                self._limit = None

        def _end(self) -> None:
            # After a handshake the connection belongs to the protocol of WebSockets.
            if self.transport.get_protocol() is self:
                self.transport.close()

    return Punctual
