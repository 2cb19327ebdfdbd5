"""The job as web processes and workers share it: its states, its fields in Redis, the messages about it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

QUEUED, RUNNING, COMPLETED, FAILED, CANCELLED = "queued", "running", "completed", "failed", "cancelled"
STAGES = ("download", "separation", "transcription", "musicxml")

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def is_job_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def job_key(job_id: str) -> str:
    return f"job:{job_id}"


def upload_key(job_id: str) -> str:
    return f"job:{job_id}:upload"


def score_key(job_id: str) -> str:
    return f"job:{job_id}:score"


def channel(job_id: str) -> str:
    return f"job:{job_id}:updates"


def result_url(job_id: str) -> str:
    return f"/api/v1/scores/{job_id}"


def now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True)
class Job:
    id: str
    status: str
    attempt: int
    progress: int
    message: str
    timestamp: str
    filename: str
    stage: str | None = None
    error: dict[str, Any] | None = None
    duration_seconds: float | None = None
    fail_stage: str | None = None
    pace_ms: int = 0
    final_message: str | None = field(default=None, repr=False)

    @classmethod
    def from_hash(cls, job_id: str, fields: Mapping[str, str]) -> "Job":
        error, duration = fields.get("error"), fields.get("duration_seconds")
        return cls(
            id=job_id,
            status=fields["status"],
            attempt=int(fields["attempt"]),
            progress=int(fields["progress"]),
            message=fields["message"],
            timestamp=fields["timestamp"],
            filename=fields["filename"],
            stage=fields.get("stage"),
            error=json.loads(error) if error else None,
            duration_seconds=float(duration) if duration else None,
            fail_stage=fields.get("fail_stage"),
            pace_ms=int(fields.get("pace_ms", 0)),
            final_message=fields.get("final_message"),
        )

    @property
    def is_final(self) -> bool:
        return self.status in (COMPLETED, FAILED, CANCELLED)

    def snapshot(self) -> dict[str, Any]:
        """What `GET /api/v1/jobs/{id}` answers; members without a value are left out."""
        members = {
            "job_id": self.id,
            "status": self.status,
            "progress": self.progress,
            "stage": self.stage,
            "message": self.message,
            "attempt": self.attempt,
            "result_url": result_url(self.id) if self.status == COMPLETED else None,
            "duration_seconds": self.duration_seconds,
            "error": self.error,
            "timestamp": self.timestamp,
        }
        return {name: value for name, value in members.items() if value is not None}


def new_job_fields(filename: str, fail_stage: str | None, pace_ms: int) -> dict[str, str | int]:
    fields: dict[str, str | int] = {
        "status": QUEUED,
        "attempt": 1,
        "progress": 0,
        "message": "Waiting for a worker",
        "timestamp": now(),
        "filename": filename,
    }
    if fail_stage:
        fields["fail_stage"] = fail_stage
    if pace_ms:
        fields["pace_ms"] = pace_ms
    return fields


@dataclass(frozen=True)
class Update:
    """A change of a job: the fields to store, then the message to publish."""

    fields: dict[str, str | int | float]
    message: str


def progress_update(job_id: str, attempt: int, progress: int, stage: str, message: str) -> Update:
    at = now()
    body = {"type": "progress", "job_id": job_id, "progress": progress, "stage": stage, "message": message}
    return Update(
        {"progress": progress, "stage": stage, "message": message, "timestamp": at},
        to_json({**body, "timestamp": at, "attempt": attempt}),
    )


def _final(status: str, fields: dict[str, str | int | float], body: dict[str, Any]) -> Update:
    at = now()
    message = to_json({**body, "timestamp": at})
    return Update({**fields, "status": status, "timestamp": at, "final_message": message}, message)


def completed_update(job_id: str, attempt: int, duration_seconds: float) -> Update:
    return _final(
        COMPLETED,
        {"progress": 100, "message": "The score is ready", "duration_seconds": duration_seconds},
        {
            "type": "completed",
            "job_id": job_id,
            "progress": 100,
            "result_url": result_url(job_id),
            "duration_seconds": duration_seconds,
            "attempt": attempt,
        },
    )


def failed_update(job_id: str, attempt: int, stage: str, message: str, retryable: bool) -> Update:
    error = {"message": message, "retryable": retryable, "stage": stage}
    return _final(
        FAILED,
        {"stage": stage, "message": message, "error": to_json(error), "retryable": int(retryable)},
        {"type": "error", "job_id": job_id, "error": error, "attempt": attempt},
    )


def cancelled_update(job_id: str, attempt: int) -> Update:
    return _final(
        CANCELLED, {"message": "Cancelled"}, {"type": "cancelled", "job_id": job_id, "attempt": attempt}
    )
