/** Sessions that the client leaves before it was really there: the server has none of them at the end. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { everywhere } from "./stage.mjs";

/** Longer than the client takes to leave, shorter than the servers take to miss a client: PING_TIMEOUT_MS. */
const SLOW = 300;

everywhere(
  (setting) => {
    const { browser, open } = setting;

    for (const [name, options] of /** @type {const} */ ([
      ["polling alone", { transports: ["polling"] }],
      ["polling before WebSocket", { transports: ["polling", "websocket"] }],
      ["WebSocket before polling", { transports: ["websocket", "polling"] }],
    ])) {
      it(`leaves no session behind with ${name}, however quickly it comes and goes`, async () => {
        const { server } = setting;
        const tab = await open(server, options);
        await tab.status("/echo", "open");
        for (const pause of [0, 5, 20, 50, 0, 100, 150, 10]) {
          await tab.page.evaluate(async (wait) => {
            window.client.disconnect();
            void window.client.connect().catch(() => {});
            await new Promise((resolve) => setTimeout(resolve, wait));
          }, pause);
        }
        await tab.page.evaluate(() => window.client.disconnect());
        await server.until(({ connections }) => connections.length === 0);
      });
    }

    it("leaves no session behind when its handshake is answered after the client is closed", async () => {
      const { server } = setting;
      await server.settings({ handshakeDelay: SLOW });
      const tab = await open(server, { transports: ["polling"] });
      await tab.page.evaluate(async (wait) => {
        void window.client.connect().catch(() => {});
        await new Promise((resolve) => setTimeout(resolve, wait));
        window.client.close();
      }, SLOW / 2);
      await new Promise((resolve) => setTimeout(resolve, 2 * SLOW));
      await server.settings({ handshakeDelay: 0 });
      await server.until(({ connections }) => connections.length === 0);
      assert.equal((await server.state()).connects.length, 0);
    });

    // Firefox does not always send what outlives its page; then a server notices by its heartbeat.
    if (browser === "chromium") {
      it("leaves no session behind when the page goes", async () => {
        const { server } = setting;
        const tab = await open(server, { transports: ["polling"] });
        await tab.status("/echo", "open");
        await tab.page.goto("about:blank");
        await server.until(({ connections }) => connections.length === 0);
      });
    }
  },
  // A server that misses a client in time would hide what the client does not say.
  { env: { PING_INTERVAL_MS: "30000", PING_TIMEOUT_MS: "30000" } },
);
