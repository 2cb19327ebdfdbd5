/** Variants of a wasm file, made by rewriting single sections of it. */

const HEADER = 8;
const CUSTOM = 0;
const MEMORY = 5;
/** Of a memory that says how far it may grow. */
const HAS_MAXIMUM = 1;

/** @typedef {{ id: number, body: Buffer }} Section */

/** An unsigned LEB128 number, and where it ends. @param {Buffer} bytes @param {number} at */
function readNumber(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes.readUInt8(at++);
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return { value, end: at };
  }
}

/** @param {number} value */
function writeNumber(value) {
  const bytes = [];
  while (value >= 0x80) {
    bytes.push((value % 0x80) + 0x80);
    value = Math.floor(value / 0x80);
  }
  return Buffer.of(...bytes, value);
}

/** @param {Buffer} wasm @returns {Section[]} */
function sectionsOf(wasm) {
  const sections = [];
  for (let at = HEADER; at < wasm.length;) {
    const id = wasm.readUInt8(at);
    const { value: size, end } = readNumber(wasm, at + 1);
    sections.push({ id, body: wasm.subarray(end, end + size) });
    at = end + size;
  }
  return sections;
}

/** @param {Buffer} wasm @param {readonly Section[]} sections */
const join = (wasm, sections) =>
  Buffer.concat([
    wasm.subarray(0, HEADER),
    ...sections.flatMap(({ id, body }) => [Buffer.of(id), writeNumber(body.length), body]),
  ]);

/** The same wasm, whose memory can grow by so many pages of 64 KiB and no more. @param {Buffer} wasm @param {number} pages */
export function withLittleMemory(wasm, pages) {
  const sections = sectionsOf(wasm).map(({ id, body }) => {
    if (id !== MEMORY) return { id, body };
    // One memory: its flags, and how large it is at first.
    const { value: initial } = readNumber(body, 2);
    const maximum = writeNumber(initial + pages);
    return { id, body: Buffer.concat([Buffer.of(1, HAS_MAXIMUM), writeNumber(initial), maximum]) };
  });
  return join(wasm, sections);
}

/** The same wasm with another content of a custom section. @param {Buffer} wasm @param {string} name @param {string} content */
export function withSection(wasm, name, content) {
  const head = Buffer.from([name.length, ...Buffer.from(name)]);
  const others = sectionsOf(wasm).filter(
    ({ id, body }) => id !== CUSTOM || !body.subarray(0, head.length).equals(head),
  );
  return join(wasm, [...others, { id: CUSTOM, body: Buffer.concat([head, Buffer.from(content)]) }]);
}
