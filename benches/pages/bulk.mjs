/** A table of tracks in React: told by the client, or by a state that is set for each message. */
import { JobsClient } from "jobwire";
import { createElement, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";

/** How many tracks have each status. @param {{ tracks: Iterable<{ status?: string | undefined }> }} props */
function Summary({ tracks }) {
  /** @type {Record<string, number>} */
  const counts = {};
  for (const { status = "unknown" } of tracks) counts[status] = (counts[status] ?? 0) + 1;
  return createElement("p", { id: "summary" }, JSON.stringify(counts));
}

/** @param {{ url: string }} props */
function ByClient({ url }) {
  const [tracks, setTracks] = useState(() => new Map());
  useEffect(() => {
    const client = new JobsClient({ url, protocol: "broadcast" });
    client.entities("track").subscribe((now) => setTracks(/** @type {any} */ (now)));
    return () => client.close();
  }, [url]);
  return createElement(Summary, /** @type {any} */ ({ tracks: tracks.values() }));
}

/** @param {{ url: string }} props */
function ByMessage({ url }) {
  const [tracks, setTracks] = useState(() => new Map());
  useEffect(() => {
    const socket = new WebSocket(url.replace("http", "ws"));
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      const name = message.type ?? message.event;
      const { trackId, newStatus } = message.data ?? message;
      if (trackId === undefined) return;
      const status = name === "track_enriched" ? "enriched" : newStatus;
      setTracks((before) => new Map(before).set(trackId, { status }));
    };
    return () => socket.close();
  }, [url]);
  return createElement(Summary, /** @type {any} */ ({ tracks: tracks.values() }));
}

Object.assign(globalThis, {
  show(/** @type {"client" | "message"} */ way, /** @type {string} */ url) {
    const root = document.body.appendChild(document.createElement("div"));
    createRoot(root).render(createElement(way === "client" ? ByClient : ByMessage, { url }));
  },
});
