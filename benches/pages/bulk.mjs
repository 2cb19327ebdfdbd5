/**
 * A table of tracks in React, told in one of four ways: by the client, by the client in a worker, by a state that is set
 * for each message, and by the last message of a hook, which an effect takes in. Counts what each way does.
 */
import { JobsClient } from "jobwire";
import { createElement, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";

/** @typedef {"client" | "worker" | "message" | "hook"} Way */
/** @typedef {Map<string | number, { status?: string | undefined }>} Tracks */

/**
 * Messages about tracks that came, and that were taken into the state: the client counts these itself. How often the
 * component was told, and rendered.
 */
const tally = { received: 0, taken: 0, told: 0, renders: 0 };
/** @type {Tracks} what was rendered last */
let shown = new Map();
/** @type {JobsClient | undefined} */
let client;

/** How many tracks have each status. @param {{ tracks: Tracks }} props */
function Summary({ tracks }) {
  tally.renders += 1;
  shown = tracks;
  /** @type {Record<string, number>} */
  const counts = {};
  for (const { status = "unknown" } of tracks.values()) counts[status] = (counts[status] ?? 0) + 1;
  return createElement("p", { id: "summary" }, JSON.stringify(counts));
}

/** @param {{ url: string, worker: boolean }} props */
function ByClient({ url, worker }) {
  const [tracks, setTracks] = useState(/** @returns {Tracks} */ () => new Map());
  useEffect(() => {
    client = new JobsClient({ url, protocol: "broadcast", worker });
    client.entities("track").subscribe((now) => {
      tally.told += 1;
      setTracks(/** @type {Tracks} */ (now));
    });
    return () => client?.close();
  }, [url, worker]);
  return createElement(Summary, { tracks });
}

/**
 * What a message says of a track.
 * @param {any} message of any envelope
 */
function readChange(message) {
  const name = message.type ?? message.event;
  const { trackId, newStatus } = message.data ?? message;
  return trackId === undefined
    ? undefined
    : { trackId, status: name === "track_enriched" ? "enriched" : newStatus };
}

/** @param {string} url @param {(message: any) => void} listener */
function listen(url, listener) {
  const socket = new WebSocket(url.replace("http", "ws"));
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (readChange(message)) tally.received += 1;
    listener(message);
  };
  return () => socket.close();
}

/** @param {Tracks} before @param {NonNullable<ReturnType<typeof readChange>>} change */
const taken = (before, { trackId, status }) => new Map(before).set(trackId, { status });

/** @param {{ url: string }} props */
function ByMessage({ url }) {
  const [tracks, setTracks] = useState(/** @returns {Tracks} */ () => new Map());
  useEffect(
    () =>
      listen(url, (message) => {
        const change = readChange(message);
        if (!change) return;
        tally.told += 1;
        tally.taken += 1;
        setTracks((before) => taken(before, change));
      }),
    [url],
  );
  return createElement(Summary, { tracks });
}

/** @param {{ url: string }} props */
function ByHook({ url }) {
  const [lastMessage, setLastMessage] = useState(/** @type {any} */ (null));
  const [tracks, setTracks] = useState(/** @returns {Tracks} */ () => new Map());
  useEffect(
    () =>
      listen(url, (message) => {
        if (readChange(message)) tally.told += 1;
        setLastMessage(message);
      }),
    [url],
  );
  useEffect(() => {
    const change = lastMessage && readChange(lastMessage);
    if (!change) return;
    tally.taken += 1;
    setTracks((before) => taken(before, change));
  }, [lastMessage]);
  return createElement(Summary, { tracks });
}

/** @type {Record<Way, (url: string) => import("react").ReactElement>} */
const WAYS = {
  client: (url) => createElement(ByClient, { url, worker: false }),
  worker: (url) => createElement(ByClient, { url, worker: true }),
  message: (url) => createElement(ByMessage, { url }),
  hook: (url) => createElement(ByHook, { url }),
};

const bulk = {
  /** @param {Way} way @param {string} url */
  show(way, url) {
    createRoot(document.body.appendChild(document.createElement("div"))).render(WAYS[way](url));
  },
  /** What was done so far, and how many tracks are shown as enriched. */
  async read() {
    const enriched = [...shown.values()].filter(({ status }) => status === "enriched").length;
    if (!client) return { ...tally, enriched };
    const rows = (await client.audit()).filter(({ event }) => /^track_/.test(event));
    const received = rows.reduce((sum, row) => sum + row.received, 0);
    const taken = rows.reduce((sum, row) => sum + row.received - row.invalid, 0);
    return { ...tally, received, taken, enriched };
  },
};
Object.assign(globalThis, { bulk });
