"""The Python server of the recording: what `node()` of record.mjs does. Prints its port."""

import asyncio
import socket as sockets
import sys
from importlib.metadata import version

import socketio
import uvicorn

ALWAYS = "always" in sys.argv

sio = socketio.AsyncServer(
    async_mode="asgi", ping_interval=1, ping_timeout=1, always_connect=ALWAYS
)


class Events(socketio.AsyncNamespace):
    async def on_connect(self, sid, environ, auth):
        pass

    async def on_several(self, sid, *args):
        await self.emit("several", (*args, 2.5), to=sid)

    async def on_nothing(self, sid):
        await self.emit("nothing", to=sid)

    async def on_ask(self, sid, value):
        return "got", value

    async def on_ask_me(self, sid):
        async def answered(*answer):
            await self.emit("answered", list(answer), to=sid)

        await self.emit("question", 7, to=sid, callback=answered)

    async def on_bytes(self, sid, *args):
        await self.emit("bytes", args, to=sid)

    async def on_ask_bytes(self, sid, value):
        return value, {"more": bytes([0, 255])}

    async def on_ask_me_bytes(self, sid):
        async def answered(*_):
            await self.emit("answered", to=sid)

        await self.emit("question", bytes([9]), to=sid, callback=answered)

    async def on_leave(self, sid):
        await self.disconnect(sid)


class Guarded(socketio.AsyncNamespace):
    async def on_connect(self, sid, environ, auth):
        raise socketio.exceptions.ConnectionRefusedError("not for you", {"code": 17})


sio.register_namespace(Events("/"))
sio.register_namespace(Events("/jobs"))
sio.register_namespace(Guarded("/guarded"))


async def main():
    listener = sockets.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    print(f"{listener.getsockname()[1]} {version('python-socketio')}", flush=True)
    config = uvicorn.Config(socketio.ASGIApp(sio), log_level="error", ws_per_message_deflate=False)
    await uvicorn.Server(config).serve(sockets=[listener])


asyncio.run(main())
