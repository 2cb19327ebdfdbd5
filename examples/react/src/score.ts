/** What of a MusicXML score is shown: its notes, in the units of its durations. */
import { textOf } from "./http";

export interface ScoreNote {
  readonly start: number;
  readonly length: number;
  readonly midi: number;
}

export interface Score {
  readonly notes: readonly ScoreNote[];
  readonly length: number;
  readonly measures: number;
  /** Quarters a minute, where it is told. */
  readonly bpm?: number;
}

const STEPS: Record<string, number> = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 };

export async function readScore(response: Response): Promise<Score> {
  const score = new DOMParser().parseFromString(await textOf(response), "application/xml");
  if (score.documentElement.nodeName !== "score-partwise") throw new Error("It is no MusicXML.");
  const notes: ScoreNote[] = [];
  let at = 0;
  for (const note of score.querySelectorAll("note")) {
    const text = (name: string) => note.querySelector(name)?.textContent ?? "";
    const length = Number(text("duration"));
    const step = STEPS[text("step")];
    const last = notes.at(-1);
    // A tone that is written as several notes.
    if (last && note.querySelector("tie[type=stop]"))
      notes[notes.length - 1] = { ...last, length: last.length + length };
    else if (step !== undefined)
      notes.push({
        start: at,
        length,
        midi: 12 * (Number(text("octave")) + 1) + step + Number(text("alter")),
      });
    at += length;
  }
  const bpm = Number(score.querySelector("per-minute")?.textContent);
  return { notes, length: at, measures: score.querySelectorAll("measure").length, ...(bpm > 0 && { bpm }) };
}
