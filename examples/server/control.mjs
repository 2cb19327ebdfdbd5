/** Endpoints that break connections on purpose: for the demo's buttons and for tests. */
import { HttpError, sendJson } from "./responses.mjs";

/** @param {URL} url */
function isOn(url) {
  const on = url.searchParams.get("on") ?? "1";
  if (on !== "1" && on !== "0") throw new HttpError(400, "on takes 1 or 0.");
  return on === "1";
}

/**
 * @param {import("./jobs.mjs").JobStore} store
 * @param {import("./stream.mjs").Streams} streams
 * @param {number} heartbeatMs
 * @returns {import("./http.mjs").Route[]}
 */
export function controlRoutes(store, streams, heartbeatMs) {
  const state = () => ({
    heartbeatMs,
    refuse: streams.refusing,
    silence: streams.silent,
    sockets: streams.size,
    jobs: store.size,
    ...streams.counters,
  });
  return [
    {
      method: "GET",
      path: "/api/v1/_control/state",
      handle: ({ response }) => sendJson(response, 200, state()),
    },
    {
      method: "POST",
      path: "/api/v1/_control/cut",
      handle: ({ response }) => sendJson(response, 200, { closed: streams.cut() }),
    },
    {
      method: "POST",
      path: "/api/v1/_control/refuse",
      handle({ response, url }) {
        streams.refusing = isOn(url);
        sendJson(response, 200, state());
      },
    },
    {
      method: "POST",
      path: "/api/v1/_control/silence",
      handle({ response, url }) {
        streams.silence(isOn(url));
        sendJson(response, 200, state());
      },
    },
  ];
}
