"""Synthesises a short stereo song as WAV, a voice in the centre and chords at the sides: `python make_sample.py`."""

import argparse

import numpy as np

from wav import WavWriter

RATE = 44_100
VOICE_HZ = (262, 294, 330, 392, 330, 294)
LEFT_HZ = (131, 165, 196)
RIGHT_HZ = (110, 147, 185)


def _tone(hertz: float, time: np.ndarray) -> np.ndarray:
    return sum(np.sin(2 * np.pi * hertz * n * time) / n**2 for n in (1, 2, 3))


def parts(seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """The voice, and the two columns of what accompanies it."""
    time = np.arange(int(seconds * RATE)) / RATE
    step = (time / 0.5).astype(int) % len(VOICE_HZ)
    swell = np.sin(np.pi * (time % 0.5) / 0.5)
    voice = sum(_tone(hertz, time) * (step == index) for index, hertz in enumerate(VOICE_HZ)) * swell * 0.3
    sides = [sum(_tone(hertz, time) for hertz in chord) * 0.08 for chord in (LEFT_HZ, RIGHT_HZ)]
    return voice, np.column_stack(sides)


def sample(seconds: float = 3, channels: int = 2, width: int = 2) -> bytes:
    voice, sides = parts(seconds)
    file = WavWriter(channels, width, RATE)
    file.write((voice[:, np.newaxis] + sides)[:, :channels])
    return file.finish()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", help="where to write the file")
    parser.add_argument("--seconds", type=float, default=12)
    options = parser.parse_args()
    with open(options.path, "wb") as target:
        target.write(sample(options.seconds))
