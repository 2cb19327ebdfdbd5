"""Settings, read once from the environment. Never logs a value: one of them is a list of secrets."""

import os
from dataclasses import dataclass

from limits import parse as parse_rate


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
class Settings:
    redis_url: str
    tokens: frozenset[str]
    heartbeat_s: float
    rate: str
    socket_rate: str
    max_upload_bytes: int
    max_audio_seconds: int
    keep_seconds: int
    lease_ms: int
    max_attempts: int
    log_level: str


def load() -> Settings:
    rate = _rate("JOBWIRE_RATE", "600/minute")
    log_level = os.environ.get("JOBWIRE_LOG", "").strip().upper() or "INFO"
    if log_level not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise SettingsError(f"JOBWIRE_LOG must be debug, info, warning or error; it is {log_level.lower()!r}")
    tokens = (token.strip() for token in os.environ.get("JOBWIRE_TOKENS", "").split(","))
    return Settings(
        redis_url=os.environ.get("JOBWIRE_REDIS_URL", "").strip() or "redis://127.0.0.1:6379/0",
        tokens=frozenset(token for token in tokens if token),
        heartbeat_s=_number("HEARTBEAT_MS", 30_000, 10) / 1000,
        rate=rate,
        socket_rate=_rate("JOBWIRE_WS_RATE", rate),
        max_upload_bytes=_number("JOBWIRE_MAX_UPLOAD_MB", 50, 1) * 1024 * 1024,
        max_audio_seconds=_number("JOBWIRE_MAX_AUDIO_SECONDS", 600, 1),
        keep_seconds=_number("JOBWIRE_KEEP_SECONDS", 86_400, 1),
        lease_ms=_number("JOBWIRE_LEASE_MS", 3_000, 300),
        max_attempts=_number("JOBWIRE_MAX_ATTEMPTS", 3, 1),
        log_level=log_level,
    )
