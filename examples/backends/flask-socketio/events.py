"""The Socket.IO surface: the namespaces /jobs and /performance."""

import logging
from typing import Any

from flask import request
from flask_socketio import ConnectionRefusedError, SocketIO, emit, join_room, leave_room
from redis.exceptions import RedisError

from announce import JOBS, PERFORMANCE, ROOMS
from auth import Tokens
from jobs import is_job_id
from payload import EventError, only_object
from performance import Performance, checked_controls
from store import Store

log = logging.getLogger("jobwire.web")


def register_events(socketio: SocketIO, tokens: Tokens, store: Store, performance: Performance) -> None:
    def connect(auth: Any = None) -> None:
        token = auth.get("token") if isinstance(auth, dict) else None
        if not tokens.accept(token):
            raise ConnectionRefusedError("unauthorized", {"code": "unauthorized"})

    for namespace in ROOMS:
        socketio.on_event("connect", connect, namespace=namespace)
    _register_jobs(socketio, store)
    _register_performance(socketio, performance)

    @socketio.on_error_default
    def refuse(error: Exception) -> dict[str, Any]:
        """What it returns is the acknowledgement, where the client asked for one."""
        if isinstance(error, EventError):
            message = str(error)
        elif isinstance(error, RedisError):
            log.error("Redis does not answer: %s", type(error).__name__)
            message = "The server cannot reach its store. Try again in a moment."
        else:
            log.error("unexpected error in an event", exc_info=error)
            message = "The server met an unexpected error; its log says which."
        emit("error_message", {"event": request.event["message"], "message": message})
        return {"ok": False, "error": message}


def _register_jobs(socketio: SocketIO, store: Store) -> None:
    room = ROOMS[JOBS]

    @socketio.on("subscribe_to_jobs", namespace=JOBS)
    def subscribe(*_: Any) -> None:
        join_room(room)
        emit("subscribed", {"room": room})

    @socketio.on("unsubscribe_from_jobs", namespace=JOBS)
    def unsubscribe(*_: Any) -> None:
        leave_room(room)
        emit("unsubscribed", {"room": room})

    @socketio.on("request_jobs_list", namespace=JOBS)
    def jobs_list(*_: Any) -> dict[str, Any]:
        return {"jobs": store.send_list(request.sid)}

    @socketio.on("cancel_job", namespace=JOBS)
    def cancel(*arguments: Any) -> dict[str, Any]:
        job_id = only_object(arguments).get("job_id")
        if not is_job_id(job_id):
            raise EventError("job_id must be the id of a job.")
        if not store.cancel(job_id):
            job = store.read(job_id)
            raise EventError(
                f"The job cannot be cancelled: it is {job.status} already." if job else "There is no such job."
            )
        return {"ok": True}


def _register_performance(socketio: SocketIO, performance: Performance) -> None:
    room = ROOMS[PERFORMANCE]

    @socketio.on("join_performance", namespace=PERFORMANCE)
    def join(*_: Any) -> dict[str, Any]:
        join_room(room)
        return performance.show(request.sid)

    @socketio.on("leave_performance", namespace=PERFORMANCE)
    def leave(*_: Any) -> None:
        leave_room(room)

    @socketio.on("update_performance_control", namespace=PERFORMANCE)
    def update(*arguments: Any) -> dict[str, Any]:
        controls = checked_controls(only_object(arguments))
        if not controls:
            raise EventError("Send at least one control.")
        return performance.change(controls, request.sid)

    def play_or_pause(event: str, is_playing: bool) -> None:
        @socketio.on(event, namespace=PERFORMANCE)
        def change(*arguments: Any) -> dict[str, Any]:
            controls = checked_controls(only_object(arguments))
            return performance.change({**controls, "is_playing": is_playing}, request.sid, event)

    play_or_pause("playback_play", True)
    play_or_pause("playback_pause", False)
