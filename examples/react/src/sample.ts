/** Melodies made in the page, so that nobody has to look for a recording. */
import { makeWav } from "./wav";

const SAMPLE_RATE = 22_050;
const BEAT = 0.5;
/** As MIDI numbers, one a beat. */
const MELODIES = [
  [60, 64, 67, 72, 71, 67, 64, 62],
  [69, 67, 65, 64, 62, 64, 65, 69],
  [55, 59, 62, 67, 66, 62, 59, 57],
] as const;

let made = 0;

export async function makeSample(): Promise<File> {
  const melody = MELODIES[made % MELODIES.length] ?? MELODIES[0];
  made += 1;
  const wav = makeWav(melody.length * BEAT, SAMPLE_RATE, 1, (time) => {
    const hertz = 440 * 2 ** (((melody[Math.floor(time / BEAT)] ?? 69) - 69) / 12);
    const inBeat = (time % BEAT) / BEAT;
    const fade = Math.min(1, inBeat * 20, (1 - inBeat) * 6);
    const overtones = [1, 2, 3].map((n) => Math.sin(2 * Math.PI * hertz * n * time) / (2 * n ** 1.5));
    return [fade * overtones.reduce((sum, tone) => sum + tone, 0)];
  });
  return new File([wav], `Sample melody ${made}.wav`, { type: "audio/wav" });
}
