"""The life of a job, as its watcher and its reader see it."""

import io
from contextlib import ExitStack
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import soundfile
from redis import Redis

from backend import Backend, close_code, is_iso_time, messages, until
from make_sample import MELODY, sample

STAGES = ["download", "separation", "transcription", "musicxml"]
STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def midi_numbers(score: bytes) -> list[int]:
    numbers = []
    for note in ET.fromstring(score).iter("note"):
        pitch = note.find("pitch")
        if pitch is not None and note.find("tie[@type='stop']") is None:
            step = STEPS[pitch.findtext("step")] + int(pitch.findtext("alter", "0"))
            numbers.append(12 * (int(pitch.findtext("octave")) + 1) + step)
    return numbers


def test_a_recording_goes_through_every_stage_and_becomes_a_score_of_its_notes(
    backend: Backend, recording: bytes
):
    job_id = backend.upload(recording, "My%20s%C3%B6ng.wav", pace=400)
    with backend.stream(job_id) as socket:
        seen = list(messages(socket))
    *progress, completed = seen

    assert {message["type"] for message in progress} == {"progress"}
    stages = [message["stage"] for message in progress]
    assert list(dict.fromkeys(stages)) == STAGES
    percents = [message["progress"] for message in progress]
    assert percents == sorted(percents) and percents[-1] < 100 and len(set(percents)) > 10
    assert "Separated drums stem (2/4)" in [message["message"] for message in progress]
    assert all(message["job_id"] == job_id and message["attempt"] == 1 for message in seen)
    assert all(is_iso_time(message["timestamp"]) for message in seen)

    assert completed["type"] == "completed" and completed["progress"] == 100
    assert completed["result_url"] == f"/api/v1/scores/{job_id}"
    assert completed["duration_seconds"] >= 1.6
    score = backend.http.get(completed["result_url"])
    assert score.headers["content-type"] == "application/vnd.recordare.musicxml+xml"
    assert midi_numbers(score.content) == list(MELODY)
    assert ET.fromstring(score.content).findtext("work/work-title") == "My söng.wav"

    job = backend.job(job_id)
    assert (job["status"], job["progress"], job["result_url"]) == ("completed", 100, completed["result_url"])
    assert job["timestamp"] == completed["timestamp"]


@pytest.mark.parametrize("format", ["FLAC", "OGG", "MP3"])
def test_other_formats_are_read_too(backend: Backend, format: str):
    job_id = backend.upload(sample(format))
    with backend.stream(job_id) as socket:
        until(socket, lambda message: message["type"] == "completed")
    assert midi_numbers(backend.http.get(f"/api/v1/scores/{job_id}").content) == list(MELODY)


def test_a_late_watcher_gets_the_end_and_nothing_else(backend: Backend, recording: bytes):
    job_id = backend.upload(recording)
    with backend.stream(job_id) as socket:
        *_, ended = messages(socket)
    with backend.stream(job_id) as socket:
        assert list(messages(socket)) == [ended]


def test_a_watcher_who_joins_in_the_middle_gets_only_what_comes(backend: Backend, recording: bytes):
    job_id = backend.upload(recording, pace=300)
    with backend.stream(job_id) as first:
        until(first, lambda message: message["stage"] == "separation")
        with backend.stream(job_id) as second:
            stages = [message.get("stage") for message in messages(second)]
    assert "download" not in stages and stages[-2] == "musicxml"


def test_a_job_that_failed_retryably_is_tried_again_under_the_same_id(backend: Backend, recording: bytes):
    job_id = backend.upload(recording, fail="separation", pace=100)
    with backend.stream(job_id) as socket:
        *_, failed = messages(socket)
    assert failed["type"] == "error"
    assert failed["error"]["retryable"] is True and failed["error"]["stage"] == "separation"
    job = backend.job(job_id)
    assert job["status"] == "failed" and job["error"] == failed["error"]

    response = backend.http.post(f"/api/v1/jobs/{job_id}/retry")
    assert (response.status_code, response.json()["attempt"]) == (202, 2)
    with backend.stream(job_id) as socket:
        seen = list(messages(socket))
    assert seen[-1]["type"] == "completed" and {message["attempt"] for message in seen} == {2}
    job = backend.job(job_id)
    assert (job["status"], job["attempt"]) == ("completed", 2) and "error" not in job
    assert backend.http.post(f"/api/v1/jobs/{job_id}/retry").status_code == 409


def test_a_running_job_can_be_cancelled_once(backend: Backend, recording: bytes):
    job_id = backend.upload(recording, pace=5000)
    with backend.stream(job_id) as socket:
        until(socket, lambda message: message["type"] == "progress")
        response = backend.http.post(f"/api/v1/jobs/{job_id}/cancel")
        assert (response.status_code, response.json()["status"]) == (202, "cancelled")
        *_, ended = messages(socket)
    assert ended["type"] == "cancelled" and ended["job_id"] == job_id
    assert backend.job(job_id)["status"] == "cancelled"
    assert backend.http.post(f"/api/v1/jobs/{job_id}/cancel").status_code == 409
    assert backend.http.post(f"/api/v1/jobs/{job_id}/retry").status_code == 409
    assert backend.http.get(f"/api/v1/scores/{job_id}").status_code == 404


def test_a_file_that_is_not_audio_fails_for_good_in_words_a_person_understands(
    backend: Backend, redis: Redis
):
    job_id = backend.upload(b"<html>this is a page</html>", "page.wav")
    with backend.stream(job_id) as socket:
        *_, failed = messages(socket)
    assert failed["error"] == {
        "message": "This file is not audio that can be read. Send a WAV, FLAC, OGG or MP3 file.",
        "retryable": False,
        "stage": "download",
    }
    assert backend.http.post(f"/api/v1/jobs/{job_id}/retry").status_code == 409
    assert not redis.exists(f"job:{job_id}:upload")


def test_a_damaged_or_empty_recording_fails_for_good(backend: Backend, recording: bytes):
    for data in (recording[:44], sample("FLAC")[:9000]):
        job_id = backend.upload(data)
        with backend.stream(job_id) as socket:
            *_, failed = messages(socket)
        assert failed["type"] == "error" and failed["error"]["retryable"] is False


def test_silence_becomes_a_score_with_a_rest(backend: Backend):
    file = io.BytesIO()
    soundfile.write(file, np.zeros(22_050), 22_050, format="WAV")
    job_id = backend.upload(file.getvalue())
    with backend.stream(job_id) as socket:
        until(socket, lambda message: message["type"] == "completed")
    notes = list(ET.fromstring(backend.http.get(f"/api/v1/scores/{job_id}").content).iter("note"))
    assert len(notes) == 1 and notes[0].find("rest") is not None


def test_watchers_at_different_web_processes_see_the_same(backend: Backend, recording: bytes):
    job_id = backend.upload(recording, pace=400)
    with ExitStack() as stack:
        sockets = {}
        for _ in range(200):
            socket = stack.enter_context(backend.stream(job_id))
            sockets.setdefault(socket.response.headers["x-worker"], socket)
            if len(sockets) == 2:
                break
        first, second = (list(messages(socket)) for socket in sockets.values())
    shared = min(len(first), len(second))
    assert shared > 5 and first[-shared:] == second[-shared:] and first[-1]["type"] == "completed"


def test_an_unknown_job_is_said_to_be_unknown(backend: Backend):
    for job_id in ("00000000-0000-4000-8000-000000000000", "no-such-job"):
        response = backend.http.get(f"/api/v1/jobs/{job_id}")
        assert response.status_code == 404 and "no such job" in response.json()["detail"]
        assert backend.http.post(f"/api/v1/jobs/{job_id}/retry").status_code == 404
        assert backend.http.post(f"/api/v1/jobs/{job_id}/cancel").status_code == 404
        assert backend.http.get(f"/api/v1/scores/{job_id}").status_code == 404
        with backend.stream(job_id) as socket:
            assert close_code(socket) == 4404
