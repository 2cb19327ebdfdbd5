/**
 * Packs the wasm for the download: LZMA, which pkg-template/src/lzma.ts unpacks in the browser. Python brings the
 * encoder; every machine that builds has it for the back-ends.
 */
import { spawnSync } from "node:child_process";

/** Which settings are best depends on the data; all are tried. */
const PACK = `
import lzma, sys
data = sys.stdin.buffer.read()
def packed(finder, nice):
    settings = {"id": lzma.FILTER_LZMA1, "preset": 9 | lzma.PRESET_EXTREME, "dict_size": 1 << 20,
                "lc": 3, "lp": 0, "pb": 0, "mf": finder, "nice_len": nice, "depth": 1000}
    return lzma.compress(data, format=lzma.FORMAT_RAW, filters=[settings])
tries = [packed(finder, nice) for finder in (lzma.MF_BT4, lzma.MF_BT3) for nice in (16, 32, 64, 128, 273)]
sys.stdout.buffer.write(len(data).to_bytes(4, "big") + min(tries, key=len))
`;

/** @param {Uint8Array} bytes @returns {Buffer} */
export function pack(bytes) {
  const { status, stdout, stderr, error } = spawnSync("python3", ["-c", PACK], {
    input: bytes,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status === 0) return stdout;
  const why = error ? error.message : String(stderr);
  throw new Error(
    `The wasm was not packed: ${why.trim()}\nIt takes Python 3 with its standard library (Debian: apt install python3).`,
  );
}
