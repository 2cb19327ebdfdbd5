"""Reads and writes WAV files as blocks of samples from -1 to 1, one column a channel."""

import io
import wave

import numpy as np

EXTENSIBLE = 0xFFFE
PCM = 1
MAX_CHUNKS = 100
FASTEST_RATE = 192_000


class WavError(Exception):
    """The file cannot be used; the text is for the person who sent it."""


def _plain(data: bytes) -> bytes:
    """Python before 3.12 does not know the extensible header, which many programs write for 24 bits."""
    at = data.find(b"fmt ", 12, 4096)
    if at < 0 or data[at + 8 : at + 10] != EXTENSIBLE.to_bytes(2, "little"):
        return data
    return data[: at + 8] + data[at + 32 : at + 34] + data[at + 10 :]


def _data_start(data: bytes) -> int:
    """Where the samples begin. Only so many chunks are looked at: a file can have millions of empty ones."""
    at = 12
    for _ in range(MAX_CHUNKS):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8
        if name == b"data" or at >= len(data):
            break
        at += size + size % 2
    if name != b"data":
        raise wave.Error("there are no samples among the first chunks")
    return at


class WavReader:
    def __init__(self, data: bytes, max_seconds: int):
        try:
            start = _data_start(data)
            self._file = wave.open(io.BytesIO(_plain(data)))
        except (wave.Error, EOFError):
            raise WavError("This file is not a WAV file with PCM samples. Send one that is.") from None
        self.channels = self._file.getnchannels()
        self.width = self._file.getsampwidth()
        self.rate = self._file.getframerate()
        block = self.channels * self.width
        # A recorder that was interrupted leaves a header that promises more than there is.
        there = min(self._file.getnframes() * block, len(data) - start)
        self.frames = there // block if block else 0
        if self.channels not in (1, 2) or self.width not in (1, 2, 3):
            raise WavError(
                f"This WAV file has {self.channels} channels of {8 * self.width} bits."
                " Send mono or stereo with 8, 16 or 24 bits."
            )
        if self.rate > FASTEST_RATE:
            raise WavError(f"This WAV file has {self.rate} samples a second. Send one of at most {FASTEST_RATE}.")
        if self.frames == 0 or self.rate == 0:
            raise WavError("This WAV file holds no sound at all. Send one that can be played.")
        if self.frames > max_seconds * self.rate:
            raise WavError(
                f"This recording lasts {self.frames / self.rate:.0f} s; at most {max_seconds} s are taken."
                " Send a shorter one."
            )

    def read(self, frames: int) -> np.ndarray:
        """Two columns, equal ones for a mono file; fewer rows than asked for at the end."""
        samples = _decode(self._file.readframes(frames), self.width)
        whole = samples[: samples.size // self.channels * self.channels].reshape(-1, self.channels)
        return whole if self.channels == 2 else np.repeat(whole, 2, axis=1)


def _decode(data: bytes, width: int) -> np.ndarray:
    data = data[: len(data) // width * width]
    if width == 1:
        return (np.frombuffer(data, np.uint8).astype(np.float32) - 128) / 128
    if width == 2:
        return np.frombuffer(data, "<i2").astype(np.float32) / 2**15
    padded = np.zeros((len(data) // 3, 4), np.uint8)
    padded[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
    return (padded.view("<i4").reshape(-1) >> 8).astype(np.float32) / 2**23


def _encode(samples: np.ndarray, width: int) -> bytes:
    top = 2 ** (8 * width - 1)
    whole = np.clip(np.rint(samples.astype(np.float64) * top), -top, top - 1).astype("<i4")
    if width == 1:
        return (whole + 128).astype(np.uint8).tobytes()
    if width == 2:
        return whole.astype("<i2").tobytes()
    return whole.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()


class WavWriter:
    def __init__(self, channels: int, width: int, rate: int):
        self._target = io.BytesIO()
        self._width = width
        self._file = wave.open(self._target, "wb")
        self._file.setnchannels(channels)
        self._file.setsampwidth(width)
        self._file.setframerate(rate)

    def write(self, samples: np.ndarray) -> None:
        self._file.writeframes(_encode(np.ascontiguousarray(samples).reshape(-1), self._width))

    def finish(self) -> bytes:
        self._file.close()
        return self._target.getvalue()
