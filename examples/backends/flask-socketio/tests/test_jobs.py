"""The life of a job, as clients of both web processes see it."""

import io
import os
import signal
import wave

import pytest

from backend import Backend, Client, running, subscribed
from make_sample import sample

UNKNOWN = "00000000-0000-4000-8000-000000000000"
FIELDS = ["id", "filename", "title", "status", "progress", "status_message", "error", "result_url"]
FIELDS += ["created_at", "updated_at"]


def test_a_song_is_split_while_clients_of_both_processes_watch(backend: Backend, song: bytes):
    with subscribed(backend.addresses[0]) as first, subscribed(backend.addresses[1], "polling") as second:
        job = backend.upload(song, "My%20s%C3%B6ng.v2.wav", pace=30)
        seen = first.until(job["id"], "job_completed")
        assert second.until(job["id"], "job_completed") == seen

    assert list(job) == FIELDS
    assert (job["status"], job["progress"], job["error"], job["result_url"]) == ("queued", 0, None, None)
    assert (job["filename"], job["title"]) == ("My söng.v2.wav", "My söng.v2")
    (created, _), *updates, (_, completed) = seen
    assert created == "job_created" and {event for event, _ in updates} == {"job_updated"}
    progress = [update["progress"] for _, update in updates]
    assert progress == sorted(progress) and progress[-1] < 100 and len(set(progress)) >= 15
    assert {update["status"] for _, update in updates} == {"processing"}
    assert (completed["status"], completed["progress"]) == ("completed", 100)
    times = [update["updated_at"] for _, update in seen]
    assert times == sorted(times) and completed["created_at"] == job["created_at"]

    for web in (0, 1):
        assert backend.job(job["id"], web) == completed
        for track, channels in (("vocals", 1), ("instrumental", 2)):
            response = backend.http(web).get(f"/api/jobs/{job['id']}/{track}.wav")
            assert response.headers["content-type"] == "audio/wav"
            with wave.open(io.BytesIO(response.content)) as file:
                assert (file.getnchannels(), file.getnframes()) == (channels, 88_200)
    assert completed["result_url"] == f"/api/jobs/{job['id']}/instrumental.wav"


def test_a_player_can_ask_for_a_part_of_a_track(backend: Backend, song: bytes):
    with subscribed(backend.addresses[0]) as client:
        job = backend.upload(song)
        client.until(job["id"], "job_completed")
    path = f"/api/jobs/{job['id']}/vocals.wav"
    whole = backend.http().get(path).content
    part = backend.http().get(path, headers={"Range": "bytes=1000-1999"})
    assert part.status_code == 206 and part.content == whole[1000:2000]


def test_a_job_cancelled_at_one_process_is_cancelled_at_the_other(backend: Backend, song: bytes):
    with subscribed(backend.addresses[0]) as first, subscribed(backend.addresses[1]) as second:
        job = backend.upload(song, pace=300)
        first.next("job_updated")
        assert second.ask("cancel_job", {"job_id": job["id"]}) == {"ok": True}
        cancelled = first.until(job["id"], "job_cancelled")[-1][1]
        assert cancelled["status"] == "cancelled"
        refused = second.ask("cancel_job", {"job_id": job["id"]})
        assert refused == {"ok": False, "error": "The job cannot be cancelled: it is cancelled already."}
        assert backend.http().post(f"/api/jobs/{job['id']}/cancel").status_code == 409
        assert backend.http().get(f"/api/jobs/{job['id']}/vocals.wav").status_code == 404

        # The worker is free again, and had nothing more to say about the cancelled job.
        other = backend.upload(song)
        between = []
        for event, data in first.events():
            if event == "job_completed" and data["id"] == other["id"]:
                break
            between.append(data["id"])
        assert set(between) == {other["id"]}


def test_a_job_that_waits_can_be_cancelled_over_http(backend: Backend, song: bytes):
    with subscribed(backend.addresses[1]) as client:
        busy = backend.upload(song, pace=300)
        waiting = backend.upload(song, pace=300)
        response = backend.http().post(f"/api/jobs/{waiting['id']}/cancel")
        assert (response.status_code, response.json()["status"]) == (202, "cancelled")
        assert [event for event, _ in client.until(waiting["id"], "job_cancelled")] == [
            "job_created",
            "job_cancelled",
        ]
        assert backend.http(1).post(f"/api/jobs/{busy['id']}/cancel").status_code == 202


def test_a_job_can_fail(backend: Backend, song: bytes):
    with subscribed(backend.addresses[1]) as client:
        job = backend.upload(song, fail=1)
        *_, (_, last), (_, failed) = client.until(job["id"], "job_failed")
    assert 40 <= last["progress"] == failed["progress"] <= 60
    assert failed["status"] == "failed" and "half-way" in failed["error"]
    assert failed["result_url"] is None
    assert backend.http().get(f"/api/jobs/{job['id']}/instrumental.wav").status_code == 404


def test_a_list_of_jobs_is_emitted_acknowledged_and_served(backend: Backend, song: bytes):
    with subscribed(backend.addresses[0]) as client:
        jobs = [backend.upload(song, web=web) for web in (0, 1)]
        for job in jobs:
            client.until(job["id"], "job_completed")
        acknowledged = client.ask("request_jobs_list")
        assert client.next("jobs_list") == acknowledged == backend.http(1).get("/api/jobs").json()
    assert [job["id"] for job in acknowledged["jobs"]][-2:] == [job["id"] for job in jobs]
    assert list(acknowledged["jobs"][0]) == FIELDS


def test_who_unsubscribes_hears_no_more_of_jobs(backend: Backend, song: bytes):
    with subscribed(backend.addresses[0]) as stays, subscribed(backend.addresses[0]) as leaves:
        leaves.emit("unsubscribe_from_jobs")
        leaves.next("unsubscribed")
        job = backend.upload(song)
        stays.until(job["id"], "job_completed")
        leaves.emit("request_jobs_list")
        assert next(leaves.events())[0] == "jobs_list"


def test_a_client_that_reads_slowly_gets_whole_events(backend: Backend):
    """Some servers send only the part of a long message that the connection takes at once."""
    size, count = 700_000, 16
    client = Client(backend.addresses[0], "/performance")
    connection = client._client.eio.ws
    # Nothing is read while this is held, so that the connection fills up.
    with connection.readlock:
        for _ in range(count):
            client.emit("update_performance_control", {"x" * size: 1})
        with subscribed(backend.addresses[0]) as other:
            other.ask("request_jobs_list")
    for _ in range(count):
        assert len(client.next("error_message")["message"]) > size
    client.close()


def test_the_job_of_a_worker_that_is_killed_is_done_by_the_next(song: bytes):
    with running("--web", "1") as backend, subscribed(backend.addresses[0]) as client:
        job = backend.upload(song, pace=200)
        next(data for event, data in client.events() if event == "job_updated" and data["progress"] > 20)
        [worker] = backend.children("worker.py")
        os.kill(worker, signal.SIGKILL)
        seen = client.until(job["id"], "job_completed")
    assert "queued" in [data["status"] for _, data in seen]


@pytest.mark.parametrize(
    ("data", "query", "sentence"),
    [
        (b"", {}, "no body"),
        (b"<html>this is a page</html>", {}, "not a WAV file"),
        (sample(0.1)[:44], {}, "holds no sound"),
        (sample(0.1), {"pace": "soon"}, "pace must be a whole number"),
        (sample(0.1), {"pace": "60001"}, "from 0 to 60000"),
        (sample(0.1), {"fail": "yes"}, "fail must be 1 or 0"),
    ],
)
def test_an_upload_that_cannot_be_used_is_refused_in_a_sentence(
    backend: Backend, data: bytes, query: dict[str, str], sentence: str
):
    response = backend.http().post("/api/jobs", content=data, params=query)
    assert response.status_code == 400 and sentence in response.json()["detail"]


def test_an_upload_that_is_too_large_is_refused(backend: Backend):
    response = backend.http().post("/api/jobs", content=bytes(2 * 1024 * 1024))
    assert response.status_code == 413 and "larger than 1 MB" in response.json()["detail"]


def test_an_unknown_job_is_said_to_be_unknown(backend: Backend):
    http = backend.http()
    for job_id in (UNKNOWN, "no-such-job"):
        assert http.post(f"/api/jobs/{job_id}/cancel").status_code == 404
        assert http.get(f"/api/jobs/{job_id}/vocals.wav").status_code == 404
        response = http.get(f"/api/jobs/{job_id}")
        assert response.status_code == 404 and "no such job" in response.json()["detail"]


def test_reading_an_unchanged_job_again_is_answered_304_by_either_process(backend: Backend, song: bytes):
    with subscribed(backend.addresses[0]) as client:
        job = backend.upload(song)
        client.until(job["id"], "job_completed")
    path = f"/api/jobs/{job['id']}"
    etag = backend.http(0).get(path).headers["etag"]
    same = backend.http(1).get(path, headers={"If-None-Match": f'"other", {etag}'})
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag)
