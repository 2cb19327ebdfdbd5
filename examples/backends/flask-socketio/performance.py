"""The state of the karaoke performance: what may be changed and how. In Redis, so that all web processes agree."""

import json
import math
from collections.abc import Callable
from typing import Any

import redis

from announce import PERFORMANCE, Announcer
from payload import EventError

STATE = "karaoke:performance"
INITIAL = {
    "vocal_volume": 0,
    "instrumental_volume": 1,
    "lyrics_size": "medium",
    "lyrics_offset": 0,
    "is_playing": False,
    "current_time": 0,
    # The job whose results are played; None as long as nobody has chosen.
    "song_id": None,
    "revision": 0,
}
MAX_OFFSET_MS = 60_000
MAX_TIME_S = 24 * 60 * 60
MAX_ID = 100


def _number(minimum: float, maximum: float) -> tuple[Callable[[Any], bool], str]:
    def fits(value: Any) -> bool:
        return (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and math.isfinite(value)
            and minimum <= value <= maximum
        )

    return fits, f"a number from {minimum} to {maximum}"


_CONTROLS = {
    "vocal_volume": _number(0, 1),
    "instrumental_volume": _number(0, 1),
    "lyrics_size": (lambda value: value in ("small", "medium", "large"), "small, medium or large"),
    "lyrics_offset": _number(-MAX_OFFSET_MS, MAX_OFFSET_MS),
    "current_time": _number(0, MAX_TIME_S),
    "song_id": (
        lambda value: value is None or (isinstance(value, str) and len(value) <= MAX_ID),
        "the id of a job, or null",
    ),
}


def checked_controls(payload: dict[str, Any]) -> dict[str, Any]:
    for name, value in payload.items():
        if name not in _CONTROLS:
            raise EventError(f"There is no control {name}: use {', '.join(_CONTROLS)}.")
        fits, wanted = _CONTROLS[name]
        if not fits(value):
            raise EventError(f"{name} must be {wanted}.")
    return payload


class Performance:
    def __init__(self, client: redis.Redis, announcer: Announcer):
        self._redis = client
        self._announcer = announcer

    def show(self, sid: str) -> dict[str, Any]:
        with self._lock():
            state = self._read()
            self._announcer.to_client(PERFORMANCE, "performance_state", state, sid)
        return state

    def change(self, fields: dict[str, Any], sid: str, event: str | None = None) -> dict[str, Any]:
        """Everybody gets the new state; before it, all but the one who made the change get `event`."""
        with self._lock():
            before = self._read()
            state = {**before, **fields, "revision": before["revision"] + 1}
            self._redis.set(STATE, json.dumps(state))
            if event:
                told = {"current_time": state["current_time"], "revision": state["revision"]}
                self._announcer.to_room(PERFORMANCE, event, told, skip=sid)
            self._announcer.to_room(PERFORMANCE, "performance_state", state)
        return state

    def _read(self) -> dict[str, Any]:
        text = self._redis.get(STATE)
        return json.loads(text) if text else INITIAL

    def _lock(self) -> redis.lock.Lock:
        return self._redis.lock("karaoke:performance:lock", timeout=5, sleep=0.005)
