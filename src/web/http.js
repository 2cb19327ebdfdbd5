/**
 * HTTP of the driver: one request, and its answer as text, read as it comes and within a limit. It decides nothing: the
 * core says what is asked, and judges what came.
 */

/** Browsers let so many bytes outlive their page, of all its requests together: 64 KiB, and some for others. */
const MOST_KEPT_ALIVE = 48 * 1024;

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** An `If-None-Match` for another origin would need the server's permission. */
const isSameOrigin = (/** @type {string} */ url) => url.startsWith(`${globalThis.origin}/`);

/** @param {import("./http.js").HttpRequest} request */
function headersOf({ url, token, etag, headers }) {
  const all = new Headers();
  const set = (/** @type {string} */ name, /** @type {string} */ value) => {
    try {
      all.set(name, value);
    } catch {
      // What is no header is left out.
    }
  };
  if (token) set("authorization", `Bearer ${token}`);
  if (etag && isSameOrigin(url)) set("if-none-match", etag);
  // Those of the page are stronger than our own.
  for (const [name, value] of headers ?? []) set(name, value);
  return all;
}

/**
 * @param {import("./http.js").HttpRequest} request
 * @param {AbortSignal} signal
 * @returns {RequestInit}
 */
function initOf(request, signal) {
  // What is wanted is the state now, not what some cache remembers.
  const common = /** @type {const} */ ({ cache: "no-store", signal });
  // Whether a server answers at all: another origin need not permit that, and nobody reads the answer.
  if (request.isProbe) return { ...common, mode: "no-cors" };
  // Where a redirect leads, the token and the page's headers have no business.
  const direct = /** @type {const} */ ({ ...common, redirect: "manual", headers: headersOf(request) });
  const { body, isLast } = request;
  if (body === undefined) return direct;
  // It should reach the server even when the page is closed.
  const keepalive = !!isLast && new Blob([body]).size < MOST_KEPT_ALIVE;
  return { ...direct, method: "POST", body, keepalive };
}

/** `Retry-After`, seconds or a date, as milliseconds from now. @param {string | null} text */
function retryAfter(text) {
  if (!text) return undefined;
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return ms >= 0 ? ms : undefined;
}

/**
 * Reads a body; nothing of one that is too long.
 * @param {ReadableStream<Uint8Array>} body
 * @param {number} limit bytes
 */
async function textOf(body, limit) {
  const reader = body.getReader();
  // It replaces what is not UTF-8, and leaves a byte-order mark out.
  const decoder = new TextDecoder();
  let text = "";
  for (let left = limit; ;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    left -= value.length;
    if (left < 0) return undefined;
    text += decoder.decode(value, { stream: true });
  }
}

/**
 * @param {import("./http.js").HttpRequest} request
 * @param {AbortController} controller
 * @returns {Promise<import("./http.js").HttpAnswer>}
 */
async function answerTo(request, controller) {
  const response = await fetch(request.url, initOf(request, controller.signal));
  // That of an answer which this origin may not read is 0, like that of none.
  const status = Math.max(response.status, 1);
  // The browser follows none and hides it; Node shows it.
  if (REDIRECTS.has(status) || response.type === "opaqueredirect") {
    return { status, body: "", refusal: "redirect" };
  }
  const { headers, body } = response;
  const about = {
    status,
    etag: headers.get("etag") ?? undefined,
    retryAfterMs: retryAfter(headers.get("retry-after")),
  };
  const { limit } = request;
  const isTooLong = Number(headers.get("content-length")) > limit;
  const text = isTooLong ? undefined : body ? await textOf(body, limit) : "";
  if (text !== undefined) return { ...about, body: text };
  controller.abort();
  return { ...about, body: "", refusal: "tooLarge" };
}

/** @type {import("./http.js").startRequest} */
export function startRequest(request) {
  const controller = new AbortController();
  return {
    // Without an answer, or one that breaks off, the status is 0.
    answer: answerTo(request, controller).catch(() => ({ status: 0, body: "" })),
    abort: () => controller.abort(),
  };
}
