/** A song made in the page: the voice in the middle, the band at the sides, so that it can be split. */
import { makeWav } from "../wav";

const SAMPLE_RATE = 22_050;
const SECONDS = 16;
const BEAT = 0.5;
/** Semitones above the key note, one a beat. */
const MELODY = [0, 4, 7, 4, 5, 9, 7, 5, 4, 7, 12, 7, 5, 4, 2, 0] as const;
const CHORDS = [0, 5, 7, 0] as const;
const KEYS_HZ = [220, 196, 247] as const;

let made = 0;

const wave = (hertz: number, time: number) => Math.sin(2 * Math.PI * hertz * time);
const up = (hertz: number, semitones: number) => hertz * 2 ** (semitones / 12);

export async function makeSampleSong(): Promise<File> {
  const key = KEYS_HZ[made % KEYS_HZ.length] ?? 220;
  made += 1;
  const wavFile = makeWav(SECONDS, SAMPLE_RATE, 2, (time) => {
    const beat = Math.floor(time / BEAT);
    const inBeat = (time % BEAT) / BEAT;
    const fade = Math.min(1, inBeat * 12, (1 - inBeat) * 6);
    const voice = 0.35 * fade * wave(up(2 * key, MELODY[beat % MELODY.length] ?? 0), time);
    const chord = CHORDS[Math.floor(beat / 4) % CHORDS.length] ?? 0;
    const strings = 0.16 * (wave(up(key, chord), time) + wave(up(key, chord + 7), time));
    const bass = 0.3 * Math.exp(-3 * inBeat) * wave(up(key / 2, chord), time);
    return [voice + strings + bass, voice - strings - bass];
  });
  return new File([wavFile], `Sample song ${made}.wav`, { type: "audio/wav" });
}
