/**
 * The client in a real Chromium against an HTTP server that answers without an end, with more than a page has room for,
 * and with redirects to somebody else.
 */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { afterEach, before, describe, it } from "node:test";
import { useStage } from "../e2e/stage.mjs";
import { openPage } from "../e2e/support/browser.mjs";

const MIB = 2 ** 20;

const CORS = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Headers": "authorization, x-tenant",
  "Access-Control-Max-Age": "600",
};

/**
 * A server on loopback that answers as a test says, and knows what it was asked and how much it got rid of.
 * @param {(request: import("node:http").IncomingMessage, response: import("node:http").ServerResponse) => void} answer
 */
async function startServer(answer) {
  /** @type {{ url: string, headers: import("node:http").IncomingHttpHeaders }[]} */
  const asked = [];
  let written = 0;
  const server = createServer((request, response) => {
    if (request.method === "OPTIONS") return response.writeHead(204, CORS).end();
    asked.push({ url: request.url ?? "", headers: request.headers });
    response.on("close", () => (written += response.socket?.bytesWritten ?? 0));
    answer(request, response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    /** Bytes of the answers that are over. */
    written: () => written,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Sends spaces for as long as somebody takes them. @param {import("node:http").ServerResponse} response */
function sendWithoutEnd(response) {
  const piece = Buffer.alloc(64 * 1024, " ");
  const go = () => {
    while (!response.destroyed && response.write(piece));
    response.once("drain", go);
  };
  go();
}

/**
 * Runs in the page: reads a job once, and says what came of it.
 * @param {any} options
 */
async function read(options) {
  const { JobsClient } = await import(/** @type {string} */ ("/pkg/index.js"));
  /** @type {string[]} */
  const logs = [];
  const { headers, ...rest } = options;
  const client = new JobsClient({
    ...rest,
    token: "s3cret-token",
    polling: { url: "/job/{id}", headers: () => headers },
    logger: (/** @type {any} */ { code }) => logs.push(code),
  });
  try {
    await client.job("j").refresh();
    return { code: "none", message: "", remedy: "", logs };
  } catch (error) {
    const { code, message, remedy } = /** @type {any} */ (error);
    return { code, message, remedy, logs };
  } finally {
    client.close();
  }
}

describe("a hostile HTTP server", () => {
  const stage = useStage();
  /** @type {Awaited<ReturnType<typeof startServer>>[]} */
  const servers = [];
  /** @type {import("puppeteer-core").Page} */
  let page;

  before(async () => {
    ({ page } = await openPage(await stage.browser("chromium"), `${stage.pages}/client.html`));
  });
  afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

  /** @param {Parameters<typeof startServer>[0]} answer */
  async function serve(answer) {
    const server = await startServer(answer);
    servers.push(server);
    return server;
  }

  /** @param {{ url: string }} server @param {object} [options] */
  const readFrom = ({ url }, options) =>
    page.evaluate(read, { url, protocol: "stream", headers: { "x-tenant": "seven" }, ...options });

  it("that never ends an answer is taken in up to a limit", async () => {
    const server = await serve((_, response) => {
      response.writeHead(200, { ...CORS, "Content-Type": "application/json" });
      sendWithoutEnd(response);
    });
    const { code, message, logs } = await readFrom(server);
    assert.deepEqual([code, message], ["protocol", "The server's answer is too large."]);
    assert.ok(logs.includes("too-large"), logs.join(" "));
    // What buffers of the network hold is more than what the page took.
    assert.ok(server.written() < 64 * MIB, `${server.written()} bytes`);
  });

  it("that announces 400 MB is not listened to", async () => {
    const server = await serve((_, response) => {
      response.writeHead(200, { ...CORS, "Content-Length": String(400 * MIB) });
      sendWithoutEnd(response);
    });
    const { message } = await readFrom(server);
    assert.equal(message, "The server's answer is too large.");
    assert.ok(server.written() < 64 * MIB, `${server.written()} bytes`);
  });

  for (const status of [301, 302, 303, 307, 308]) {
    it(`that redirects with ${status} sends neither token nor headers to anybody, and nobody is believed`, async () => {
      const other = await serve((_, response) => {
        response.writeHead(200, { ...CORS, "Content-Type": "application/json" });
        response.end(JSON.stringify({ job_id: "j", status: "completed", progress: 100 }));
      });
      const server = await serve((_, response) => {
        response.writeHead(status, { ...CORS, Location: `${other.url}/job/j` }).end();
      });
      const { code, message, remedy } = await readFrom(server);
      assert.equal(code, "protocol");
      assert.match(message, /redirect, which is not followed/);
      assert.match(remedy, /`polling.url`/);
      assert.deepEqual(other.asked, []);
      assert.ok(server.asked.some(({ headers }) => headers["x-tenant"] === "seven"));
    });
  }

  it("that redirects long-polling is not followed either", async () => {
    const other = await serve((_, response) => response.writeHead(200, CORS).end("0{}"));
    const server = await serve((_, response) => {
      response.writeHead(307, { ...CORS, Location: `${other.url}/socket.io/` }).end();
    });
    const message = await page.evaluate(async (url) => {
      const { JobsClient } = await import(/** @type {string} */ ("/pkg/index.js"));
      const client = new JobsClient({
        url,
        protocol: "socket.io",
        transports: ["polling"],
        token: "s3cret-token",
        tokenIn: "query",
        reconnect: { attempts: 1, baseDelay: 10 },
      });
      const failed = await client.connect().catch((/** @type {Error} */ error) => error.message);
      client.close();
      return failed;
    }, server.url);
    assert.match(String(message), /redirect, which is not followed/);
    assert.deepEqual(other.asked, []);
  });
});
