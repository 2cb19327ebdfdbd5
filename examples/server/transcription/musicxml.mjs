/** Writes notes as a MusicXML 4.0 score: one part in 4/4, in sixteenths. */

/** @typedef {import("./notes.mjs").Note} Note */
/** A rest where `midi` is left out; in sixteenths. @typedef {{ start: number, length: number, midi?: number }} Span */

export const MEDIA_TYPE = "application/vnd.recordare.musicxml+xml";
const STEPS_PER_QUARTER = 4;
const STEPS_PER_MEASURE = 16;
const USUAL_BPM = 120;
const SLOWEST_BPM = 60;
const HEADER = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://www.musicxml.org/dtds/partwise.dtd">
`;
/** @type {readonly (readonly [steps: number, written: string])[]} */
const VALUES = [
  [16, "<type>whole</type>"],
  [12, "<type>half</type><dot/>"],
  [8, "<type>half</type>"],
  [6, "<type>quarter</type><dot/>"],
  [4, "<type>quarter</type>"],
  [3, "<type>eighth</type><dot/>"],
  [2, "<type>eighth</type>"],
  [1, "<type>16th</type>"],
];
const PITCH_CLASSES = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"];

/** The usual distance between two notes is taken for a quarter. @param {readonly Note[]} notes */
export function tempo(notes) {
  const gaps = notes.slice(1).map(({ start }, place) => start - notes[place].start);
  const usual = gaps.sort((one, other) => one - other)[gaps.length >> 1];
  if (!usual) return USUAL_BPM;
  let bpm = 60 / usual;
  while (bpm < SLOWEST_BPM) bpm *= 2;
  while (bpm >= 3 * SLOWEST_BPM) bpm /= 2;
  return Math.round(bpm);
}

/** @param {readonly Note[]} notes @param {number} bpm */
function spansOf(notes, bpm) {
  const perSecond = (bpm / 60) * STEPS_PER_QUARTER;
  /** @type {Span[]} */
  const spans = [];
  let at = 0;
  for (const [place, { start, duration, midi }] of notes.entries()) {
    const begin = Math.max(at, Math.round(start * perSecond));
    const next = notes[place + 1];
    const room = next ? Math.max(1, Math.round(next.start * perSecond) - begin) : STEPS_PER_MEASURE;
    const length = Math.min(room, Math.max(1, Math.round(duration * perSecond)));
    if (begin > at) spans.push({ start: at, length: begin - at });
    spans.push({ start: begin, length, midi });
    at = begin + length;
  }
  const missing = at === 0 ? STEPS_PER_MEASURE : -at & (STEPS_PER_MEASURE - 1);
  if (missing > 0) spans.push({ start: at, length: missing });
  return spans;
}

/** The written notes of a span: none crosses a bar line. @param {Span} span */
function* piecesOf({ start, length, midi }) {
  for (let [at, left] = [start, length]; left > 0;) {
    const room = Math.min(left, STEPS_PER_MEASURE - (at % STEPS_PER_MEASURE));
    const [steps, written] = VALUES.find(([value]) => value <= room) ?? VALUES[VALUES.length - 1];
    const ties = midi === undefined ? [] : [at > start && "stop", steps < left && "start"].filter(Boolean);
    yield { at, steps, written, midi, ties };
    at += steps;
    left -= steps;
  }
}

/** @param {number | undefined} midi */
function pitchOf(midi) {
  if (midi === undefined) return "<rest/>";
  const [step, sharp] = PITCH_CLASSES[midi % 12];
  const alter = sharp ? "<alter>1</alter>" : "";
  return `<pitch><step>${step}</step>${alter}<octave>${Math.floor(midi / 12) - 1}</octave></pitch>`;
}

/** @param {string} text */
const escaped = (text) => text.replace(/[&<>"]/g, (one) => `&#${one.charCodeAt(0)};`);

/** @param {number} bpm */
const opening = (bpm) =>
  `<attributes><divisions>${STEPS_PER_QUARTER}</divisions><key><fifths>0</fifths></key>` +
  `<time><beats>4</beats><beat-type>4</beat-type></time><clef><sign>G</sign><line>2</line></clef></attributes>` +
  `<direction placement="above"><direction-type><metronome><beat-unit>quarter</beat-unit>` +
  `<per-minute>${bpm}</per-minute></metronome></direction-type><sound tempo="${bpm}"/></direction>`;

/**
 * @param {readonly Note[]} notes
 * @param {string} title
 */
export function writeScore(notes, title) {
  const bpm = tempo(notes);
  /** @type {string[]} */
  const measures = [];
  for (const { at, steps, written, midi, ties } of spansOf(notes, bpm).flatMap((span) => [
    ...piecesOf(span),
  ])) {
    const measure = Math.floor(at / STEPS_PER_MEASURE);
    measures[measure] ??= measure === 0 ? opening(bpm) : "";
    const tie = ties.map((type) => `<tie type="${type}"/>`).join("");
    const tied = ties.map((type) => `<tied type="${type}"/>`).join("");
    const notations = tied && `<notations>${tied}</notations>`;
    measures[measure] +=
      `\n<note>${pitchOf(midi)}<duration>${steps}</duration>${tie}${written}${notations}</note>`;
  }
  const numbered = measures.map((inside, place) => `<measure number="${place + 1}">${inside}</measure>`);
  return `${HEADER}<score-partwise version="4.0"><work><work-title>${escaped(title)}</work-title></work>
<part-list><score-part id="P1"><part-name>Melody</part-name></score-part></part-list>
<part id="P1">${numbered.join("\n")}</part></score-partwise>
`;
}
