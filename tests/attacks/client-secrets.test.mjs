/// <reference path="./pages/window.d.ts" />
/** A server that repeats the client's token wherever it can: nothing that the client says of itself has it. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { useStage } from "../e2e/stage.mjs";
import { openPage } from "../e2e/support/browser.mjs";
import { serveHostilePages } from "./support/hostile-client.mjs";
import { HostileServer, optionsFor } from "./support/hostile-server.mjs";

const TOKEN = "s3cret+token";
const WAIT_MS = 30_000;

/** As servers may repeat it. */
const FORMS = [TOKEN, encodeURIComponent(TOKEN), Buffer.from(TOKEN).toString("base64")];

/** Opens a client, and follows a job. Runs in the page. @param {any} options @param {string | undefined} token */
async function begin(options, token) {
  const { JobsClient } = /** @type {any} */ (await import(/** @type {any} */ ("/pkg/index.js")));
  const page = /** @type {any} */ (window);
  page.said = [];
  const note = (/** @type {unknown} */ what) => page.said.push(JSON.stringify(what));
  page.client = new JobsClient({ ...options, ...(token && { token: () => token }), logger: note });
  page.client.connection.subscribe(note);
  page.client.on("invalid", note);
  page.client.job("a").subscribe(() => {});
  await page.client.connect();
}

/** All that the client has said of itself. Runs in the page. */
async function sayAll() {
  const { client, said } = /** @type {any} */ (window);
  return [...said, JSON.stringify([await client.inspect(), await client.audit()])].join("\n");
}

describe("a server that repeats the client's token", () => {
  const stage = useStage();
  /** @type {Awaited<ReturnType<typeof serveHostilePages>>} */
  let pages;
  before(async () => {
    pages = await serveHostilePages();
  });
  after(() => pages.close());

  for (const where of /** @type {const} */ (["page", "worker", "tab beside the leader's"])) {
    it(`does not bring the client to repeat it, in the ${where}`, async () => {
      const server = await new HostileServer("stream").listen();
      const options = {
        ...optionsFor("stream", server.url),
        ...(where === "worker" && { worker: true }),
        ...(where.startsWith("tab") && { shareAcrossTabs: "user 1" }),
      };
      const browser = await stage.browser("chromium");
      /** @type {Awaited<ReturnType<typeof openPage>>[]} */
      const tabs = [];
      const open = async () => {
        const tab = await openPage(browser, `${pages.url}/hostile.html`);
        tabs.push(tab);
        await tab.page.evaluate(begin, options, TOKEN);
        return tab.page;
      };
      try {
        await open();
        const page = where.startsWith("tab") ? await open() : /** @type {any} */ (tabs[0]).page;
        for (const form of FORMS) {
          await server.send([
            `not JSON, but <${form}>`,
            server.dialect.event(`<${form}>`, { n: 1 }),
            server.dialect.running("a", { progress: `<${form}>` }),
          ]);
        }
        for (const socket of server.sockets) socket.close(1011, `the token <${TOKEN}> is of no use`);
        await page.waitForFunction(() => /** @type {any} */ (window).said.join().includes("of no use"), {
          timeout: WAIT_MS,
          polling: 50,
        });
        const said = await page.evaluate(sayAll);
        assert.ok(said.includes("<***>"), said);
        for (const form of FORMS) assert.ok(!said.includes(form), `${form} in ${said}`);
      } finally {
        for (const tab of tabs) await tab.close();
        await server.close();
      }
    });
  }
});
