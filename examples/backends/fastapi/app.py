"""HTTP and WebSocket: takes recordings, answers about jobs, forwards what workers publish to the watchers."""

import asyncio
import hashlib
import hmac
import json
import logging
import math
import os
import socket as sockets
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Literal
from urllib.parse import unquote
from uuid import uuid4

import redis.asyncio
import uvicorn
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request, Response, WebSocket
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, PlainTextResponse
from limits import parse as parse_rate
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from slowapi import Limiter
from slowapi.errors import RateLimitExceeded
from slowapi.util import get_remote_address
from starlette.requests import HTTPConnection

from guard import Cors, Gate, punctual
from jobs import channel, new_job_fields, now, to_json
from musicxml import MEDIA_TYPE
from settings import Settings, SettingsError, load
from store import WebStore
from uploads import Uploads

log = logging.getLogger("jobwire.web")

MAX_CLIENT_MESSAGE = 64 * 1024

CLOSE_DONE = 1000
CLOSE_REFUSED = 1008
CLOSE_TRY_LATER = 1013
CLOSE_UNKNOWN_JOB = 4404

Stage = Literal["download", "separation", "transcription", "musicxml"]


def _limiter(settings: Settings) -> Limiter:
    # `limits` names a Unix socket differently from redis-py.
    uri = settings.redis_url.replace("unix://", "redis+unix://", 1)
    return Limiter(key_func=get_remote_address, storage_uri=uri)


def _title(header: str) -> str:
    """A name fit for a score: no control characters, no path, of bounded length."""
    name = unquote(header).replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(char for char in name if char.isprintable())[:200] or "Untitled"


def _unchanged(request: Request, etag: str) -> bool:
    asked = request.headers.get("if-none-match", "")
    return any(tag.strip().removeprefix("W/") in (etag, "*") for tag in asked.split(","))


def _tagged(request: Request, content: bytes, media_type: str) -> Response:
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if _unchanged(request, etag):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)


def create_app(settings: Settings | None = None) -> FastAPI:
    settings = settings or load()
    limiter = _limiter(settings)
    socket_rate = parse_rate(settings.socket_rate)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.redis = redis.asyncio.from_url(settings.redis_url)
        # A subscription that is renewed unseen has a gap; one that fails makes the watcher come back and read.
        app.state.subscriber = redis.asyncio.from_url(settings.redis_url, retry=Retry(NoBackoff(), 0))
        app.state.store = WebStore(app.state.redis, settings.keep_seconds, settings.max_waiting_bytes)
        yield
        await app.state.redis.aclose()
        await app.state.subscriber.aclose()

    app = FastAPI(title="Transcription", lifespan=lifespan)
    app.state.limiter = limiter
    app.add_middleware(
        Cors,
        access=settings.access,
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type", "X-Filename", "If-None-Match"],
        expose_headers=["ETag", "Retry-After"],
    )
    app.add_middleware(Gate, access=settings.access)
    uploads = Uploads(settings.uploads)
    open_sockets: set[WebSocket] = set()

    def store() -> WebStore:
        return app.state.store

    def accepted(token: str) -> bool:
        given = token.encode()
        return not settings.tokens or any(
            [hmac.compare_digest(given, known.encode()) for known in settings.tokens]
        )

    def authorised(connection: HTTPConnection) -> None:
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            token = connection.query_params.get("token", "")
        if not accepted(token.strip()):
            raise HTTPException(
                401,
                "A valid token is needed: send it as `Authorization: Bearer …` or as `?token=…`.",
                {"WWW-Authenticate": "Bearer"},
            )

    @app.exception_handler(RateLimitExceeded)
    def too_many(request: Request, error: RateLimitExceeded) -> Response:
        item, identifiers = request.state.view_rate_limit
        resets_at, _ = limiter.limiter.get_window_stats(item, *identifiers)
        wait = max(1, math.ceil(resets_at - time.time()))
        text = f"More than {error.detail}: wait {wait} s and send it again."
        return JSONResponse({"detail": text}, 429, {"Retry-After": str(wait)})

    @app.exception_handler(RedisError)
    def no_redis(_request: Request, error: RedisError) -> Response:
        log.error("Redis does not answer: %s", type(error).__name__)
        text = "The server cannot reach its job store. Try again in a moment."
        return JSONResponse({"detail": text}, 503, {"Retry-After": "1"})

    @app.get("/healthz", response_class=PlainTextResponse)
    async def healthz() -> str:
        await app.state.redis.ping()
        return "ok"

    api = APIRouter(prefix="/api/v1", dependencies=[Depends(authorised)])

    @api.post("/jobs", status_code=202)
    @limiter.limit(settings.rate)
    async def create(
        request: Request,
        fail: Annotated[Stage | None, Query()] = None,
        pace: Annotated[int, Query(ge=0, le=60_000)] = 0,
    ) -> dict:
        data = await uploads.receive(request)
        job_id = str(uuid4())
        title = _title(request.headers.get("x-filename", ""))
        if not await store().create(job_id, data, new_job_fields(title, fail, pace)):
            text = "As many files wait for the workers as the server keeps. Send it again in a minute."
            raise HTTPException(503, text, {"Retry-After": "60"})
        return {"job_id": job_id, "status": "queued", "attempt": 1}

    @api.get("/jobs/{job_id}")
    async def read(request: Request, job_id: str) -> Response:
        job = await store().read(job_id)
        if job is None:
            raise HTTPException(404, "There is no such job, or it is no longer kept.")
        return _tagged(request, to_json(job.snapshot()).encode(), "application/json")

    @api.post("/jobs/{job_id}/retry", status_code=202)
    async def retry(job_id: str) -> dict:
        job = await store().read(job_id)
        if job is None:
            raise HTTPException(404, "There is no such job, or it is no longer kept.")
        attempt = await store().retry(job_id)
        if not attempt:
            raise HTTPException(409, "Only a job that failed with a retryable error can be tried again.")
        return {"job_id": job_id, "status": "queued", "attempt": attempt}

    @api.post("/jobs/{job_id}/cancel", status_code=202)
    async def cancel(job_id: str) -> dict:
        cancelled = await store().cancel(job_id)
        job = await store().read(job_id)
        if job is None:
            raise HTTPException(404, "There is no such job, or it is no longer kept.")
        if not cancelled:
            raise HTTPException(409, f"The job cannot be cancelled: it is {job.status} already.")
        return {"job_id": job_id, "status": job.status, "attempt": job.attempt}

    @api.get("/scores/{job_id}")
    async def score(request: Request, job_id: str) -> Response:
        job = await store().read(job_id)
        content = await store().score(job_id) if job and job.status == "completed" else None
        if content is None:
            raise HTTPException(
                404, "There is no score of this job (yet): read the job to see how far it is."
            )
        return _tagged(request, content, MEDIA_TYPE)

    app.include_router(api)

    @app.websocket("/api/v1/jobs/{job_id}/stream")
    async def stream(socket: WebSocket, job_id: str, token: str = "") -> None:
        if not accepted(token):
            await socket.close(CLOSE_REFUSED)
            return
        await socket.accept(headers=[(b"x-worker", str(os.getpid()).encode())])
        if len(open_sockets) >= settings.max_sockets:
            await socket.close(CLOSE_TRY_LATER, "The server has as many sockets as it takes")
            return
        open_sockets.add(socket)
        try:
            address = get_remote_address(socket)
            if not await run_in_threadpool(limiter.limiter.hit, socket_rate, "sockets", address):
                await socket.close(CLOSE_TRY_LATER, f"More than {socket_rate}: wait, then connect again")
                return
            await _watch(socket, job_id, app, settings.heartbeat_s)
        except RedisError as error:
            log.error("Redis does not answer: %s", type(error).__name__)
            await socket.close(CLOSE_TRY_LATER, "The server cannot reach its job store")
        finally:
            open_sockets.discard(socket)

    return app


async def _watch(socket: WebSocket, job_id: str, app: FastAPI, heartbeat_s: float) -> None:
    """Until the job ended or the client left. Subscribes before it reads, so nothing falls in between."""
    async with app.state.subscriber.pubsub() as updates:
        await updates.subscribe(channel(job_id))
        await updates.get_message(timeout=None)
        job = await app.state.store.read(job_id)
        if job is None:
            await socket.close(CLOSE_UNKNOWN_JOB, "There is no such job")
            return
        if job.final_message:
            await socket.send_text(job.final_message)
            await socket.close(CLOSE_DONE)
            return
        await _first_to_end(_forward(socket, updates), _beat(socket, heartbeat_s), _listen(socket, job_id))


async def _first_to_end(*coroutines) -> None:
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, RedisError):
            raise outcome


async def _forward(socket: WebSocket, updates: redis.asyncio.client.PubSub) -> None:
    async for update in updates.listen():
        if update["type"] != "message":
            continue
        text = update["data"].decode()
        await socket.send_text(text)
        if json.loads(text)["type"] != "progress":
            await socket.close(CLOSE_DONE)
            return


async def _beat(socket: WebSocket, interval_s: float) -> None:
    while True:
        await asyncio.sleep(interval_s)
        await socket.send_text(to_json({"type": "heartbeat", "timestamp": now()}))


async def _listen(socket: WebSocket, job_id: str) -> None:
    """Reads what the client says, its pongs; ends when the client is gone."""
    while True:
        received = await socket.receive()
        if received["type"] == "websocket.disconnect":
            return
        log.debug("job %s: the client answered", job_id)


def serve() -> int:
    """Serves on the listening socket that run.py opened and handed down."""
    try:
        settings = load()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    logging.basicConfig(level=settings.log_level, format="%(levelname)s %(name)s: %(message)s")
    listener = sockets.socket(fileno=int(os.environ["JOBWIRE_LISTEN_FD"]))
    # uvicorn's own lines at this level and its access log hold the query string, and so the token.
    config = uvicorn.Config(
        create_app(settings),
        http=punctual(settings.head_s),
        limit_concurrency=2 * settings.max_sockets,
        # Clients send pongs only.
        ws_max_size=MAX_CLIENT_MESSAGE,
        access_log=False,
        log_config=None,
        # Browsers answer these by themselves: a client that vanished without a word is found out by them.
        ws_ping_interval=min(20.0, max(0.5, settings.heartbeat_s)),
        ws_ping_timeout=min(20.0, max(5.0, settings.heartbeat_s)),
        timeout_graceful_shutdown=3,
    )
    for name in ("uvicorn", "uvicorn.error", "websockets"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))

    class Announced(uvicorn.Server):
        async def startup(self, sockets=None) -> None:
            await super().startup(sockets)
            print("ready", flush=True)

    Announced(config).run(sockets=[listener])
    return 0


if __name__ == "__main__":
    sys.exit(serve())
