import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Source } from "../work/source.mjs";
import { createFft } from "./fft.mjs";
import { HOP, OVERLAP, Separator } from "./separation.mjs";
import { parts, song, temporaryFolder } from "./testing.mjs";
import { WavError, WavReader } from "./wav.mjs";

/**
 * How far `given` is from `wanted`, dB.
 * @param {Float64Array} wanted
 * @param {Float64Array} given
 */
function signalToError(wanted, given) {
  const energy = (/** @type {Float64Array} */ samples) => samples.reduce((sum, one) => sum + one ** 2, 0);
  return 10 * Math.log10(energy(wanted) / energy(wanted.map((one, index) => one - given[index])));
}

/** @param {Buffer} bytes */
function reader(bytes) {
  const path = join(temporaryFolder(), "file.wav");
  writeFileSync(path, bytes);
  return new WavReader(new Source(path));
}

describe("the Fourier transform", () => {
  it("gives the spectrum of a tone, and the tone again", () => {
    const size = 64;
    const fft = createFft(size);
    const wave = Float64Array.from({ length: size }, (_, index) =>
      Math.cos((2 * Math.PI * 5 * index) / size),
    );
    const real = wave.slice();
    const imaginary = new Float64Array(size);
    fft(real, imaginary);
    for (const [bin, value] of real.entries()) {
      assert.ok(Math.abs(value - (bin === 5 || bin === size - 5 ? size / 2 : 0)) < 1e-9);
    }
    fft(imaginary, real);
    for (const [index, value] of real.entries()) assert.ok(Math.abs(value / size - wave[index]) < 1e-9);
  });
});

describe("the separation", () => {
  it("tells the voice in the centre from what is at the sides", () => {
    const { voice, left, right } = parts(2);
    const mix = (/** @type {Float64Array} */ side) => side.map((sample, index) => sample + voice[index]);
    const length = Math.ceil((voice.length + OVERLAP) / HOP) * HOP;
    const padded = (/** @type {Float64Array} */ samples) => {
      const all = new Float64Array(length);
      all.set(samples);
      return all;
    };
    const result = new Separator().push(padded(mix(left)), padded(mix(right)));
    const centre = result.centre.slice(OVERLAP, OVERLAP + voice.length);
    const rest = result.left
      .slice(OVERLAP, OVERLAP + voice.length)
      .map((sample, index) => sample - centre[index]);
    assert.ok(signalToError(voice, mix(left)) < 10);
    assert.ok(signalToError(voice, centre) > 15, `${signalToError(voice, centre)} dB`);
    assert.ok(signalToError(left, rest) > 8, `${signalToError(left, rest)} dB`);
  });
});

describe("a WAV file", () => {
  for (const bits of [8, 16, 24]) {
    for (const channels of [1, 2]) {
      it(`of ${channels} × ${bits} bits is read as it was written`, () => {
        const { voice, left, right } = parts(0.1);
        const file = reader(song({ seconds: 0.1, channels, bits }));
        const read = file.read(file.frames);
        const sides = [left, channels === 1 ? left : right];
        for (const [index, samples] of [read.left, read.right].entries()) {
          for (const [frame, sample] of samples.entries()) {
            assert.ok(Math.abs(sample - sides[index][frame] - voice[frame]) <= 1 / 2 ** (bits - 1));
          }
        }
      });
    }
  }

  for (const [what, bytes, sentence] of /** @type {const} */ ([
    ["a page", Buffer.from("<html>this is a page</html>"), /not a WAV file/],
    ["a header that was cut off", song({ seconds: 0.1 }).subarray(0, 30), /not a WAV file/],
    ["a header alone", song({ seconds: 0.1 }).subarray(0, 44), /holds no sound/],
    ["floating point", Buffer.from(song({ seconds: 0.1 })).fill(3, 20, 21), /not a WAV file with PCM/],
    ["six channels", Buffer.from(song({ seconds: 0.1 })).fill(6, 22, 23), /6 channels of 16 bits/],
  ])) {
    it(`is refused in a sentence when it is ${what}`, () => {
      assert.throws(
        () => reader(bytes),
        (error) => error instanceof WavError && sentence.test(error.message),
      );
    });
  }
});
