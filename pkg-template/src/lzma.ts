/**
 * Unpacks LZMA, which makes the wasm a tenth smaller than the `deflate` that browsers unpack by themselves; the wasm is
 * most of what a page downloads. What is packed begins with its length in four bytes; the stream behind that has no
 * header, literal contexts 3 and position bits 0 (scripts/lib/pack.mjs).
 */

/** Where the probabilities of each decision begin. An enum, since its numbers take the place of its names. */
const enum Odds {
  Match = 0,
  Rep = 12,
  Rep0 = 24,
  Rep1 = 36,
  Rep2 = 48,
  Long = 60,
  Slot = 72,
  Far = 328,
  Align = 456,
  Length = 472,
  RepLength = 984,
  Literal = 1496,
}

/** Never reads or writes outside; of what is not whole it makes something that is no wasm. */
export function unpack(packed: Uint8Array): Uint8Array<ArrayBuffer> {
  const view = new DataView(packed.buffer, packed.byteOffset);
  const size = view.getUint32(0);
  const out = new Uint8Array(size);
  const odds = new Uint16Array(Odds.Literal + 0x300 * 8).fill(1024);
  let at = 9;
  let range = 2 ** 32 - 1;
  let code = view.getUint32(5);
  let [state, near, second, third, fourth] = [0, 0, 0, 0, 0];
  let end = 0;

  const shift = () => {
    if (range < 2 ** 24) {
      range *= 256;
      code = code * 256 + (packed[at++] ?? 0);
    }
  };
  const bit = (place: number): number => {
    const odd = odds[place] as number;
    const bound = (range >>> 11) * odd;
    const is = +(code >= bound);
    if (is) {
      range -= bound;
      code -= bound;
      odds[place] = odd - (odd >> 5);
    } else {
      range = bound;
      odds[place] = odd + ((2048 - odd) >> 5);
    }
    shift();
    return is;
  };
  const tree = (place: number, bits: number): number => {
    let node = 1;
    for (let left = bits; left--;) node = node * 2 + bit(place + node);
    return node - 2 ** bits;
  };
  const reversed = (place: number, bits: number): number => {
    let [node, value] = [1, 0];
    for (let n = 0; n < bits; n++) {
      const is = bit(place + node);
      node = node * 2 + is;
      value += is << n;
    }
    return value;
  };
  const length = (place: number): number =>
    !bit(place) ? tree(place + 2, 3) : !bit(place + 1) ? tree(place + 10, 3) + 8 : tree(place + 18, 8) + 16;

  while (end < size) {
    if (!bit(Odds.Match + state)) {
      const place = Odds.Literal + 0x300 * ((out[end - 1] ?? 0) >> 5);
      let node = 1;
      if (state > 6) {
        let like = out[end - near - 1] as number;
        let same = true;
        while (same && node < 256) {
          const expected = (like >> 7) & 1;
          like <<= 1;
          const is = bit(place + 256 + expected * 256 + node);
          node = node * 2 + is;
          same = is === expected;
        }
      }
      while (node < 256) node = node * 2 + bit(place + node);
      out[end++] = node;
      state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
      continue;
    }
    let count: number;
    if (bit(Odds.Rep + state)) {
      if (!bit(Odds.Rep0 + state)) {
        if (!bit(Odds.Long + state)) {
          state = state < 7 ? 9 : 11;
          out[end] = out[end++ - near - 1] as number;
          continue;
        }
      } else {
        let found = second;
        if (bit(Odds.Rep1 + state)) {
          found = third;
          if (bit(Odds.Rep2 + state)) {
            found = fourth;
            fourth = third;
          }
          third = second;
        }
        second = near;
        near = found;
      }
      count = length(Odds.RepLength);
      state = state < 7 ? 8 : 11;
    } else {
      [second, third, fourth] = [near, second, third];
      count = length(Odds.Length);
      state = state < 7 ? 7 : 10;
      const slot = tree(Odds.Slot + 64 * Math.min(count, 3), 6);
      near = slot;
      if (slot > 3) {
        const bits = (slot >> 1) - 1;
        near = (2 + (slot & 1)) << bits;
        if (slot < 14) near += reversed(Odds.Far + near - slot, bits);
        else {
          for (let left = bits; left-- > 4;) {
            range = Math.floor(range / 2);
            const is = +(code >= range);
            code -= is * range;
            near += is << left;
            shift();
          }
          near += reversed(Odds.Align, 4);
        }
      }
    }
    for (count += 2; count--; end++) out[end] = out[end - near - 1] as number;
  }
  return out;
}
