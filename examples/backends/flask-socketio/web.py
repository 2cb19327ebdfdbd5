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
from flask import Flask, Response, abort, jsonify, request
from flask_socketio import SocketIO
from redis.exceptions import RedisError
from werkzeug.exceptions import HTTPException
from werkzeug.serving import WSGIRequestHandler, make_server

from announce import Announcer
from auth import Tokens
from events import register_events
from jobs import COMPLETED, TRACKS, Job
from performance import Performance
from settings import Settings, SettingsError, load
from store import Store
from transports import Transports
from wav import WavError, WavReader

log = logging.getLogger("jobwire.web")
socketio_log = logging.getLogger("jobwire.socketio")
# Below this it writes every packet, and so the token.
socketio_log.setLevel(logging.WARNING)

MAX_PACE_MS = 60_000
CORS = {
    "Access-Control-Allow-Origin": "*",
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
    pace = int(text) if text.isascii() and text.isdigit() else MAX_PACE_MS + 1
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
    def open_to_all(response: Response) -> Response:
        response.headers.update(CORS)
        if response.status_code == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        return response

    @app.errorhandler(HTTPException)
    def in_words(error: HTTPException) -> tuple[Response, int | None]:
        if error.code == 413:
            size = settings.max_upload_bytes // 1024 // 1024
            return jsonify(detail=f"The file is larger than {size} MB. Send a smaller one."), 413
        return jsonify(detail=error.description), error.code

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
        recording = request.get_data()
        if not recording:
            abort(400, "The request has no body. Send the bytes of a WAV file as the body.")
        WavReader(recording, settings.max_audio_seconds)
        job = Job.new(str(uuid4()), _filename(request.headers.get("X-Filename", "")), pace, fail)
        store.create(job, recording)
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


def create_app(settings: Settings) -> Flask:
    tokens = Tokens(settings.tokens)
    client = redis.Redis.from_url(settings.redis_url)
    announcer = Announcer(settings.redis_url)
    store = Store(client, announcer, settings.keep_seconds)

    app = Flask(__name__, static_folder=None)
    app.json.ensure_ascii = False
    app.json.sort_keys = False
    app.config["MAX_CONTENT_LENGTH"] = settings.max_upload_bytes
    _with_http(app, settings, tokens, client, store)
    sio = SocketIO(
        app,
        async_mode="threading",
        # One after the other: events of a client are carried out in the order in which it sent them.
        async_handlers=False,
        message_queue=settings.redis_url,
        cors_allowed_origins="*",
        # What clients are told is cut to whole seconds; the second number, which only adds to that, rounds it up.
        ping_interval=(settings.ping_interval_s, -settings.ping_interval_s % 1 + 1e-6),
        ping_timeout=settings.ping_timeout_s,
        manage_session=False,
        logger=socketio_log,
        engineio_logger=socketio_log,
    )
    register_events(sio, tokens, store, Performance(client, announcer))
    transports = Transports(app.wsgi_app, "/socket.io/", sio.server.eio)
    app.wsgi_app = transports
    if settings.control:
        app.post("/api/_control/cut")(lambda: {"closed": transports.cut()})
    _listen_to_queue(sio.server, client)
    return app


class _Handler(WSGIRequestHandler):
    def log(self, type: str, message: str, *arguments: Any) -> None:
        """No access log: it would hold the query string, and so the token."""
        if type == "error":
            log.error(message, *arguments)

    def connection_dropped(self, error: BaseException, environ: dict[str, Any] | None = None) -> None:
        """After a WebSocket too: Werkzeug would wait for the next request on it and keep the client waiting."""
        self.close_connection = True


def serve() -> int:
    """Serves on the listening socket that run.py opened and handed down."""
    try:
        settings = load()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    logging.basicConfig(level=settings.log_level, format="%(levelname)s %(name)s: %(message)s")
    listener = sockets.socket(fileno=int(os.environ["JOBWIRE_LISTEN_FD"]))
    host, port = listener.getsockname()[:2]
    server = make_server(
        host, port, create_app(settings), threaded=True, request_handler=_Handler, fd=listener.fileno()
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        # From another thread, since it waits for the loop that this signal interrupted.
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    print("ready", flush=True)
    server.serve_forever(poll_interval=0.1)
    return 0


if __name__ == "__main__":
    sys.exit(serve())
