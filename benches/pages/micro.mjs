/** Feeds the receive path without a network: a WebSocket class of our own dispatches real MessageEvents. */
import { JobsClient } from "jobwire";
import { createContender, createNotifyingContender } from "./contender.mjs";

const JOBS = 1000;
const BYTES = 179;
const HIGHEST = 9_999;

/** @type {FakeSocket | undefined} */
let newest;

class FakeSocket extends EventTarget {
  readyState = 0;
  binaryType = "blob";
  /** @type {Record<string, ((event: any) => void) | null>} */
  #handlers = {};

  constructor() {
    super();
    newest = this;
    queueMicrotask(() => {
      this.readyState = 1;
      this.dispatchEvent(new Event("open"));
    });
  }

  /** @param {string} type @param {((event: any) => void) | null} handler */
  #set(type, handler) {
    const old = this.#handlers[type];
    if (old) this.removeEventListener(type, old);
    this.#handlers[type] = handler;
    if (handler) this.addEventListener(type, handler);
  }
  set onopen(/** @type {any} */ handler) {
    this.#set("open", handler);
  }
  set onmessage(/** @type {any} */ handler) {
    this.#set("message", handler);
  }
  set onclose(/** @type {any} */ handler) {
    this.#set("close", handler);
  }
  send() {}
  close() {
    this.readyState = 3;
  }
}
Object.assign(globalThis, { WebSocket: FakeSocket });

const ids = Array.from({ length: JOBS }, (_, index) => `3f2a9c81-${String(index).padStart(4, "0")}`);
const head = { stage: "transcription", timestamp: "2026-11-20T10:00:00.000Z", attempt: 1 };

/** One event of exactly 179 bytes. @param {string} id @param {number} hundredths */
function eventText(id, hundredths) {
  const progress = hundredths / 100;
  const text = (/** @type {string} */ message) =>
    JSON.stringify({
      type: "progress",
      job_id: id,
      progress,
      stage: head.stage,
      message,
      timestamp: head.timestamp,
      attempt: 1,
    });
  const missing = BYTES - text("").length;
  return text("Transcribing the vocals, bar by bar".slice(0, missing).padEnd(missing, "."));
}

/**
 * @typedef {object} Side
 * @property {FakeSocket} socket
 * @property {number} events taken so far, of each job's sequence
 * @property {() => Promise<void>} check throws unless everything that was fed is there
 */

/** @param {(event: MessageEvent) => void} onmessage */
function plainSocket(onmessage) {
  const socket = new FakeSocket();
  socket.onmessage = onmessage;
  return socket;
}

/** Frames within which the last notification must have come. */
const PATIENCE = 300;

/** @param {boolean} followed whether somebody subscribes to every job, or the jobs are only stored */
async function jobwire(followed) {
  const client = new JobsClient({
    url: location.origin,
    protocol: "stream",
    path: "/api/v1/stream",
    worker: false,
  });
  if (followed) for (const id of ids) client.job(id).subscribe(() => (told += 1));
  // Keeps the shared socket without looking at any job.
  else client.on("heartbeat", () => {});
  await client.connect();
  const side = {
    socket: /** @type {FakeSocket} */ (newest),
    events: 0,
    async check() {
      const { counters } = await client.inspect();
      const { events, invalid, late, duplicates } = /** @type {Record<string, number>} */ (counters);
      if (events !== side.events || invalid || late || duplicates) {
        throw new Error(`fed ${side.events}, but the client counts ${JSON.stringify(counters)}`);
      }
      // On a busy machine notifications are spread over frames; the last one comes all the same.
      const isShown = () => client.job(ids[0] ?? "").current.progress === progressAfter(side.events);
      for (let frame = 0; followed && !isShown(); frame++) {
        if (frame === PATIENCE) throw new Error("a followed job is not where its last event left it");
        await new Promise(requestAnimationFrame);
      }
    },
  };
  return side;
}

/** @param {number} events */
const progressAfter = (events) => stepAt(events / JOBS - 1) / 100;

/** What the subscribers of a side count. */
let told = 0;
let counted = 0;
let rounds = 0;
let perRound = 0;

/** Progress only grows: news that is older than what is known would be cheaper. @param {number} step */
const stepAt = (step) => Math.floor((step * HIGHEST) / ((rounds * perRound) / JOBS));

/** @param {string} name @returns {Promise<Side>} */
async function createSide(name) {
  if (name === "jobwire") return jobwire(true);
  if (name === "jobwire-stored") return jobwire(false);
  if (name === "counter") {
    return { socket: plainSocket(() => (counted += 1)), events: 0, check: async () => {} };
  }
  const subscribed = createNotifyingContender();
  for (const id of ids) subscribed.subscribe(id, () => (told += 1));
  const contender = name === "zod" ? createContender() : subscribed;
  const side = {
    socket: plainSocket(contender.onmessage),
    events: 0,
    async check() {
      const last = contender.jobs.get(ids[0] ?? "");
      if (contender.refused() || last?.type !== "progress" || last.progress !== progressAfter(side.events)) {
        throw new Error(`${name} lost events`);
      }
    },
  };
  return side;
}

/** @type {Map<string, Side>} */
const sides = new Map();
/** @type {MessageEvent[]} */
let prepared = [];

/** A flat string of its own, as one that came over the network is. @param {string} text */
const fresh = (text) => new TextDecoder().decode(new TextEncoder().encode(text));

const micro = {
  /** @param {readonly string[]} names @param {number} roundsPlanned @param {number} events in each */
  async setUp(names, roundsPlanned, events) {
    rounds = roundsPlanned;
    perRound = events;
    for (const name of names) sides.set(name, await createSide(name));
  },

  /** Makes a round's frames. @param {string} name @param {{ size: number, binary: boolean }} frames */
  prepare(name, { size, binary }) {
    const side = /** @type {Side} */ (sides.get(name));
    const encoder = new TextEncoder();
    prepared = [];
    for (let at = 0; at < perRound; at += size) {
      const texts = [];
      for (let index = at; index < at + size; index += 1) {
        const number = side.events + index;
        texts.push(eventText(/** @type {string} */ (ids[number % JOBS]), stepAt(Math.floor(number / JOBS))));
      }
      const text = size === 1 ? (texts[0] ?? "") : `[${texts.join(",")}]`;
      const data = binary ? encoder.encode(text).buffer : fresh(text);
      prepared.push(new MessageEvent("message", { data }));
    }
    side.events += perRound;
    return prepared.length;
  },

  /**
   * Dispatches them: so many frames a task, task after task, or every `pause` ms; then waits until all is told.
   * @param {string} name
   * @param {{ perTask: number, pause: number }} feeding
   */
  async run(name, { perTask, pause }) {
    const { socket } = /** @type {Side} */ (sides.get(name));
    const { port1, port2 } = new MessageChannel();
    let at = 0;
    await new Promise((resolve) => {
      const turn = () => {
        const end = Math.min(at + perTask, prepared.length);
        while (at < end) socket.dispatchEvent(/** @type {MessageEvent} */ (prepared[at++]));
        if (at === prepared.length) resolve(undefined);
        else if (pause > 0) setTimeout(turn, pause);
        else port2.postMessage(0);
      };
      port1.onmessage = turn;
      port2.postMessage(0);
    });
    port1.close();
    // What is gathered is handed over within the next frames.
    for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame);
    prepared = [];
  },

  /** @param {string} name */
  check: (name) => sides.get(name)?.check(),
  bytes: () => eventText(ids[0] ?? "", 1234).length,
  told: () => told,
};

Object.assign(globalThis, { micro });
