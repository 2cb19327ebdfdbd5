/** Writes WAV files with a beat: `bun make-sample.mjs FOLDER [COUNT]`, or with Node. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const RATE = 8_000;
const HEADER = 44;

/**
 * A tone that is struck on each beat and fades.
 * @param {{ seconds?: number, bpm?: number, hertz?: number, volume?: number }} [options]
 */
export function sampleWav({ seconds = 6, bpm = 120, hertz = 440, volume = 0.5 } = {}) {
  const frames = Math.round(seconds * RATE);
  const wav = Buffer.alloc(HEADER + frames * 2);
  wav.write("RIFF", 0, "latin1");
  wav.writeUInt32LE(wav.length - 8, 4);
  wav.write("WAVEfmt ", 8, "latin1");
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(RATE, 24);
  wav.writeUInt32LE(RATE * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write("data", 36, "latin1");
  wav.writeUInt32LE(frames * 2, 40);
  for (let frame = 0; frame < frames; frame += 1) {
    const time = frame / RATE;
    const sinceBeat = time % (60 / bpm);
    const sample = volume * Math.sin(2 * Math.PI * hertz * time) * Math.exp(-12 * sinceBeat);
    wav.writeInt16LE(Math.round(sample * 32_767), HEADER + frame * 2);
  }
  return wav;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [folder, count = "10"] = process.argv.slice(2);
  if (!folder || !/^[1-9]\d*$/.test(count)) {
    console.error("Give a folder and, if you like, a number of files.");
    process.exit(2);
  }
  mkdirSync(folder, { recursive: true });
  for (let track = 1; track <= Number(count); track += 1) {
    const wav = sampleWav({ bpm: 80 + ((track * 7) % 80), hertz: 110 + track * 20 });
    writeFileSync(join(folder, `track-${track}.wav`), wav);
  }
}
