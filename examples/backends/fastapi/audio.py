"""Signal processing: decoding, separation into four stems, and transcription of the melody to notes.

Works in blocks and yields after each, so that whoever drives it can tell how far it is. Knows nothing of jobs.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import soundfile
from numpy.lib.stride_tricks import sliding_window_view

RATE = 22_050
FRAME = 2_048
HOP = 512
BLOCK_FRAMES = 256
BLOCK_SAMPLES = RATE * 10

BASS_BELOW_HZ = 180.0
TREBLE_ABOVE_HZ = 2_500.0
STEMS = ("bass", "drums", "melody", "treble")

MAX_CHANNELS = 8
SLOWEST_RATE, FASTEST_RATE = 1_000, 192_000
#: A recording of the longest length at this rate has as many samples as are taken: all are transformed at once.
USUAL_RATE = 48_000

LOWEST_HZ = 60.0
HIGHEST_HZ = 1_400.0


class AudioError(Exception):
    """The file cannot be used, and trying again cannot help; the text is for the person who sent it."""


@dataclass(frozen=True)
class Note:
    start: float
    duration: float
    midi: int


def open_audio(data: bytes, max_seconds: int) -> soundfile.SoundFile:
    try:
        file = soundfile.SoundFile(io.BytesIO(data))
    except soundfile.LibsndfileError:
        raise AudioError(
            "This file is not audio that can be read. Send a WAV, FLAC, OGG or MP3 file."
        ) from None
    if file.channels > MAX_CHANNELS or not SLOWEST_RATE <= file.samplerate <= FASTEST_RATE:
        raise AudioError(
            f"This recording has {file.channels} channels of {file.samplerate} samples a second. Send one of at most"
            f" {MAX_CHANNELS} channels and {SLOWEST_RATE} to {FASTEST_RATE} samples a second."
        )
    seconds = file.frames / file.samplerate
    if file.frames == 0:
        raise AudioError("This audio file holds no sound at all. Send one that can be played.")
    if seconds > max_seconds:
        raise AudioError(
            f"This recording lasts {seconds:.0f} s; at most {max_seconds} s are taken. Send a shorter one."
        )
    if file.frames > max_seconds * USUAL_RATE:
        raise AudioError("This recording has too many samples. Send a shorter one, or one with 48 kHz.")
    return file


def decode(file: soundfile.SoundFile) -> Iterator[np.ndarray]:
    """Yields mono blocks at the file's own rate, and no more than its header promised."""
    left = file.frames
    try:
        for block in file.blocks(blocksize=BLOCK_SAMPLES, dtype="float32", always_2d=True):
            yield block[:left].mean(axis=1)
            left -= len(block)
            if left <= 0:
                return
    except soundfile.LibsndfileError:
        raise AudioError(
            "This audio file is damaged: it could not be read to its end. Send a whole copy."
        ) from None


def resample(samples: np.ndarray, source_rate: int) -> np.ndarray:
    """Band-limited, by cutting or padding the spectrum."""
    if source_rate == RATE:
        return samples
    length = max(1, round(samples.size * RATE / source_rate))
    spectrum = np.fft.rfft(samples)
    target = np.zeros(length // 2 + 1, dtype=spectrum.dtype)
    shared = min(target.size, spectrum.size)
    target[:shared] = spectrum[:shared]
    return (np.fft.irfft(target, length) * (length / samples.size)).astype(np.float32)


_WINDOW = np.sin(np.pi * (np.arange(FRAME) + 0.5) / FRAME).astype(np.float32)


class Spectrogram:
    """Overlapping frames of a signal, transformed a block at a time; at most one block is in memory."""

    def __init__(self, samples: np.ndarray):
        self.length = samples.size
        self.frames = -(-(samples.size + FRAME - HOP) // HOP)
        padded = np.zeros((self.frames - 1) * HOP + FRAME, dtype=np.float32)
        padded[FRAME - HOP : FRAME - HOP + samples.size] = samples
        self._views = sliding_window_view(padded, FRAME)[::HOP]

    def blocks(self) -> list[slice]:
        return [slice(at, min(at + BLOCK_FRAMES, self.frames)) for at in range(0, self.frames, BLOCK_FRAMES)]

    def transform(self, frames: slice) -> np.ndarray:
        return np.fft.rfft(self._views[frames] * _WINDOW, axis=1)

    def empty_output(self) -> np.ndarray:
        return np.zeros((self.frames - 1) * HOP + FRAME, dtype=np.float32)

    def add(self, output: np.ndarray, frames: slice, spectrum: np.ndarray) -> None:
        parts = np.fft.irfft(spectrum, FRAME, axis=1) * _WINDOW * (2 * HOP / FRAME)
        for offset, part in enumerate(parts):
            at = (frames.start + offset) * HOP
            output[at : at + FRAME] += part

    def trim(self, output: np.ndarray) -> np.ndarray:
        return output[FRAME - HOP : FRAME - HOP + self.length]


def _median(values: np.ndarray, width: int, axis: int) -> np.ndarray:
    margin = [(0, 0), (0, 0)]
    margin[axis] = (width // 2, width // 2)
    return np.median(sliding_window_view(np.pad(values, margin, mode="edge"), width, axis=axis), axis=-1)


def _percussive_share(magnitude: np.ndarray) -> np.ndarray:
    """How much of each bin is percussive: steady tones are lines in time, drum hits are lines in frequency."""
    steady = _median(magnitude, 17, axis=0) ** 2
    sudden = _median(magnitude, 17, axis=1) ** 2
    return (sudden / (steady + sudden + 1e-12)).astype(np.float16)


def _band(stem: str) -> np.ndarray:
    hertz = np.fft.rfftfreq(FRAME, 1 / RATE)
    if stem == "bass":
        return hertz < BASS_BELOW_HZ
    if stem == "treble":
        return hertz > TREBLE_ABOVE_HZ
    return (hertz >= BASS_BELOW_HZ) & (hertz <= TREBLE_ABOVE_HZ)


@dataclass(frozen=True)
class Separated:
    """One block of work done; `finished` is set when it completed the stem."""

    fraction: float
    stem: str
    number: int
    finished: np.ndarray | None


def separate(samples: np.ndarray) -> Iterator[Separated]:
    """Splits into stems that sum to the input again."""
    spectrogram = Spectrogram(samples)
    blocks = spectrogram.blocks()
    shares: list[np.ndarray] = []
    total = len(blocks) * (len(STEMS) + 1)
    done = 0
    for frames in blocks:
        shares.append(_percussive_share(np.abs(spectrogram.transform(frames))))
        done += 1
        yield Separated(done / total, STEMS[0], 1, None)
    for number, stem in enumerate(STEMS, start=1):
        output = spectrogram.empty_output()
        for frames, share in zip(blocks, shares):
            mask = share if stem == "drums" else (1 - share) * _band(stem)
            spectrogram.add(output, frames, spectrogram.transform(frames) * mask)
            done += 1
            last = frames is blocks[-1]
            yield Separated(done / total, stem, number, spectrogram.trim(output) if last else None)


def onsets(samples: np.ndarray) -> np.ndarray:
    """Times in seconds at which a tone begins: peaks of the spectral flux above its local level."""
    spectrogram = Spectrogram(samples)
    flux = np.zeros(spectrogram.frames)
    # A window is four hops long, so a tone takes a few frames to come up: compare with the frame before the last.
    lag = 2
    before = np.zeros((lag, FRAME // 2 + 1))
    for frames in spectrogram.blocks():
        level = np.vstack((before, np.log1p(10 * np.abs(spectrogram.transform(frames)))))
        flux[frames] = np.maximum(level[lag:] - level[:-lag], 0).sum(axis=1)
        before = level[-lag:]
    # The rise out of silence outweighs every later one; a high percentile is not misled by it.
    usual = np.percentile(flux, 98)
    if usual < 1e-3:
        return np.zeros(0)
    flux /= usual
    radius = 8
    around = sliding_window_view(np.pad(flux, radius), 2 * radius + 1)
    threshold = np.median(around, axis=1) + 0.3
    gap = 4
    neighbourhood = sliding_window_view(np.pad(flux, gap), 2 * gap + 1)
    peaks = np.flatnonzero((flux == neighbourhood.max(axis=1)) & (flux > threshold))
    return np.maximum(0, (peaks * HOP - (FRAME - HOP) + FRAME // 2) / RATE)


def pitch(window: np.ndarray) -> int | None:
    """The MIDI number of a window's pitch by autocorrelation, or None where there is none."""
    window = window - window.mean()
    size = window.size
    longest = min(int(RATE / LOWEST_HZ), size // 2)
    shortest = int(RATE / HIGHEST_HZ)
    if longest <= shortest + 2:
        return None
    spectrum = np.fft.rfft(window, 2 * size)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)[: longest + 2]
    if correlation[0] < 1e-6:
        return None
    # Fewer samples overlap at a longer lag; without this the estimate leans to the octave above.
    correlation = correlation / correlation[0] * (size / (size - np.arange(correlation.size)))
    lags = np.arange(shortest, longest)
    middle = correlation[lags]
    peaks = lags[(middle > correlation[lags - 1]) & (middle >= correlation[lags + 1])]
    if peaks.size == 0 or correlation[peaks].max() < 0.4:
        return None
    lag = int(peaks[correlation[peaks] >= 0.9 * correlation[peaks].max()][0])
    left, centre, right = correlation[lag - 1 : lag + 2]
    curve = left - 2 * centre + right
    exact = lag + (0.5 * (left - right) / curve if curve else 0.0)
    return round(69 + 12 * np.log2(RATE / exact / 440))


def transcribe(samples: np.ndarray) -> Iterator[tuple[float, Note | None]]:
    """Yields the fraction done and the note of each onset, None where the sound has no pitch."""
    starts = onsets(samples)
    ends = np.append(starts[1:], samples.size / RATE)
    loudest = float(np.abs(samples).max(initial=0))
    attack = 0.03
    for index, (start, end) in enumerate(zip(starts, ends), start=1):
        sound = samples[int(start * RATE) : int(end * RATE)]
        midi = pitch(sound[int(attack * RATE) : int((attack + 0.25) * RATE)])
        note = None
        if midi is not None and float(np.abs(sound).max(initial=0)) > 0.03 * loudest:
            audible = np.flatnonzero(np.abs(sound) > 0.02 * loudest)
            note = Note(float(start), float(audible[-1] + 1) / RATE, midi)
        yield index / starts.size, note
