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
 *   of its own, for one test
 * @property {(where: { url: string }, options?: object) => Promise<Tab>} open a page whose client goes there
 * @property {(server?: ConformanceServer) => ReturnType<typeof createFaultProxy>} proxy fails as networks fail
 * @property {(server?: ConformanceServer) => ReturnType<typeof startRelay>} relay knows frames
 */

/**
 * Plays scenarios on both servers and in both browsers.
 * @param {(setting: Setting) => void} scenarios
 * @param {{ kinds?: readonly Kind[], env?: Record<string, string> }} [options] settings of the servers: README.md
 */
export function everywhere(scenarios, { kinds = KINDS, env = {} } = {}) {
  /** @type {Awaited<ReturnType<typeof servePages>>} */
  let pages;
  /** @type {Map<BrowserName, ReturnType<typeof launchBrowser>>} */
  const browsers = new Map();
  /** What a test opened; it goes when the test does, the last thing first. @type {(() => Promise<unknown>)[]} */
  const opened = [];

  before(async () => {
    pages = await servePages({ pages: PAGES });
  });
  afterEach(async () => {
    for (const end of opened.splice(0).reverse()) await end();
  });
  after(async () => {
    await Promise.all([...browsers.values()].map(async (browser) => (await browser).close()));
    await pages.close();
  });

  /** @param {BrowserName} name */
  function running(name) {
    const browser = browsers.get(name) ?? launchBrowser(name);
    browsers.set(name, browser);
    return browser;
  }

  for (const kind of kinds) {
    describe(`the ${kind} server`, () => {
      /** @type {ConformanceServer} */
      let server;
      before(async () => {
        server = await startServer(kind, env);
      });
      afterEach(() => (server.backend.running ? server.forget() : server.backend.start()));
      after(() => server.backend.kill());

      for (const browser of BROWSERS) {
        describe(browser, () =>
          scenarios({
            kind,
            browser,
            get server() {
              return server;
            },
            async special(settings) {
              const own = await startServer(kind, { ...env, ...settings });
              opened.push(() => own.backend.kill());
              return own;
            },
            async open({ url }, options) {
              const tab = new Tab(await openPage(await running(browser), `${pages.url}/client.html`));
              opened.push(() => tab.leave());
              await tab.begin({ ...FAST, url, ...options });
              return tab;
            },
            async proxy(target = server) {
              const proxy = await createFaultProxy({ target: target.url });
              opened.push(() => proxy.close());
              return proxy;
            },
            async relay(target = server) {
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
