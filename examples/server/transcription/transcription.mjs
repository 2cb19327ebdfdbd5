/** A recording becomes a score, in the stages of the transcription app. */
import { WavError, WavReader } from "../karaoke/wav.mjs";
import { writeScore } from "./musicxml.mjs";
import { transcribe } from "./notes.mjs";
import { separate, STEMS } from "./stems.mjs";

const RATE = 22_050;
const MAX_SECONDS = 300;
const BLOCK = 1 << 16;

/**
 * The mean of both channels, at a rate near RATE.
 * @param {import("../work/source.mjs").Source} source
 * @param {(fraction: number) => void} report
 */
function decode(source, report) {
  const reader = new WavReader(source);
  const seconds = reader.frames / reader.format.rate;
  if (seconds > MAX_SECONDS) {
    throw new WavError(
      `This recording lasts ${Math.round(seconds)} s. Send one of at most ${MAX_SECONDS} s.`,
    );
  }
  const every = Math.max(1, Math.round(reader.format.rate / RATE));
  const samples = new Float32Array(Math.ceil(reader.frames / every));
  for (let from = 0; from < reader.frames; from += BLOCK * every) {
    const { left, right } = reader.read(Math.min(BLOCK * every, reader.frames - from));
    for (let frame = 0; frame < left.length; frame += 1)
      samples[Math.floor((from + frame) / every)] += (left[frame] + right[frame]) / (2 * every);
    report((from + left.length) / reader.frames);
  }
  return { samples, rate: reader.format.rate / every };
}

/** @param {number} fraction */
function stemInWords(fraction) {
  const place = Math.min(STEMS.length - 1, Math.floor(fraction * STEMS.length));
  return `Separating the ${STEMS[place][0]} stem (${place + 1}/${STEMS.length})`;
}

/**
 * @param {import("../work/source.mjs").Source} source
 * @param {string} name of the file
 * @param {import("../work/worker.mjs").RunStage} run
 */
export async function transcribeRecording(source, name, run) {
  const { samples, rate } = await run("download", "Reading the recording", (report) =>
    decode(source, report),
  );
  const [bass, melody] = await run("separation", stemInWords, (report) => separate(samples, rate, report));
  const tune = bass.map((sample, place) => sample + melody[place]);
  const notes = await run("transcription", "Looking for notes", (report) => transcribe(tune, rate, report));
  return run("musicxml", `Writing ${notes.length} notes`, () =>
    writeScore(notes, name.replace(/\.\w+$/, "")),
  );
}
