// @vitest-environment node
import { describe, expect, it } from "vitest";
import { unpack } from "../../pkg-template/src/lzma.js";
import { pack } from "../../scripts/lib/pack.mjs";

/** The same numbers each time. */
function numbers(seed: number) {
  let state = seed;
  return (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Bytes with what packing lives of: words that return near and far, runs, counted steps, and noise. */
function sample(seed: number, length: number): Uint8Array<ArrayBuffer> {
  const next = numbers(seed);
  const bytes = new Uint8Array(length);
  let at = 0;
  while (at < length) {
    const count = 1 + next(next(4) ? 20 : 400);
    const kind = next(4);
    const back = 1 + next(Math.max(at, 1));
    const first = next(256);
    for (let n = 0; n < count && at < length; n++, at++) {
      if (kind === 0) bytes[at] = next(256);
      else if (kind === 1) bytes[at] = first;
      else if (kind === 2) bytes[at] = first + n;
      else bytes[at] = bytes[Math.max(at - back, 0)] ?? 0;
    }
  }
  return bytes;
}

describe("unpack", () => {
  it.each([0, 1, 2, 300, 5_000, 70_000, 400_000])("gives back what was packed, of %i bytes", (length) => {
    for (const seed of length > 5000 ? [1] : [1, 2, 3]) {
      const bytes = sample(seed, length);
      expect(Buffer.compare(unpack(pack(bytes)), bytes)).toBe(0);
    }
  });

  it("makes something of whatever it is given, of the length that was said", () => {
    const packed = pack(sample(7, 3000));
    const next = numbers(9);
    for (let round = 0; round < 200; round++) {
      const damaged = new Uint8Array(packed.subarray(0, 9 + next(packed.length - 9)));
      for (let hit = 0; hit < 3; hit++) damaged[4 + next(damaged.length - 4)] = next(256);
      expect(unpack(damaged)).toHaveLength(3000);
    }
  });
});
