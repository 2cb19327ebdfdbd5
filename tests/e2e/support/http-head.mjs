/** Just enough of HTTP/1.1 for the fault proxy: where a head ends, what it asks for, and `Connection: close`. */

const HEAD_END = Buffer.from("\r\n\r\n");
export const MAX_HEAD_BYTES = 64 * 1024;

/**
 * @param {Buffer} bytes
 * @returns {{ head: string, rest: Buffer } | null} null while the head is incomplete
 */
export function splitHead(bytes) {
  const at = bytes.indexOf(HEAD_END);
  if (at < 0) return null;
  const end = at + HEAD_END.length;
  return { head: bytes.toString("latin1", 0, end), rest: bytes.subarray(end) };
}

/** @param {string} head of a request */
export function readRequest(head) {
  const [method = "", target = ""] = head.split("\r\n", 1)[0]?.split(" ") ?? [];
  // The query may hold a token, which belongs in no counter.
  return {
    method,
    path: target.split("?")[0] ?? "",
    upgrade: /^upgrade:[ \t]*websocket[ \t]*\r?$/im.test(head),
  };
}

/** @param {string} head of a response */
export function readStatus(head) {
  return Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0);
}

/**
 * With one request a connection, each request meets the mode that holds when it is made.
 * @param {string} head of a request
 */
export function withConnectionClose(head) {
  const lines = head.split("\r\n").filter((line) => !/^(connection|keep-alive):/i.test(line));
  lines.splice(1, 0, "Connection: close");
  return lines.join("\r\n");
}
