"""Synthesises a short recording, a melody with drums, as WAV: `python make_sample.py sample.wav`."""

import argparse
import io

import numpy as np
import soundfile

MELODY = (60, 64, 67, 72, 71, 67, 64, 62)
BPM = 120
RATE = 44_100


def _tone(midi: int, seconds: float) -> np.ndarray:
    time = np.arange(int(seconds * RATE)) / RATE
    hertz = 440 * 2 ** ((midi - 69) / 12)
    harmonics = sum(np.sin(2 * np.pi * hertz * n * time) / n**1.5 for n in range(1, 6))
    envelope = np.minimum(time / 0.01, 1) * np.exp(-2.5 * time) * np.minimum((seconds - time) / 0.02, 1)
    return harmonics * envelope


def _drum(seconds: float, noise: np.random.Generator) -> np.ndarray:
    time = np.arange(int(seconds * RATE)) / RATE
    return noise.standard_normal(time.size) * np.exp(-60 * time)


def synthesise(repeats: int = 1) -> np.ndarray:
    """Mono samples: the melody in quarters, a drum hit on every other beat."""
    noise = np.random.default_rng(1)
    beat = 60 / BPM
    samples = np.zeros(int((len(MELODY) * repeats * beat + 0.25) * RATE))
    for index, midi in enumerate(MELODY * repeats):
        at = int(index * beat * RATE)
        tone = _tone(midi, beat * 0.95)
        samples[at : at + tone.size] += 0.3 * tone
        if index % 2 == 0:
            hit = _drum(0.1, noise)
            samples[at : at + hit.size] += 0.15 * hit
    return samples / np.abs(samples).max() * 0.8


def sample(format: str = "WAV", repeats: int = 1) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, synthesise(repeats), RATE, format=format)
    return file.getvalue()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", help="where to write the file")
    parser.add_argument(
        "--repeats", type=int, default=1, help="how often the 4 s melody is played (default 1)"
    )
    options = parser.parse_args()
    with open(options.path, "wb") as target:
        target.write(sample(repeats=options.repeats))
