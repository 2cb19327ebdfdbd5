"""Signal processing and score writing by themselves."""

from xml.etree import ElementTree as ET

import numpy as np
import pytest

from audio import RATE, STEMS, Note, open_audio, pitch, resample, separate, transcribe
from make_sample import BPM, MELODY, sample, synthesise
from make_sample import RATE as SAMPLE_RATE
from musicxml import estimate_tempo, score


@pytest.fixture(scope="module")
def stems() -> dict[str, np.ndarray]:
    samples = resample(synthesise().astype(np.float32), SAMPLE_RATE)
    return {step.stem: step.finished for step in separate(samples) if step.finished is not None}


def test_the_stems_sum_to_the_recording(stems: dict[str, np.ndarray]):
    assert tuple(stems) == STEMS
    samples = resample(synthesise().astype(np.float32), SAMPLE_RATE)
    assert np.abs(sum(stems.values()) - samples).max() < 1e-3


def test_drum_hits_go_to_the_drums_and_tones_to_the_melody(stems: dict[str, np.ndarray]):
    hit = slice(RATE, RATE + RATE // 50)  # the third beat has a hit
    tone = slice(int(0.7 * RATE), int(0.9 * RATE))  # the second has none

    def energy(stem: str, part: slice) -> float:
        return float((stems[stem][part] ** 2).sum())

    assert energy("drums", hit) > energy("treble", hit)
    assert energy("melody", tone) > 100 * energy("drums", tone)


def test_separation_says_how_far_it_is():
    fractions = [step.fraction for step in separate(np.zeros(RATE * 20, dtype=np.float32))]
    assert fractions == sorted(fractions) and fractions[-1] == 1 and len(fractions) > 4 * len(STEMS)


def test_the_notes_begin_on_their_beats(stems: dict[str, np.ndarray]):
    notes = [note for _, note in transcribe(stems["bass"] + stems["melody"]) if note]
    assert [note.midi for note in notes] == list(MELODY)
    beats = [index * 60 / BPM for index in range(len(MELODY))]
    assert [note.start for note in notes] == pytest.approx(beats, abs=0.05)
    assert abs(estimate_tempo(notes) - BPM) <= 3


@pytest.mark.parametrize("midi", range(40, 85, 4))
def test_pitch_is_found_over_the_range_people_sing_and_play(midi: int):
    time = np.arange(RATE // 4) / RATE
    hertz = 440 * 2 ** ((midi - 69) / 12)
    tone = sum(np.sin(2 * np.pi * hertz * n * time + n) / n for n in range(1, 6))
    assert pitch(tone) == midi


def test_noise_and_silence_have_no_pitch():
    assert pitch(np.random.default_rng(3).standard_normal(RATE // 4)) is None
    assert pitch(np.zeros(RATE // 4)) is None


def test_a_recording_that_is_too_long_is_refused():
    with pytest.raises(Exception, match="at most 2 s are taken"):
        open_audio(sample(), max_seconds=2)


def test_every_measure_is_full_and_notes_over_a_bar_line_are_tied():
    notes = [
        Note(0.0, 0.5, 60),
        Note(0.5, 0.5, 61),
        Note(1.0, 0.5, 62),
        Note(1.5, 0.9, 63),
        Note(2.5, 7.0, 48),
    ]
    root = ET.fromstring(score(notes, "A & <B>"))
    assert root.findtext("work/work-title") == "A & <B>"
    for measure in root.iter("measure"):
        assert sum(int(note.findtext("duration")) for note in measure.iter("note")) == 16
    ties = [tie.get("type") for tie in root.iter("tie")]
    assert ties.count("start") == ties.count("stop") > 0
    sharp = root.findall(".//pitch[alter]")[0]
    assert (sharp.findtext("step"), sharp.findtext("alter"), sharp.findtext("octave")) == ("C", "1", "4")


def test_notes_closer_than_a_sixteenth_keep_their_order():
    notes = [Note(at / 100, 0.01, 60 + at) for at in range(12)]
    root = ET.fromstring(score(notes, "Trill"))
    assert len([note for note in root.iter("note") if note.find("pitch") is not None]) >= 12
