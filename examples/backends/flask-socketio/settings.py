"""Settings, read once from the environment. Never logs a value: one of them is a list of secrets."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "launcher"))

from access import Access, access_from_environment  # noqa: E402

_MIB = 1024 * 1024


class SettingsError(Exception):
    """A setting cannot be used; the text names the variable and a value that works."""


def _number(name: str, default: int, minimum: int) -> int:
    text = os.environ.get(name, "").strip() or str(default)
    try:
        value = int(text)
    except ValueError:
        raise SettingsError(f"{name} must be a whole number, such as {default}; it is {text!r}") from None
    if value < minimum:
        raise SettingsError(f"{name} must be at least {minimum}; it is {value}")
    return value


@dataclass(frozen=True)
class ClientLimits:
    #: Connections and Socket.IO sessions of a web process.
    max_connections: int
    #: How long a client may take for the head of a request, send nothing, and take for a whole request.
    head_s: float
    idle_s: float
    request_s: float


@dataclass(frozen=True)
class UploadLimits:
    max_bytes: int
    #: How many uploads a web process receives at the same time, and how many bytes they may have together.
    at_a_time: int
    bytes_at_a_time: int
    #: Of all files that wait for the worker.
    max_waiting_bytes: int


@dataclass(frozen=True)
class Settings:
    redis_url: str
    access: Access
    clients: ClientLimits
    uploads: UploadLimits
    work_s: float
    tokens: frozenset[str]
    ping_interval_s: float
    ping_timeout_s: float
    max_audio_seconds: int
    keep_seconds: int
    control: bool
    log_level: str


def _client_limits() -> ClientLimits:
    return ClientLimits(
        max_connections=_number("JOBWIRE_MAX_CONNECTIONS", 1_000, 1),
        head_s=_number("JOBWIRE_HEADERS_MS", 10_000, 10) / 1000,
        idle_s=_number("JOBWIRE_UPLOAD_IDLE_MS", 30_000, 10) / 1000,
        request_s=_number("JOBWIRE_UPLOAD_MS", 300_000, 10) / 1000,
    )


def _upload_limits() -> UploadLimits:
    max_bytes = _number("JOBWIRE_MAX_UPLOAD_MB", 50, 1) * _MIB
    return UploadLimits(
        max_bytes=max_bytes,
        at_a_time=_number("JOBWIRE_MAX_UPLOADS", 32, 1),
        bytes_at_a_time=4 * max_bytes,
        max_waiting_bytes=_number("JOBWIRE_MAX_WAITING_MB", 1_024, 1) * _MIB,
    )


def load() -> Settings:
    log_level = os.environ.get("JOBWIRE_LOG", "").strip().upper() or "INFO"
    if log_level not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise SettingsError(f"JOBWIRE_LOG must be debug, info, warning or error; it is {log_level.lower()!r}")
    tokens = (token.strip() for token in os.environ.get("JOBWIRE_TOKENS", "").split(","))
    return Settings(
        redis_url=os.environ.get("JOBWIRE_REDIS_URL", "").strip() or "redis://127.0.0.1:6379/0",
        access=access_from_environment(),
        clients=_client_limits(),
        uploads=_upload_limits(),
        work_s=_number("JOBWIRE_WORK_MS", 300_000, 10) / 1000,
        tokens=frozenset(token for token in tokens if token),
        ping_interval_s=_number("PING_INTERVAL_MS", 25_000, 10) / 1000,
        ping_timeout_s=_number("PING_TIMEOUT_MS", 20_000, 10) / 1000,
        max_audio_seconds=_number("JOBWIRE_MAX_AUDIO_SECONDS", 600, 1),
        keep_seconds=_number("JOBWIRE_KEEP_SECONDS", 86_400, 1),
        control=os.environ.get("JOBWIRE_CONTROL", "") == "1",
        log_level=log_level,
    )
