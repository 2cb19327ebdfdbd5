/// <reference path="../pages/window.d.ts" />
/** What a hostile server does to a client: sizes, counts, floods, redirects, and answers that never end. */
import { pour } from "./hostile-server.mjs";

/** @typedef {import("./hostile-client.mjs").Attack} Attack */
/** @typedef {import("./hostile-client.mjs").Scene} Scene */
/** @typedef {import("./hostile-server.mjs").Protocol} Protocol */

const MIB = 1 << 20;
/** @type {readonly Protocol[]} */
const ALL = ["stream", "broadcast", "socket.io"];
const DAY = 86_400_000;
/** How long a flood lasts at most, ms: what a slow machine has not taken by then it is spared. */
const LONG = 15_000;
const SHORT = 3000;

/** @param {number} ms */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * @param {number} count
 * @param {(number: number) => string | Buffer} make
 */
function* times(count, make) {
  for (let number = 0; number < count; number++) yield make(number);
}

/** Messages as frames; with `broadcast` a thousand in one. @param {Scene} scene @param {number} count @param {(number: number) => string} make */
function* packed({ protocol }, count, make) {
  if (protocol !== "broadcast") return yield* times(count, make);
  for (let from = 0; from < count; from += 1000)
    yield `[${[...times(1000, (at) => make(from + at))].join(",")}]`;
}

/** Has the client read a job over HTTP, and awaits what becomes of it. @param {Scene} scene @param {number} ms */
async function read({ page }, ms) {
  await page.evaluate(async (limit) => {
    const refreshed = window.client
      .job("bad")
      .refresh()
      .catch(() => {});
    await Promise.race([refreshed, new Promise((resolve) => setTimeout(resolve, limit))]);
  }, ms);
}

/** What the page knows of the job that was read. @param {Scene} scene */
const badJob = ({ page }) =>
  page.evaluate(() => {
    const { status, resultUrl, unsafeResultUrl } = window.client.job("bad").current;
    return { status, resultUrl, unsafeResultUrl };
  });

const SECRET = "a-secret-of-the-page";
/** Socket.IO by long-polling alone. */
const BY_POLLING = { transports: ["polling"] };
const withSecret = () => ({ secretHeaders: { "X-Secret": SECRET } });

/** An answer at another origin that says what it likes. @param {Scene} scene @param {string} body */
function redirect({ server, other }, body) {
  server.answer = ({ url = "" }, response) => {
    response.writeHead(307, { Location: other.url + url }).end();
  };
  other.answer = (_, response) => {
    response.writeHead(200, { "Content-Type": "application/json" }).end(body);
  };
}

/** What reached the other origin. @param {Scene} scene */
const leaked = ({ other }) => ({
  requestsElsewhere: other.requests.length,
  secretElsewhere: other.requests.some(({ headers }) => headers["x-secret"] === SECRET),
});

const FOREIGN = JSON.stringify({
  job_id: "bad",
  id: "bad",
  status: "completed",
  result_url: "https://elsewhere.test/",
});

/** Awaits that the client tells of a bound that was reached: it does so once a second. @param {Scene} scene */
const untilBounded = ({ page }) =>
  page
    .waitForFunction(() => Number(window.logs["bounded"]) > 0, { timeout: 2 * LONG, polling: 100 })
    // That it did not is seen in the logs.
    .catch(() => {});

/**
 * Sends so many messages that the client tells of a bound, and goes on for a while.
 * @param {Scene} scene
 * @param {Generator<string | Buffer>} messages
 */
async function floodBeyondBounds(scene, messages) {
  let isBounded = false;
  const bounded = untilBounded(scene).finally(() => (isBounded = true));
  // A loop that ends early would end the generator.
  const rest = { next: () => messages.next(), [Symbol.iterator]: () => rest };
  await scene.server.send(rest, { forMs: LONG });
  while (!isBounded) await scene.server.send(rest, { forMs: SHORT });
  await bounded;
}

/** @type {readonly Attack[]} */
const sizes = [
  {
    name: "100 texts of 4 MB",
    protocols: ALL,
    async run(scene) {
      const { server } = scene;
      const message = "x".repeat(4e6);
      await server.send(
        times(100, (number) => server.dialect.running(`job ${number}`, { message })),
        { forMs: LONG },
      );
      await untilBounded(scene);
    },
  },
  {
    name: "50 ids, stages and names of 1 MB each",
    protocols: ALL,
    async run({ server, page }) {
      await page.evaluate(() => void window.client.onAny(() => {}));
      const giant = "x".repeat(1e6);
      const { dialect } = server;
      const makers = [
        (/** @type {number} */ number) => dialect.running(giant + number),
        (/** @type {number} */ number) => dialect.running(`job ${number}`, { stage: giant, message: giant }),
        (/** @type {number} */ number) => dialect.event(giant + number, { n: 1 }),
      ];
      for (const make of makers) await server.send(times(50, make), { forMs: LONG });
    },
  },
  {
    name: "a read of 400 MB",
    protocols: ALL,
    async run(scene) {
      scene.server.answer = (_, response) =>
        pour(scene.server, response, { first: '{"status":"running","job_id":"bad","x":1', bytes: 400 * MIB });
      await read(scene, 12_000);
    },
    facts: async ({ server }) => ({ megabytesRead: Math.round(server.bytesSent / MIB) }),
  },
  {
    name: "a read that never ends",
    protocols: ALL,
    async run(scene) {
      scene.server.answer = (_, response) => pour(scene.server, response, { first: "{", bytes: Infinity });
      await read(scene, 8000);
      scene.server.answer = undefined;
    },
    facts: async ({ server }) => ({ megabytesRead: Math.round(server.bytesSent / MIB) }),
  },
  {
    name: "a poll of 400 MB",
    protocols: ["socket.io"],
    offline: true,
    options: () => BY_POLLING,
    async run({ server, page }) {
      server.answer = (_, response) => pour(server, response, { first: "0{", bytes: 400 * MIB });
      await page.evaluate(() => void window.client.connect().catch(() => {}));
      await pause(6000);
      await page.evaluate(() => window.client.disconnect());
    },
    facts: async ({ server }) => ({
      megabytesRead: Math.round(server.bytesSent / MIB),
      answers: server.requests.length,
    }),
  },
];

/** @type {readonly Attack[]} */
const redirects = [
  {
    name: "a read redirected to another origin",
    protocols: ALL,
    options: withSecret,
    async run(scene) {
      redirect(scene, FOREIGN);
      await scene.page.evaluate(() => void window.client.job("bad").subscribe(() => {}));
      await read(scene, 3000);
    },
    facts: async (scene) => ({ ...leaked(scene), ...(await badJob(scene)) }),
  },
  {
    name: "polling redirected to another origin",
    protocols: ["socket.io"],
    offline: true,
    options: () => ({ ...withSecret(), ...BY_POLLING }),
    async run(scene) {
      redirect(scene, '0{"sid":"elsewhere","upgrades":[],"pingInterval":25000,"pingTimeout":20000}');
      await scene.page.evaluate(() => void window.client.connect().catch(() => {}));
      await pause(3000);
      await scene.page.evaluate(() => window.client.disconnect());
    },
    facts: async (scene) => leaked(scene),
  },
  {
    name: "addresses of results that are scripts",
    protocols: ALL,
    async run({ server, page }) {
      await page.evaluate(() => void window.client.job("bad").subscribe(() => {}));
      await server.send([server.dialect.completed("bad", { result_url: "javascript:alert(1)" })]);
      await server.send([server.dialect.completed("data", { result_url: "data:text/html,<script>" })]);
      await page.waitForFunction(() => window.client.job("bad").current.status === "completed");
    },
    async facts(scene) {
      const schemes = await scene.page.evaluate(() =>
        window.client.jobs().current.map((/** @type {any} */ job) => job.resultUrl ?? "-"),
      );
      return { ...(await badJob(scene)), schemes };
    },
  },
];

/** @type {readonly Attack[]} */
const counts = [
  {
    name: "a million jobs",
    protocols: ALL,
    async run(scene) {
      const { server, protocol } = scene;
      const count = protocol === "broadcast" ? 1e6 : 100_000;
      await floodBeyondBounds(
        scene,
        packed(scene, count, (number) => server.dialect.running(`job ${number}`)),
      );
    },
  },
  {
    name: "a million names of events",
    protocols: ALL,
    async run(scene) {
      const { server, page, protocol } = scene;
      await page.evaluate(() => void window.client.onAny(() => {}));
      const count = protocol === "broadcast" ? 1e6 : 100_000;
      await floodBeyondBounds(
        scene,
        packed(scene, count, (number) => server.dialect.event(`name ${number}`, { number })),
      );
    },
  },
  {
    name: "a million tracks with members",
    protocols: ["broadcast"],
    async run(scene) {
      await scene.page.evaluate(() => void window.client.entities("track").subscribe(() => {}));
      const make = (/** @type {number} */ number) =>
        scene.server.dialect.event("track_enriched", {
          track_id: `track ${number}`,
          [`member${number % 50}`]: "x".repeat(100),
        });
      await scene.server.send(packed(scene, 1e6, make), { forMs: LONG });
    },
  },
  {
    name: "10,000 ends at once",
    protocols: ALL,
    async run(scene) {
      const { server, page, protocol } = scene;
      const ends = [...times(10_000, (number) => server.dialect.completed(`job ${number}`))].map(String);
      await server.send(protocol === "broadcast" ? [`[${ends.join(",")}]`] : ends);
      await page
        .waitForFunction(
          () =>
            window.client.jobs().current.filter((/** @type {any} */ job) => job.status === "completed")
              .length >= 10_000,
          { timeout: 2 * LONG, polling: 100 },
        )
        // That it did not is seen in the facts.
        .catch(() => {});
    },
    facts: async ({ page }) => ({
      completed: await page.evaluate(
        () =>
          window.client.jobs().current.filter((/** @type {any} */ job) => job.status === "completed").length,
      ),
    }),
  },
  {
    name: "three seconds of frames as fast as they go",
    protocols: ALL,
    async run({ server, page }) {
      await page.evaluate(() => void window.client.onAny(() => {}));
      const make = (/** @type {number} */ number) =>
        server.dialect.running(`job ${number % 100}`, { progress: number % 100 });
      await server.send(times(1e9, make), { forMs: SHORT });
    },
  },
];

/** @type {readonly Attack[]} */
const sockets = [
  {
    name: "events that want 100,000 acknowledgements, and as many that nobody asked for",
    protocols: ["socket.io"],
    async run({ server, page }) {
      await page.evaluate(() => void window.client.onAny(() => {}));
      await server.send(
        times(100_000, (number) => `42${number}["question",${number}]`),
        { forMs: SHORT },
      );
      await server.send(
        times(100_000, (number) => `43${number}[]`),
        { forMs: SHORT },
      );
    },
  },
  {
    name: "100,000 namespaces that nobody asked for",
    protocols: ["socket.io"],
    run: async ({ server }) => {
      await server.send(
        times(100_000, (number) => `40/n${number},{"sid":"${number}"}`),
        { forMs: SHORT },
      );
      await server.send(
        times(100_000, (number) => `42/n${number},["x"]`),
        { forMs: SHORT },
      );
    },
  },
  {
    name: "attachments that never come, come unasked, or are giant",
    protocols: ["socket.io"],
    async run({ server }) {
      const event = (/** @type {number} */ count) =>
        `45${count}-["x",${[...times(Math.min(count, 12), (num) => `{"_placeholder":true,"num":${num}}`)].join(",")}]`;
      await server.send(times(5000, (number) => event(1 + (number % 10))));
      await server.send([event(999_999)]);
      await server.send(times(5000, () => Buffer.alloc(1000)));
      const giant = Buffer.alloc(16 * MIB);
      for (let round = 0; round < 4; round++)
        await server.send([event(10), ...times(10, () => giant)], { forMs: SHORT });
    },
  },
  {
    name: "a read that comes drop by drop",
    protocols: ALL,
    async run(scene) {
      scene.server.answer = (_, response) => {
        response.writeHead(200, { "Content-Type": "application/json" });
        const drip = setInterval(() => response.write(" "), 100);
        response.on("close", () => clearInterval(drip));
      };
      await read(scene, 12_000);
      scene.server.answer = undefined;
    },
  },
  {
    name: "a socket that the server does not read",
    protocols: ALL,
    options: () => ({ queue: { maxItems: 2000, maxBytes: 16 * MIB, maxAge: DAY } }),
    async run({ server, page }) {
      for (const socket of server.webSockets.clients) socket.pause();
      await page.evaluate(async () => {
        for (let number = 0; number < 1000; number++) {
          window.client.send("big", { job_id: "a", text: "x".repeat(65_536) }).catch(() => {});
          if (number % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
        }
      });
    },
    facts: async ({ page }) => ({
      megabytesInTheSocket: (await page.evaluate(() => window.mostBuffered)) / MIB,
    }),
  },
];

/** @type {readonly Attack[]} */
export const attacks = [...sizes, ...redirects, ...counts, ...sockets];
