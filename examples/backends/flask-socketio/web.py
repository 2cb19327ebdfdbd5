"""The web process: HTTP for uploads and results, Socket.IO for everything that changes. `python web.py`."""

import hashlib
import json
import logging
import os
import signal
import socket as sockets
import sys
import threading
import time
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import redis
import socketio
from engineio import Server as EngineIo
from flask import Flask, Response, abort, jsonify, request
from flask_socketio import SocketIO
from redis.exceptions import RedisError
from werkzeug.exceptions import ClientDisconnected, HTTPException

from announce import Announcer
from auth import Tokens
from bounded import MAX_MESSAGE, TextPacket, WebSocketTransport
from events import register_events
from guard import Gate, is_local, refusal
from jobs import COMPLETED, TRACKS, Job
from performance import Performance
from serving import Server
from settings import Settings, SettingsError, load
from store import Store
from transports import Transports
from uploads import Uploads, busy
from wav import WavError, WavReader

log = logging.getLogger("jobwire.web")
socketio_log = logging.getLogger("jobwire.socketio")
# Below this it writes every packet, and so the token.
socketio_log.setLevel(logging.WARNING)

MAX_PACE_MS = 60_000
CORS = {
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, X-Filename, If-None-Match",
    "Access-Control-Expose-Headers": "ETag, Retry-After",
    "Access-Control-Max-Age": "600",
}


def _filename(header: str) -> str:
    """A name fit to be shown: no control characters, no path, of bounded length."""
    name = unquote(header).replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(char for char in name if char.isprintable())[:200] or "Untitled.wav"


def _pace() -> int:
    text = request.args.get("pace", "0")
    pace = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else MAX_PACE_MS + 1
    if pace > MAX_PACE_MS:
        abort(400, f"pace must be a whole number of milliseconds from 0 to {MAX_PACE_MS}.")
    return pace


def _fail() -> bool:
    text = request.args.get("fail", "0")
    if text not in ("0", "1"):
        abort(400, "fail must be 1 or 0.")
    return text == "1"


def _tagged(content: bytes, media_type: str) -> Response:
    response = Response(content, mimetype=media_type, headers={"Cache-Control": "no-cache"})
    response.set_etag(hashlib.sha256(content).hexdigest()[:32])
    # With ranges, without which a browser's player cannot seek.
    return response.make_conditional(request, accept_ranges=True, complete_length=len(content))


def _with_http(app: Flask, settings: Settings, tokens: Tokens, client: redis.Redis, store: Store) -> None:
    uploads = Uploads(settings.uploads)

    def found(job: Job | None) -> Job:
        return job or abort(404, "There is no such job, or it is no longer kept.")

    @app.before_request
    def guard() -> tuple[str, int] | None:
        if request.method == "OPTIONS":
            return "", 204
        if request.path.startswith("/api/"):
            scheme, _, token = request.headers.get("Authorization", "").partition(" ")
            if not tokens.accept(token.strip() if scheme.lower() == "bearer" else request.args.get("token")):
                abort(401, "A valid token is needed: send it as `Authorization: Bearer …` or as `?token=…`.")
        return None

    @app.after_request
    def open_to_pages(response: Response) -> Response:
        origin = request.headers.get("Origin")
        response.vary.add("Origin")
        if origin is not None and settings.access.allows_origin(origin):
            response.headers.update({**CORS, "Access-Control-Allow-Origin": origin})
        if response.status_code == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        return response

    @app.errorhandler(HTTPException)
    def in_words(error: HTTPException) -> Response:
        response = error.get_response()
        if error.code == 413:
            size = settings.uploads.max_bytes // 1024 // 1024
            text = f"The file is larger than {size} MB. Send a smaller one."
        else:
            text = error.description
        response.data = app.json.dumps({"detail": text})
        response.content_type = "application/json"
        return response

    @app.errorhandler(ClientDisconnected)
    def too_slow(_error: ClientDisconnected) -> tuple[Response, int]:
        return jsonify(detail="The upload took too long, or was not complete. Send it again."), 408

    @app.errorhandler(WavError)
    def not_usable(error: WavError) -> tuple[Response, int]:
        return jsonify(detail=str(error)), 400

    @app.errorhandler(RedisError)
    def no_redis(error: RedisError) -> tuple[Response, int, dict[str, str]]:
        log.error("Redis does not answer: %s", type(error).__name__)
        text = "The server cannot reach its job store. Try again in a moment."
        return jsonify(detail=text), 503, {"Retry-After": "1"}

    @app.get("/healthz")
    def healthz() -> Response:
        client.ping()
        return Response("ok", mimetype="text/plain")

    @app.post("/api/jobs")
    def create() -> tuple[dict[str, Any], int]:
        pace, fail = _pace(), _fail()
        with uploads.receive(request) as recording:
            if not recording:
                abort(400, "The request has no body. Send the bytes of a WAV file as the body.")
            WavReader(recording, settings.max_audio_seconds)
            job = Job.new(str(uuid4()), _filename(request.headers.get("X-Filename", "")), pace, fail)
            if not store.create(job, recording, settings.uploads.max_waiting_bytes):
                raise busy("As many files wait for the worker as the server keeps. Send it again in a minute.")
        return job.view(), 202

    @app.get("/api/jobs")
    def jobs() -> dict[str, Any]:
        return {"jobs": [job.view() for job in store.jobs()]}

    @app.get("/api/jobs/<job_id>")
    def read(job_id: str) -> Response:
        job = found(store.read(job_id))
        return _tagged(json.dumps(job.view(), ensure_ascii=False).encode(), "application/json")

    @app.post("/api/jobs/<job_id>/cancel")
    def cancel(job_id: str) -> tuple[dict[str, Any], int]:
        cancelled = store.cancel(job_id)
        job = found(store.read(job_id))
        if not cancelled:
            abort(409, f"The job cannot be cancelled: it is {job.status} already.")
        return job.view(), 202

    @app.get("/api/jobs/<job_id>/<track>.wav")
    def track(job_id: str, track: str) -> Response:
        job = found(store.read(job_id))
        content = store.track(job_id, track) if track in TRACKS and job.status == COMPLETED else None
        if content is None:
            abort(404, f"There is no {track} track of this job (yet): read the job to see how far it is.")
        return _tagged(content, "audio/wav")


def _listen_to_queue(server: socketio.Server, client: redis.Redis) -> None:
    """Now, and not with the first client as it does by itself: what is emitted until then would not reach it."""
    server.manager_initialized = True
    server.manager.initialize()
    while server.manager.pubsub is None or not server.manager.pubsub.subscribed:
        time.sleep(0.01)
    # Redis has read the subscription, sent by another connection, by the time that it answers this.
    client.ping()


def _with_control(app: Flask, settings: Settings, transports: Transports) -> None:
    @app.post("/api/_control/cut")
    def cut() -> dict[str, int]:
        if not is_local(settings.access, request.environ):
            abort(403, "This is for the machine that the server runs on.")
        return {"closed": transports.cut()}


def create_app(settings: Settings) -> Flask:
    tokens = Tokens(settings.tokens)
    client = redis.Redis.from_url(settings.redis_url)
    announcer = Announcer(settings.redis_url)
    store = Store(client, announcer, settings.keep_seconds)

    app = Flask(__name__, static_folder=None)
    app.json.ensure_ascii = False
    app.json.sort_keys = False
    app.config["MAX_CONTENT_LENGTH"] = settings.uploads.max_bytes
    _with_http(app, settings, tokens, client, store)
    sio = SocketIO(
        app,
        async_mode="threading",
        # One after the other: events of a client are carried out in the order in which it sent them.
        async_handlers=False,
        message_queue=settings.redis_url,
        # Others are refused before this is asked; what is answered names the origin.
        cors_allowed_origins=lambda origin, environ: refusal(settings.access, environ) is None,
        cors_credentials=False,
        max_http_buffer_size=MAX_MESSAGE,
        serializer=TextPacket,
        # What clients are told is cut to whole seconds; the second number, which only adds to that, rounds it up.
        ping_interval=(settings.ping_interval_s, -settings.ping_interval_s % 1 + 1e-6),
        ping_timeout=settings.ping_timeout_s,
        manage_session=False,
        logger=socketio_log,
        engineio_logger=socketio_log,
    )
    register_events(sio, tokens, store, Performance(client, announcer))
    engine: EngineIo = sio.server.eio
    engine._async = {**engine._async, "websocket": WebSocketTransport}
    transports = Transports(app.wsgi_app, engine, settings.clients.max_connections)
    app.wsgi_app = Gate(transports, settings.access)
    if settings.control:
        _with_control(app, settings, transports)
    _listen_to_queue(sio.server, client)
    return app


def serve() -> int:
    """Serves on the listening socket that run.py opened and handed down."""
    try:
        settings = load()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    logging.basicConfig(level=settings.log_level, format="%(levelname)s %(name)s: %(message)s")
    listener = sockets.socket(fileno=int(os.environ["JOBWIRE_LISTEN_FD"]))
    server = Server(listener, create_app(settings), settings.clients)
    for number in (signal.SIGTERM, signal.SIGINT):
        # From another thread, since it waits for the loop that this signal interrupted.
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    print("ready", flush=True)
    server.serve_forever(poll_interval=0.1)
    return 0


if __name__ == "__main__":
    sys.exit(serve())
