/** Takes the embedded server's load in through a real WebSocket, in one of three ways. */
import { JobsClient } from "jobwire";
import { createNotifyingContender } from "./contender.mjs";

let events = 0;
let ended = 0;
/** @type {number[]} */
const longTasks = [];
const observer = new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) longTasks.push(duration);
});

/** @type {() => void} */
let close = () => {};

/** @param {string} server */
const address = (server) => `${server.replace(/^http/, "ws")}/api/v1/stream`;

/** @param {string} server @param {(event: MessageEvent) => void} onmessage */
function open(server, onmessage) {
  const socket = new WebSocket(address(server));
  socket.onmessage = onmessage;
  close = () => socket.close();
  return new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error("the socket did not open"));
  });
}

/** @type {Record<string, (server: string, ids: readonly string[]) => Promise<unknown>>} */
const ways = {
  counter: (server) => open(server, () => (events += 1)),
  zod(server, ids) {
    const contender = createNotifyingContender();
    for (const id of ids) contender.subscribe(id, ({ type }) => (ended += Number(type === "completed")));
    return open(server, (event) => {
      events += 1;
      contender.onmessage(event);
    });
  },
  async jobwire(server, ids) {
    const client = new JobsClient({
      url: server,
      protocol: "stream",
      path: "/api/v1/stream",
      worker: false,
      // The others read no job over HTTP either.
      polling: false,
    });
    close = () => client.close();
    for (const id of ids) client.job(id).subscribe(({ status }) => (ended += Number(status === "completed")));
    await client.connect();
    counter = async () => Number((await client.inspect()).counters?.["events"]);
  },
};

let counter = async () => events;

Object.assign(globalThis, {
  sockets: {
    /** @param {string} way @param {string} server @param {readonly string[]} ids */
    async begin(way, server, ids) {
      observer.observe({ type: "longtask" });
      await ways[way]?.(server, ids);
    },
    events: () => counter(),
    ended: () => ended,
    longTasks: () => longTasks,
    close: () => close(),
  },
});
