/** What the scenarios share: both servers, both browsers, and pages with a client. */
import { after, afterEach, before, describe } from "node:test";
import { fileURLToPath } from "node:url";
import { launchBrowser, openPage } from "../e2e/support/browser.mjs";
import { servePages } from "../e2e/support/pages.mjs";
import { createFaultProxy } from "../e2e/support/proxy.mjs";
import { startRelay } from "./support/relay.mjs";
import { KINDS, startServer } from "./support/servers.mjs";
import { Tab } from "./support/tab.mjs";

/** @typedef {import("./support/servers.mjs").Kind} Kind */
/** @typedef {import("./support/servers.mjs").ConformanceServer} ConformanceServer */
/** @typedef {import("../e2e/support/browser.mjs").BrowserName} BrowserName */
/** @typedef {import("../e2e/support/browser.mjs").TestPage} TestPage */

const BROWSERS = /** @type {const} */ (["chromium", "firefox"]);
const PAGES = fileURLToPath(new URL("pages", import.meta.url));

/** Everything that takes seconds in production takes a moment here. */
const FAST = {
  namespace: "/echo",
  reconnect: { attempts: 100, baseDelay: 50, maxDelay: 200, minUptime: 100 },
  heartbeat: { timeout: 2000 },
  pool: { linger: 50 },
};

/**
 * Where a scenario plays: one kind of server, one browser.
 * @typedef {object} Setting
 * @property {Kind} kind
 * @property {BrowserName} browser
 * @property {ConformanceServer} server
 * @property {(env: Record<string, string>) => Promise<ConformanceServer>} special a server of that kind with settings
 *   of its own
 * @property {(where: { url: string }, options?: object) => Promise<Tab>} open a page whose client goes there
 * @property {(server?: { url: string }) => ReturnType<typeof createFaultProxy>} proxy fails as networks fail
 * @property {(server?: { url: string }) => ReturnType<typeof startRelay>} relay knows frames
 */

// Browsers take seconds to start: all scenarios of a file share them.
/** @type {ReturnType<typeof servePages> | undefined} */
let pages;
/** @type {Map<BrowserName, ReturnType<typeof launchBrowser>>} */
const browsers = new Map();
/** One page of each browser, for one test after the other. @type {Map<BrowserName, TestPage>} */
const reused = new Map();

after(async () => {
  await Promise.all([...browsers.values()].map(async (browser) => (await browser).close()));
  await (await pages)?.close();
});

/**
 * A page without a client, which has nothing from the test before.
 * @param {BrowserName} name
 */
async function emptyPage(name) {
  // Pages that may not be stored are kept out of the back/forward cache.
  pages ??= servePages({ pages: PAGES, headers: { "Cache-Control": "no-cache" } });
  const url = `${(await pages).url}/client.html`;
  const used = reused.get(name);
  if (used && !used.page.isClosed()) {
    await used.page.goto(url);
    used.console = [];
    used.errors = [];
    return used;
  }
  const browser = browsers.get(name) ?? launchBrowser(name);
  browsers.set(name, browser);
  const page = await openPage(await browser, url);
  reused.set(name, page);
  return page;
}

/**
 * Plays scenarios on both servers and in both browsers.
 * @param {(setting: Setting) => void} scenarios
 * @param {{ kinds?: readonly Kind[], env?: Record<string, string> }} [options] settings of the servers: README.md
 */
export function everywhere(scenarios, { kinds = KINDS, env = {} } = {}) {
  /** What a test opened; it goes when the test does, the last thing first. @type {(() => Promise<unknown>)[]} */
  const opened = [];

  for (const kind of kinds) {
    describe(`the ${kind} server`, () => {
      /** @type {ConformanceServer} */
      let server;
      /** By their settings. @type {Map<string, Promise<ConformanceServer>>} */
      const specials = new Map();
      before(async () => {
        server = await startServer(kind, env);
      });
      afterEach(async () => {
        // Whatever one of them comes to, the others go too.
        for (const end of opened.splice(0).reverse()) await end().catch(() => {});
        await (server.backend.running ? server.forget() : server.backend.start());
      });
      after(async () => {
        const started = await Promise.allSettled(specials.values());
        const others = started.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
        await Promise.all([server, ...others].map(({ backend }) => backend.kill()));
      });

      for (const browser of BROWSERS) {
        describe(browser, () =>
          scenarios({
            kind,
            browser,
            get server() {
              return server;
            },
            async special(settings) {
              const key = JSON.stringify(settings);
              const starting = specials.get(key) ?? startServer(kind, { ...env, ...settings });
              specials.set(key, starting);
              const special = await starting;
              opened.push(() => special.forget());
              return special;
            },
            async open({ url }, options) {
              const tab = new Tab(await emptyPage(browser));
              opened.push(() => tab.end());
              await tab.begin({ ...FAST, url, ...options });
              return tab;
            },
            async proxy(target = /** @type {{ url: string }} */ (server)) {
              const proxy = await createFaultProxy({ target: target.url });
              opened.push(() => proxy.close());
              return proxy;
            },
            async relay(target = /** @type {{ url: string }} */ (server)) {
              const relay = await startRelay(target);
              opened.push(() => relay.close());
              return relay;
            },
          }),
        );
      }
    });
  }
}
