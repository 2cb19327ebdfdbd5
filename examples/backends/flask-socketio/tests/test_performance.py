"""The performance that all browsers share, at whichever web process they are."""

from typing import Any

import pytest

from backend import Backend, joined


def controls(state: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in state.items() if name != "revision"}


def test_a_change_at_one_process_reaches_all_and_the_sender(backend: Backend):
    with (
        joined(backend.addresses[0]) as (first, before),
        joined(backend.addresses[1], "polling") as (second, other),
    ):
        assert other == before
        changes = {"vocal_volume": 0.25, "lyrics_size": "large", "lyrics_offset": -150, "song_id": "a"}
        acknowledged = first.ask("update_performance_control", changes)
        assert controls(acknowledged) == {**controls(before), **changes}
        assert acknowledged["revision"] == before["revision"] + 1
        assert first.next("performance_state") == second.next("performance_state") == acknowledged
        # Who comes later finds it so.
        with joined(backend.addresses[1]) as (_, late):
            assert late == acknowledged


def test_play_and_pause_are_told_to_the_others_and_the_state_to_all(backend: Backend):
    with joined(backend.addresses[0]) as (first, before), joined(backend.addresses[1]) as (second, _):
        for event, is_playing, at in (("playback_play", True, 3.5), ("playback_pause", False, 7)):
            first.emit(event, {"current_time": at})
            revision = before["revision"] = before["revision"] + 1
            told = [next(second.events()) for _ in range(2)]
            assert told[0] == (event, {"current_time": at, "revision": revision})
            assert told[1][0] == "performance_state"
            # The sender itself gets the state alone.
            assert next(first.events()) == told[1]
            assert told[1][1] == {**before, "is_playing": is_playing, "current_time": at}
        second.emit("playback_play")
        assert first.next("playback_play") == {"current_time": 7, "revision": revision + 1}


def test_changes_made_at_the_same_time_arrive_in_one_order(backend: Backend):
    with joined(backend.addresses[0]) as (first, before), joined(backend.addresses[1]) as (second, _):
        steps = list(range(100, 120))
        for step in steps:
            first.emit("update_performance_control", {"current_time": step})
            second.emit("update_performance_control", {"lyrics_offset": step})
        expected = list(range(before["revision"] + 1, before["revision"] + 41))
        seen = [[client.next("performance_state") for _ in expected] for client in (first, second)]
    assert seen[0] == seen[1] and [state["revision"] for state in seen[0]] == expected
    for field in ("current_time", "lyrics_offset"):
        # The changes of one client keep their order, too.
        assert list(dict.fromkeys(state[field] for state in seen[0] if state[field] != before[field])) == steps


def test_who_leaves_hears_no_more(backend: Backend):
    with joined(backend.addresses[0]) as (first, _), joined(backend.addresses[0]) as (second, _):
        second.ask("leave_performance")
        state = first.ask("update_performance_control", {"vocal_volume": 0.5})
        second.emit("join_performance")
        assert next(second.events()) == ("performance_state", state)


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        ({"vocal_volume": 1.5}, "vocal_volume must be a number from 0 to 1."),
        ({"vocal_volume": "loud"}, "vocal_volume must be a number from 0 to 1."),
        ({"instrumental_volume": True}, "instrumental_volume must be a number from 0 to 1."),
        ({"lyrics_size": ["huge"]}, "lyrics_size must be small, medium or large."),
        ({"current_time": -1}, "current_time must be a number from 0 to 86400."),
        ({"song_id": 7}, "song_id must be the id of a job, or null."),
        ({"is_playing": True}, "There is no control is_playing: use vocal_volume"),
        ({}, "Send at least one control."),
        ("louder", "Send one object with this event."),
        (("a", "b"), "Send one object with this event."),
        (None, "Send one object with this event."),
    ],
)
def test_a_change_that_makes_no_sense_is_refused_in_a_sentence(backend: Backend, payload: Any, sentence: str):
    with joined(backend.addresses[0]) as (client, before):
        # The reference client sends None as no argument at all; the list is one of one None.
        data = (None,) if payload is None else payload
        refused = client.ask("update_performance_control", data)
        assert refused["ok"] is False and refused["error"].startswith(sentence)
        told = client.next("error_message")
        assert told == {"event": "update_performance_control", "message": refused["error"]}
        client.emit("join_performance")
        assert client.next("performance_state") == before
