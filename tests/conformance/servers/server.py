"""The conformance server on python-socketio, to be told apart from node.mjs by nobody: ../README.md.

`python server.py PORT`
"""

import asyncio
import os
import socket as sockets
import sys
from typing import Any
from urllib.parse import parse_qs

import socketio
import uvicorn
from control import Control
from notes import Notes
from socketio.exceptions import ConnectionRefusedError

NAMESPACES = ["/", "/echo", "/auth"]


def numeric(name: str, fallback: int) -> int:
    return int(os.environ.get(name, fallback))


def flag(name: str, fallback: bool) -> bool:
    return os.environ.get(name, "1" if fallback else "0") == "1"


notes = Notes()
sio = socketio.AsyncServer(
    async_mode="asgi",
    cors_allowed_origins="*",
    ping_interval=numeric("PING_INTERVAL_MS", 2000) / 1000,
    ping_timeout=numeric("PING_TIMEOUT_MS", 2000) / 1000,
    max_http_buffer_size=numeric("MAX_PAYLOAD", 1_000_000),
    transports=os.environ.get("TRANSPORTS", "polling,websocket").split(","),
    allow_upgrades=flag("ALLOW_UPGRADES", True),
    always_connect=flag("ALWAYS_CONNECT", False),
)


class Events(socketio.AsyncNamespace):
    async def trigger_event(self, event: str, *args: Any) -> Any:
        if event not in ("connect", "disconnect") and not self.is_old(args[0]):
            notes.arrived.append([self.namespace, event, *args[1:]])
        return await super().trigger_event(event, *args)

    def is_old(self, sid: str) -> bool:
        return sio.manager.eio_sid_from_sid(sid, self.namespace) in notes.old

    async def on_connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        token = auth.get("token") if isinstance(auth, dict) else None
        if self.namespace == "/auth" and token not in notes.tokens:
            raise ConnectionRefusedError("unauthorized", {"code": 401})
        notes.connects.append({"namespace": self.namespace, "auth": auth or {}, "recovered": False})

    async def on_disconnect(self, sid: str, reason: str) -> None:
        if not self.is_old(sid):
            notes.disconnects.append({"namespace": self.namespace, "reason": reason})

    async def on_echo(self, sid: str, *args: Any) -> None:
        await self.emit("echo", args, to=sid)

    async def on_ask(self, sid: str, *args: Any) -> Any:
        return args

    async def on_ask_slowly(self, sid: str, milliseconds: int) -> int:
        await asyncio.sleep(milliseconds / 1000)
        return milliseconds

    async def on_silent(self, sid: str, *args: Any) -> None:
        # Whatever a handler returns is an acknowledgement: this one never does.
        await asyncio.Event().wait()

    async def on_ask_me(self, sid: str, limit: int, *args: Any) -> None:
        answer: asyncio.Future[tuple[Any, ...]] = asyncio.get_running_loop().create_future()
        await self.emit("question", args, to=sid, callback=lambda *given: answer.set_result(given))
        try:
            await self.emit("answered", await asyncio.wait_for(answer, limit / 1000), to=sid)
        except TimeoutError:
            await self.emit("unanswered", to=sid)

    async def on_burst(self, sid: str, count: int) -> None:
        for number in range(count):
            await self.emit("number", number, to=sid)

    async def on_kick_me(self, sid: str) -> None:
        await self.disconnect(sid)


class Closed(socketio.AsyncNamespace):
    async def on_connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        raise ConnectionRefusedError("not here")


for name in NAMESPACES:
    sio.register_namespace(Events(name))
sio.register_namespace(Closed("/closed"))

served = socketio.ASGIApp(sio, other_asgi_app=Control(sio, notes))


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope.get("path", "").startswith("/socket.io/"):
        known = "sid" in parse_qs(scope["query_string"].decode())
        if not known:
            await asyncio.sleep(notes.handshakeDelay / 1000)
        elif scope.get("method") == "GET":
            await asyncio.sleep(notes.pollDelay / 1000)
    await served(scope, receive, send)


async def main() -> None:
    listener = sockets.socket()
    listener.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0))
    listener.listen()
    print(f"ready http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    # The limit is Engine.IO's; a frame above it has to reach that.
    config = uvicorn.Config(app, log_level="error", ws_max_size=100_000_000)
    await uvicorn.Server(config).serve(sockets=[listener])


asyncio.run(main())
