"""How a test asks and directs the conformance server, over plain HTTP beside Socket.IO: as control.mjs does."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from typing import Any

import socketio
from notes import Notes

Body = dict[str, Any]

HEADERS = [
    (b"access-control-allow-origin", b"*"),
    (b"content-type", b"application/json"),
    (b"connection", b"close"),
]


def revive(value: Body) -> Any:
    """Binary goes through JSON as `{ base64 }`."""
    return base64.b64decode(value["base64"]) if isinstance(value.get("base64"), str) else value


def replace(value: Any) -> Any:
    return {"base64": base64.b64encode(value).decode()}


class Control:
    """An ASGI application: what follows `/_control/` is the name of a method."""

    def __init__(self, sio: socketio.AsyncServer, notes: Notes) -> None:
        self._sio = sio
        self._notes = notes
        self._closing: list[asyncio.Task[None]] = []
        self._actions: dict[str, Callable[[Body], Awaitable[Any]]] = {
            f"/_control/{action.__name__}": action
            for action in (self.state, self.emit, self.kick, self.drop, self.settings, self.forget)
        }

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        action = self._actions.get(scope["path"]) if scope["type"] == "http" else None
        text, more = b"", True
        while more:
            message = await receive()
            text += message.get("body", b"")
            more = message.get("more_body", False)
        answer = await action(json.loads(text or b"{}", object_hook=revive)) if action else None
        await send({"type": "http.response.start", "status": 200 if action else 404, "headers": HEADERS})
        await send({"type": "http.response.body", "body": json.dumps(answer or {}, default=replace).encode()})

    async def _lifespan(self, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    async def state(self, _body: Body) -> Any:
        # Engine.IO keeps closed ones for a while.
        live = [
            one for sid, one in self._sio.eio.sockets.items() if not one.closed and sid not in self._notes.old
        ]
        connections = ["websocket" if one.upgraded else "polling" for one in live]
        return {
            "arrived": self._notes.arrived,
            "connects": self._notes.connects,
            "disconnects": self._notes.disconnects,
            "connections": connections,
        }

    async def emit(self, body: Body) -> None:
        namespace, event, args = body.get("namespace", "/"), body["event"], body.get("args", [])
        count = body.get("count")
        every = [args] if count is None else [[*args, number] for number in range(count)]
        for given in every:
            await self._sio.emit(event, tuple(given), namespace=namespace)

    async def kick(self, body: Body) -> None:
        namespace = body.get("namespace", "/")
        for sid, _ in list(self._sio.manager.get_participants(namespace, None)):
            await self._sio.disconnect(sid, namespace=namespace)

    async def drop(self, _body: Body) -> None:
        # Not awaited: it lasts until the client has read everything, which one that is gone never does.
        self._closing = [asyncio.create_task(self._sio.eio.disconnect(sid)) for sid in self._sio.eio.sockets]

    async def settings(self, body: Body) -> None:
        for name, value in body.items():
            setattr(self._notes, name, value)

    async def forget(self, _body: Body) -> None:
        self._notes.forget(self._sio.eio.sockets)
