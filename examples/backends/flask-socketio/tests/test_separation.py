"""Reading, splitting and writing recordings, without a server."""

import struct

import numpy as np
import pytest

from make_sample import RATE, parts, sample
from separation import Separation
from wav import WavError, WavReader

WHOLE = 10**9


def split(data: bytes, steps: int = 20) -> tuple[list[float], np.ndarray, np.ndarray]:
    separation = Separation(WavReader(data, 600), steps)
    fractions = list(separation)
    results = separation.results()
    vocals, instrumental = (
        WavReader(results[track], 600).read(WHOLE) for track in ("vocals", "instrumental")
    )
    return fractions, vocals, instrumental


def signal_to_error(wanted: np.ndarray, given: np.ndarray) -> float:
    return 10 * np.log10((wanted**2).sum() / ((wanted - given) ** 2).sum())


def test_the_voice_in_the_centre_is_told_from_what_is_at_the_sides():
    voice, sides = parts(3)
    mixed = WavReader(sample(3), 600).read(WHOLE)
    _, vocals, instrumental = split(sample(3))
    # Before, either is only 4 dB above or below the other.
    assert signal_to_error(voice, mixed[:, 0]) < 5
    assert signal_to_error(voice, vocals[:, 0]) > 15
    assert signal_to_error(sides, instrumental) > 12


@pytest.mark.parametrize("seconds", [0.001, 0.5, 3])
@pytest.mark.parametrize("width", [1, 2, 3])
@pytest.mark.parametrize("channels", [1, 2])
def test_the_two_tracks_add_up_to_the_recording(channels: int, width: int, seconds: float):
    data = sample(seconds, channels, width)
    fractions, vocals, instrumental = split(data)
    recording = WavReader(data, 600).read(WHOLE)
    assert np.abs(vocals + instrumental - recording).max() <= 2 / 2 ** (8 * width - 1)
    assert fractions == sorted(fractions) and fractions[-1] == 1 and len(fractions) <= 20


def test_all_of_a_mono_recording_is_centre():
    _, vocals, instrumental = split(sample(1, channels=1))
    assert np.array_equal(vocals, WavReader(sample(1, channels=1), 600).read(WHOLE))
    assert not instrumental.any()


def test_a_header_of_the_extensible_kind_is_read_too():
    plain = sample(0.1, width=3)
    guid = struct.pack("<H", 1) + bytes.fromhex("000000001000800000aa00389b71")
    extended = struct.pack("<H", 0xFFFE) + plain[22:36] + struct.pack("<HHI", 22, 24, 3) + guid
    chunks = b"WAVEfmt " + struct.pack("<I", 40) + extended + plain[36:]
    extensible = b"RIFF" + struct.pack("<I", len(chunks)) + chunks
    assert np.array_equal(WavReader(extensible, 600).read(WHOLE), WavReader(plain, 600).read(WHOLE))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"<html>this is a page</html>", "not a WAV file"),
        (sample(0.1)[:30], "not a WAV file"),
        (sample(0.1)[:44], "holds no sound"),
        (sample(0.1).replace(b"\x02\x00\x44\xac", b"\x06\x00\x44\xac", 1), "6 channels of 16 bits"),
    ],
)
def test_what_cannot_be_used_is_said_in_a_sentence(data: bytes, sentence: str):
    with pytest.raises(WavError, match=sentence):
        WavReader(data, 600)


def test_a_recording_that_is_too_long_is_refused():
    with pytest.raises(WavError, match="lasts 3 s; at most 2 s"):
        WavReader(sample(3), 2)


def test_a_recording_that_was_cut_off_is_used_as_far_as_it_goes():
    fractions, vocals, _ = split(sample(1)[: 44 + 4 * 1000])
    assert fractions[-1] == 1 and len(vocals) < RATE
