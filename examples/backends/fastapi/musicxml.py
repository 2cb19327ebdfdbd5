"""Writes notes as a MusicXML 4.0 score: one part in 4/4, quantised to sixteenths. Knows nothing of jobs."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import mean, median
from xml.etree import ElementTree as ET

from audio import Note

MEDIA_TYPE = "application/vnd.recordare.musicxml+xml"

STEPS_PER_QUARTER = 4
STEPS_PER_MEASURE = 4 * STEPS_PER_QUARTER
SLOWEST_BPM, FASTEST_BPM = 60, 180

_HEADER = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN"'
    ' "http://www.musicxml.org/dtds/partwise.dtd">\n'
)
_VALUES = ((16, "whole", False), (12, "half", True), (8, "half", False), (6, "quarter", True),
           (4, "quarter", False), (3, "eighth", True), (2, "eighth", False), (1, "16th", False))  # fmt: skip
_PITCH_CLASSES = (("C", 0), ("C", 1), ("D", 0), ("D", 1), ("E", 0), ("F", 0),
                  ("F", 1), ("G", 0), ("G", 1), ("A", 0), ("A", 1), ("B", 0))  # fmt: skip


@dataclass(frozen=True)
class _Span:
    """A note, or a rest when `midi` is None, of `length` sixteenths."""

    start: int
    length: int
    midi: int | None


def estimate_tempo(notes: Sequence[Note]) -> int:
    """Takes the usual distance between notes as a quarter, folded into the range people play in."""
    gaps = [later.start - earlier.start for earlier, later in pairwise(notes)]
    if not gaps:
        return 120
    middle = median(gaps)
    # Onsets come in steps of a hop; the mean of the usual gaps is finer than any one of them.
    bpm = 60 / mean(gap for gap in gaps if abs(gap - middle) <= middle / 4)
    while bpm < SLOWEST_BPM:
        bpm *= 2
    while bpm >= FASTEST_BPM:
        bpm /= 2
    return round(bpm)


def _spans(notes: Sequence[Note], bpm: int) -> list[_Span]:
    per_second = bpm / 60 * STEPS_PER_QUARTER
    starts = [round(note.start * per_second) for note in notes]
    spans: list[_Span] = []
    at = 0
    for index, (note, start) in enumerate(zip(notes, starts)):
        start = max(start, at)
        limit = max(starts[index + 1], start + 1) if index + 1 < len(notes) else start + STEPS_PER_MEASURE
        length = min(max(1, round(note.duration * per_second)), limit - start)
        if start > at:
            spans.append(_Span(at, start - at, None))
        spans.append(_Span(start, length, note.midi))
        at = start + length
    missing = -at % STEPS_PER_MEASURE or (STEPS_PER_MEASURE if at == 0 else 0)
    if missing:
        spans.append(_Span(at, missing, None))
    return spans


def _pieces(span: _Span) -> list[tuple[int, int]]:
    """Start and length of the written notes that make up a span: none crosses a bar line."""
    pieces = []
    at, left = span.start, span.length
    while left:
        room = min(left, STEPS_PER_MEASURE - at % STEPS_PER_MEASURE)
        length = next(value for value, _, _ in _VALUES if value <= room)
        pieces.append((at, length))
        at += length
        left -= length
    return pieces


def _child(parent: ET.Element, tag: str, text: object = None, **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, tag, attributes)
    if text is not None:
        element.text = str(text)
    return element


def _write(measure: ET.Element, midi: int | None, length: int, tied_from: bool, tied_to: bool) -> None:
    note = _child(measure, "note")
    if midi is None:
        _child(note, "rest")
    else:
        step, alter = _PITCH_CLASSES[midi % 12]
        pitch = _child(note, "pitch")
        _child(pitch, "step", step)
        if alter:
            _child(pitch, "alter", alter)
        _child(pitch, "octave", midi // 12 - 1)
    _child(note, "duration", length)
    ties = [
        kind for kind, present in (("stop", tied_from), ("start", tied_to)) if present and midi is not None
    ]
    for kind in ties:
        _child(note, "tie", type=kind)
    name, dotted = next((name, dotted) for value, name, dotted in _VALUES if value == length)
    _child(note, "type", name)
    if dotted:
        _child(note, "dot")
    if ties:
        notations = _child(note, "notations")
        for kind in ties:
            _child(notations, "tied", type=kind)


def _open_measure(part: ET.Element, number: int, bpm: int, bass: bool) -> ET.Element:
    measure = _child(part, "measure", number=str(number))
    if number == 1:
        attributes = _child(measure, "attributes")
        _child(attributes, "divisions", STEPS_PER_QUARTER)
        _child(_child(attributes, "key"), "fifths", 0)
        time = _child(attributes, "time")
        _child(time, "beats", 4)
        _child(time, "beat-type", 4)
        clef = _child(attributes, "clef")
        _child(clef, "sign", "F" if bass else "G")
        _child(clef, "line", 4 if bass else 2)
        direction = _child(measure, "direction", placement="above")
        metronome = _child(_child(direction, "direction-type"), "metronome")
        _child(metronome, "beat-unit", "quarter")
        _child(metronome, "per-minute", bpm)
        _child(direction, "sound", tempo=str(bpm))
    return measure


def score(notes: Sequence[Note], title: str) -> bytes:
    bpm = estimate_tempo(notes)
    root = ET.Element("score-partwise", version="4.0")
    _child(_child(root, "work"), "work-title", title)
    _child(_child(_child(root, "identification"), "encoding"), "software", "jobwire example back-end")
    entry = _child(_child(root, "part-list"), "score-part", id="P1")
    _child(entry, "part-name", "Melody")
    part = _child(root, "part", id="P1")

    bass = bool(notes) and median(note.midi for note in notes) < 57
    measure = None
    for span in _spans(notes, bpm):
        pieces = _pieces(span)
        for index, (at, length) in enumerate(pieces):
            if measure is None or at % STEPS_PER_MEASURE == 0:
                measure = _open_measure(part, at // STEPS_PER_MEASURE + 1, bpm, bass)
            _write(measure, span.midi, length, index > 0, index < len(pieces) - 1)
    ET.indent(root)
    return (_HEADER + ET.tostring(root, encoding="unicode") + "\n").encode()
