/** Makes malformed requests: the same seed gives the same ones, so that a failure can be repeated. */

/** @typedef {{ integer: (below: number) => number, pick: <T>(list: readonly T[]) => T, chance: (share: number) => boolean }} Random */

/**
 * A small generator of pseudo-random numbers (mulberry32).
 * @param {number} seed
 * @returns {Random}
 */
export function random(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    integer: (below) => Math.floor(next() * below),
    pick: (list) => /** @type {any} */ (list[Math.floor(next() * list.length)]),
    chance: (share) => next() < share,
  };
}

const METHODS = [
  "GET",
  "GET",
  "GET",
  "POST",
  "OPTIONS",
  "HEAD",
  "PUT",
  "get",
  "G\0T",
  "",
  "CONNECT",
  "A".repeat(300),
];

/** Request targets that have broken parsers of addresses and of paths, or that leave a folder. */
export const TARGETS = [
  "//",
  "///",
  "//:",
  "//[",
  "//[::1",
  "//@",
  "//a:b@c",
  "//127.0.0.1:99999/",
  "/\\",
  "\\",
  "*",
  "?",
  "#",
  "/?",
  "/??&&==",
  "/%",
  "/%zz",
  "/%c3%28",
  "/%00",
  "/\0",
  "/a\tb",
  "/..",
  "/../../../../etc/passwd",
  "/..%5c..%5c..%5c..%5cetc%5cpasswd",
  "/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
  "/%252e%252e%252f%252e%252e%252fetc%252fpasswd",
  "/..\\..\\..\\..\\etc\\passwd",
  "/....//....//etc/passwd",
  "//etc/passwd",
  "/%2fetc%2fpasswd",
  "/C:\\windows\\win.ini",
  "/file:///etc/passwd",
  "http://",
  "http://[",
  "http://a b/",
  "http://127.0.0.1:port/",
  "ws://",
  "http:///",
  "javascript:alert(1)",
  "/api/v1/jobs/%",
  "/api/v1/jobs/%00/stream",
  "/api/v1/jobs/__proto__",
  "/api/v1/jobs/constructor/stream",
  "/api/v1/stream?batch=%",
  "/api/v1/stream?token=%ff%fe",
  "/socket.io/?EIO=4&transport=websocket&sid=%00",
  "/socket.io/?EIO=9&transport=__proto__",
  "/socket.io/?EIO=4&transport=polling&b64=1&j=0",
  "/api/images_mvp/progress/%",
  "/ws",
  "/ws?token=" + "x".repeat(9_000),
  "/" + "a/".repeat(2_000),
  "/" + "%2e%2e%2f".repeat(500),
];

const VERSIONS = [
  "HTTP/1.1",
  "HTTP/1.1",
  "HTTP/1.1",
  "HTTP/1.0",
  "HTTP/2.0",
  "HTTP/9.9",
  "HTTP/1.1 x",
  "http/1.1",
  "",
];

/** @type {readonly (readonly [name: string, values: readonly string[]])[]} */
const FIELDS = [
  [
    "Host",
    ["127.0.0.1", "localhost", "", "//", "a:b:c", "[::1", "evil.example", "127.0.0.1:0", "\xff\xfe", "a,b"],
  ],
  ["Origin", ["null", "", "http://evil.example", "http://127.0.0.1", "http://[", "file://", "//", "\x80"]],
  ["Connection", ["Upgrade", "upgrade, keep-alive", "close", "", ",,,"]],
  ["Upgrade", ["websocket", "WebSocket", "h2c", "", "websocket, h2c", "\x01"]],
  ["Sec-WebSocket-Version", ["13", "8", "0", "-1", "13, 8", ""]],
  ["Sec-WebSocket-Key", ["dGhlIHNhbXBsZSBub25jZQ==", "", "x", "=".repeat(5_000)]],
  ["Sec-WebSocket-Protocol", ["", ",", "a,a", "token, x", "\xff"]],
  [
    "Sec-WebSocket-Extensions",
    ["permessage-deflate; server_max_window_bits=99", ";;", 'x; y="', "permessage-deflate, ,"],
  ],
  ["Content-Length", ["0", "-1", "1e3", "99999999999999999999", "10", "abc", "1, 2"]],
  ["Transfer-Encoding", ["chunked", "gzip", "chunked, chunked", "identity", "xchunked"]],
  [
    "Content-Type",
    ["", "multipart/form-data", "multipart/form-data; boundary=", "application/json; charset=\xff", "/"],
  ],
  ["Content-Encoding", ["gzip", "deflate", "x"]],
  ["Authorization", ["", "Bearer", "Bearer ", "Basic \xff", "bearer " + "x".repeat(5_000)]],
  ["Cookie", ["io=", "=;=;=", "io=" + "a".repeat(4_000)]],
  [
    "Range",
    ["bytes=-", "bytes=0-", "bytes=9-1", "bytes=" + "0-1,".repeat(500), "bytes=-99999999999999999999"],
  ],
  ["If-None-Match", ["*", '"', ",,,", "W/" + '"'.repeat(400)]],
  ["Expect", ["100-continue", "x"]],
  ["X-Filename", ["%", "%00", "..%2f..%2fx", "\xff", "a".repeat(4_000)]],
  ["Forwarded", ["for=evil.example;host=evil.example"]],
  ["X-Forwarded-Host", ["evil.example"]],
  ["", ["x", ""]],
  ["A b", ["c"]],
  ["__proto__", ["x"]],
];

const LINE_ENDS = ["\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\n", "\r", "\r\n ", "\0\r\n"];

/** @param {Random} chance @param {readonly string[]} targets */
function requestOf(chance, targets) {
  let text = `${chance.pick(METHODS)} ${chance.pick(targets)} ${chance.pick(VERSIONS)}${chance.pick(LINE_ENDS)}`;
  if (chance.chance(0.7)) text += "Host: 127.0.0.1\r\n";
  if (chance.chance(0.4)) {
    text +=
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  }
  for (let count = chance.integer(6); count > 0; count -= 1) {
    const [name, values] = chance.pick(FIELDS);
    text += `${name}: ${chance.pick(values)}${chance.pick(LINE_ENDS)}`;
  }
  text += "\r\n";
  if (chance.chance(0.2))
    text += chance.pick([
      "0\r\n\r\n",
      "ffffffffffffffff\r\n",
      "{",
      "\x81\xfe\xff\xff",
      "GET / HTTP/1.1\r\n\r\n",
    ]);
  return text;
}

/** Replaces, repeats, inserts or removes a few bytes. @param {Random} chance @param {Buffer} bytes */
function damaged(chance, bytes) {
  let changed = bytes;
  for (let count = chance.integer(4); count > 0; count -= 1) {
    const at = chance.integer(changed.length + 1);
    const to = Math.min(changed.length, at + chance.integer(8));
    const middle = chance.pick([
      Buffer.of(chance.integer(256)),
      Buffer.concat([changed.subarray(at, to), changed.subarray(at, to)]),
      Buffer.alloc(0),
      Buffer.from("\r\n"),
    ]);
    changed = Buffer.concat([changed.subarray(0, at), middle, changed.subarray(to)]);
  }
  return changed;
}

/**
 * Malformed requests: odd methods, targets, versions and headers, half of them with bytes damaged by chance.
 * @param {number} seed
 * @param {number} count
 * @param {readonly string[]} [targets] more request targets, of the server that is attacked
 * @returns {Generator<Buffer>}
 */
export function* malformedRequests(seed, count, targets = []) {
  const chance = random(seed);
  const all = [...TARGETS, ...targets];
  for (let index = 0; index < count; index += 1) {
    const bytes = Buffer.from(requestOf(chance, all), "latin1");
    yield chance.chance(0.5) ? damaged(chance, bytes) : bytes;
  }
}

/**
 * Requests in the right form, so that they get past the server's parser, with odd targets and headers.
 * @param {number} seed
 * @param {number} count
 * @param {readonly string[]} [targets] more request targets, of the server that is attacked
 * @returns {Generator<Buffer>}
 */
export function* oddRequests(seed, count, targets = []) {
  const chance = random(seed);
  const all = [...TARGETS, ...targets, ...targets].filter((target) => /^[!-~]+$/.test(target));
  const fields = FIELDS.filter(([name]) => /^[a-z-]+$/i.test(name) && !/^(?:host|origin)$/i.test(name));
  for (let index = 0; index < count; index += 1) {
    let text = `${chance.pick(["GET", "GET", "POST", "HEAD", "OPTIONS"])} ${chance.pick(all)} HTTP/1.1\r\n`;
    text += "Host: 127.0.0.1\r\n";
    if (chance.chance(0.3))
      text += "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
    for (let more = chance.integer(4); more > 0; more -= 1) {
      const [name, values] = chance.pick(fields);
      text += `${name}: ${chance.pick(values).replace(/[^\x20-\x7e\x80-\xff]/g, "")}\r\n`;
    }
    yield Buffer.from(`${text}\r\n`, "latin1");
  }
}
