"""Settings, read once from the environment. Never logs a value: one of them is a list of secrets."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from limits import parse as parse_rate

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


def _rate(name: str, default: str) -> str:
    text = os.environ.get(name, "").strip() or default
    try:
        parse_rate(text)
    except ValueError:
        raise SettingsError(f'{name} must be a rate such as "60/minute"; it is {text!r}') from None
    return text


@dataclass(frozen=True)
class UploadLimits:
    max_bytes: int
    #: How many uploads a web process receives at the same time, and how many bytes they may have together.
    at_a_time: int
    bytes_at_a_time: int
    #: How long a client may send nothing, and how long an upload may take.
    idle_s: float
    total_s: float


@dataclass(frozen=True)
class Settings:
    redis_url: str
    access: Access
    tokens: frozenset[str]
    head_s: float
    max_sockets: int
    uploads: UploadLimits
    max_waiting_bytes: int
    work_s: float
    heartbeat_s: float
    rate: str
    socket_rate: str
    max_audio_seconds: int
    keep_seconds: int
    lease_ms: int
    max_attempts: int
    log_level: str


def _upload_limits() -> UploadLimits:
    max_bytes = _number("JOBWIRE_MAX_UPLOAD_MB", 50, 1) * _MIB
    return UploadLimits(
        max_bytes=max_bytes,
        at_a_time=_number("JOBWIRE_MAX_UPLOADS", 32, 1),
        bytes_at_a_time=4 * max_bytes,
        idle_s=_number("JOBWIRE_UPLOAD_IDLE_MS", 30_000, 10) / 1000,
        total_s=_number("JOBWIRE_UPLOAD_MS", 300_000, 10) / 1000,
    )


def load() -> Settings:
    rate = _rate("JOBWIRE_RATE", "600/minute")
    log_level = os.environ.get("JOBWIRE_LOG", "").strip().upper() or "INFO"
    if log_level not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise SettingsError(f"JOBWIRE_LOG must be debug, info, warning or error; it is {log_level.lower()!r}")
    tokens = (token.strip() for token in os.environ.get("JOBWIRE_TOKENS", "").split(","))
    return Settings(
        redis_url=os.environ.get("JOBWIRE_REDIS_URL", "").strip() or "redis://127.0.0.1:6379/0",
        access=access_from_environment(),
        head_s=_number("JOBWIRE_HEADERS_MS", 10_000, 10) / 1000,
        max_sockets=_number("JOBWIRE_MAX_SOCKETS", 1_000, 1),
        uploads=_upload_limits(),
        max_waiting_bytes=_number("JOBWIRE_MAX_WAITING_MB", 1_024, 1) * _MIB,
        work_s=_number("JOBWIRE_WORK_MS", 300_000, 10) / 1000,
        tokens=frozenset(token for token in tokens if token),
        heartbeat_s=_number("HEARTBEAT_MS", 30_000, 10) / 1000,
        rate=rate,
        socket_rate=_rate("JOBWIRE_WS_RATE", rate),
        max_audio_seconds=_number("JOBWIRE_MAX_AUDIO_SECONDS", 600, 1),
        keep_seconds=_number("JOBWIRE_KEEP_SECONDS", 86_400, 1),
        lease_ms=_number("JOBWIRE_LEASE_MS", 3_000, 300),
        max_attempts=_number("JOBWIRE_MAX_ATTEMPTS", 3, 1),
        log_level=log_level,
    )
