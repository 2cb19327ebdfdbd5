"""Splits a stereo recording into its centre, what both channels share, and the rest.

A singer is usually mixed to the centre: the centre serves as vocals, the rest as instrumental. In every short frame,
each frequency goes to the centre by how alike the two channels are there. Knows nothing of jobs.
"""

from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from wav import WavReader, WavWriter

FRAME = 4096
HOP = FRAME // 4
OVERLAP = FRAME - HOP

_WINDOW = np.sin(np.pi * (np.arange(FRAME) + 0.5) / FRAME)
#: What the squares of four overlapping windows sum up to.
_GAIN = FRAME / HOP / 2


def _centre_of(frames: np.ndarray) -> np.ndarray:
    """`frames`: (number, channel, sample)."""
    left, right = np.moveaxis(np.fft.rfft(frames * _WINDOW, axis=2), 1, 0)
    power = np.abs(left) ** 2 + np.abs(right) ** 2
    alike = np.clip(2 * (left * right.conj()).real / np.maximum(power, 1e-12), 0, 1)
    return np.fft.irfft(alike * (left + right) / 2, FRAME, axis=1) * _WINDOW / _GAIN


def _split(blocks: Iterator[np.ndarray]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields (recording, centre) of each block, whose lengths are multiples of HOP; OVERLAP samples late."""
    before = np.zeros((OVERLAP, 2))
    unfinished = np.zeros(OVERLAP)
    for block in blocks:
        samples = np.concatenate((before, block))
        centre = np.concatenate((unfinished, np.zeros(len(block))))
        frames = sliding_window_view(samples, FRAME, axis=0)[::HOP]
        for number, part in enumerate(_centre_of(frames)):
            centre[number * HOP : number * HOP + FRAME] += part
        before, unfinished = samples[-OVERLAP:], centre[-OVERLAP:]
        yield samples[:-OVERLAP], centre[:-OVERLAP]


def _blocks(recording: WavReader, size: int) -> Iterator[np.ndarray]:
    """The recording in blocks of `size`, and silence until `_split` has given all of it back."""
    missing = recording.frames + OVERLAP
    while missing > 0:
        block = recording.read(min(size, recording.frames)).astype(np.float64)
        yield np.concatenate((block, np.zeros((size - len(block), 2))))
        missing -= size


class Separation:
    """The work on one recording in `steps` steps or fewer; the results are there when all are done."""

    def __init__(self, recording: WavReader, steps: int):
        self._recording = recording
        self._size = max(1, -(-(recording.frames + OVERLAP) // (steps * HOP))) * HOP
        self._vocals = WavWriter(1, recording.width, recording.rate)
        self._instrumental = WavWriter(recording.channels, recording.width, recording.rate)

    def __iter__(self) -> Iterator[float]:
        """Yields the fraction done after each step."""
        late = OVERLAP
        written = 0
        total = self._recording.frames
        for samples, centre in _split(_blocks(self._recording, self._size)):
            skipped = min(late, len(centre))
            late -= skipped
            part = slice(skipped, skipped + total - written)
            written += len(centre[part])
            self._vocals.write(centre[part])
            rest = samples[part] - centre[part, np.newaxis]
            self._instrumental.write(rest[:, : self._recording.channels])
            yield written / total

    def results(self) -> dict[str, bytes]:
        return {"vocals": self._vocals.finish(), "instrumental": self._instrumental.finish()}
