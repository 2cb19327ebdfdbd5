/** Songs made in the page: a tone that is struck on each beat and fades. */
import { makeWav } from "../wav";

const RATE = 8000;
const SECONDS = 6;

let made = 0;

export async function makeSampleSong(): Promise<File> {
  made += 1;
  const bpm = 80 + ((made * 17) % 80);
  const hertz = 110 + (made % 8) * 40;
  const wav = makeWav(SECONDS, RATE, 1, (time) => [
    0.5 * Math.sin(2 * Math.PI * hertz * time) * Math.exp(-12 * (time % (60 / bpm))),
  ]);
  return new File([wav], `song-${made}.wav`, { type: "audio/wav" });
}

/** Not every song can be read. */
export async function makeBrokenSong(): Promise<File> {
  made += 1;
  return new File(["no recording at all"], `broken-${made}.wav`, { type: "audio/wav" });
}
