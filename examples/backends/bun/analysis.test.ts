import { afterAll, describe, expect, it } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { analyse } from "./analysis.mjs";
import { sampleWav } from "./make-sample.mjs";

const folder = mkdtempSync(join(tmpdir(), "jobwire-analysis-"));
afterAll(() => rmSync(folder, { recursive: true }));

function analyseBytes(bytes: Uint8Array | string) {
  const path = join(folder, "recording.wav");
  writeFileSync(path, bytes);
  return analyse(path);
}

describe("an analysis", () => {
  for (const bpm of [75, 100, 120, 150]) {
    it(`hears ${bpm} beats a minute`, () => {
      const { tempoBpm } = analyseBytes(sampleWav({ bpm, seconds: 10 }));
      expect(Math.abs((tempoBpm ?? 0) - bpm)).toBeLessThanOrEqual(2);
    });
  }

  it("measures length, loudness and pitch", () => {
    const steady = analyseBytes(sampleWav({ bpm: 0.001, hertz: 200, volume: 0.8, seconds: 0.05 }));
    expect(steady).toMatchObject({ durationSeconds: 0.05, sampleRate: 8000, channels: 1, tempoBpm: null });
    expect(steady.peak).toBeGreaterThan(0.75);
    expect(steady.rms).toBeLessThan(steady.peak);
    expect(steady.zeroCrossingsPerSecond / 400).toBeCloseTo(1, 0);
  });

  it("hears no beat in silence", () => {
    expect(analyseBytes(sampleWav({ volume: 0 }))).toMatchObject({ rms: 0, peak: 0, tempoBpm: null });
  });

  it("refuses what is no recording", () => {
    expect(() => analyseBytes("not a recording")).toThrow(/not a WAV file/);
    expect(() => analyseBytes(sampleWav().subarray(0, 44))).toThrow(/no sound/);
  });
});
