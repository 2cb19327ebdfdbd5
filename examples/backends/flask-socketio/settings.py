"""Settings, read once from the environment. Never logs a value: one of them is a list of secrets."""

import os
from dataclasses import dataclass


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
class Settings:
    redis_url: str
    tokens: frozenset[str]
    ping_interval_s: float
    ping_timeout_s: float
    max_upload_bytes: int
    max_audio_seconds: int
    keep_seconds: int
    control: bool
    log_level: str


def load() -> Settings:
    log_level = os.environ.get("JOBWIRE_LOG", "").strip().upper() or "INFO"
    if log_level not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise SettingsError(f"JOBWIRE_LOG must be debug, info, warning or error; it is {log_level.lower()!r}")
    tokens = (token.strip() for token in os.environ.get("JOBWIRE_TOKENS", "").split(","))
    return Settings(
        redis_url=os.environ.get("JOBWIRE_REDIS_URL", "").strip() or "redis://127.0.0.1:6379/0",
        tokens=frozenset(token for token in tokens if token),
        ping_interval_s=_number("PING_INTERVAL_MS", 25_000, 10) / 1000,
        ping_timeout_s=_number("PING_TIMEOUT_MS", 20_000, 10) / 1000,
        max_upload_bytes=_number("JOBWIRE_MAX_UPLOAD_MB", 50, 1) * 1024 * 1024,
        max_audio_seconds=_number("JOBWIRE_MAX_AUDIO_SECONDS", 600, 1),
        keep_seconds=_number("JOBWIRE_KEEP_SECONDS", 86_400, 1),
        control=os.environ.get("JOBWIRE_CONTROL", "") != "0",
        log_level=log_level,
    )
