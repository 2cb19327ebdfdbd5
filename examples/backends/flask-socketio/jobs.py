"""The job as web processes and worker share it: its states, its fields, the event that tells of each state."""

import json
import re
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from typing import Any

QUEUED, PROCESSING, COMPLETED, FAILED, CANCELLED = "queued", "processing", "completed", "failed", "cancelled"
UNFINISHED = (QUEUED, PROCESSING)
TRACKS = ("vocals", "instrumental")

EVENTS = {
    QUEUED: "job_updated",
    PROCESSING: "job_updated",
    COMPLETED: "job_completed",
    FAILED: "job_failed",
    CANCELLED: "job_cancelled",
}

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def is_job_id(value: Any) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def track_url(job_id: str, track: str) -> str:
    return f"/api/jobs/{job_id}/{track}.wav"


def now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class Job:
    id: str
    filename: str
    title: str
    status: str
    progress: int
    status_message: str
    error: str | None
    result_url: str | None
    created_at: str
    updated_at: str
    pace_ms: int
    fail: bool

    @classmethod
    def new(cls, job_id: str, filename: str, pace_ms: int, fail: bool) -> "Job":
        at = now()
        return cls(
            id=job_id,
            filename=filename,
            title=filename.rsplit(".", 1)[0] or filename,
            status=QUEUED,
            progress=0,
            status_message="Waiting for the worker",
            error=None,
            result_url=None,
            created_at=at,
            updated_at=at,
            pace_ms=pace_ms,
            fail=fail,
        )

    @classmethod
    def from_json(cls, text: bytes) -> "Job":
        return cls(**json.loads(text))

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))

    def changed(self, **fields: Any) -> "Job":
        return replace(self, updated_at=now(), **fields)

    def view(self) -> dict[str, Any]:
        """What clients get to see."""
        return {name: value for name, value in asdict(self).items() if name not in ("pace_ms", "fail")}
