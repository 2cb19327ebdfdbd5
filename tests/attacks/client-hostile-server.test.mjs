/**
 * A client in Chromium against a server that does what it likes, in each protocol. Whatever it sends: the memory of page
 * and wasm stays within bounds, the page answers, and a good job runs to its end on the same client afterwards.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { launchBrowser } from "../e2e/support/browser.mjs";
import { expectations } from "./support/hostile-expectations.mjs";
import { attacks } from "./support/hostile-attacks.mjs";
import { runAttack, serveHostilePages } from "./support/hostile-client.mjs";

const MIB = 1 << 20;
/**
 * Of the wasm's memory afterwards, which never shrinks, and of what JavaScript's heap has grown by. The wasm's grows to
 * 132 MiB with frames of 4 MB, however many they are: docs/security.md.
 */
const MAX_WASM = 160 * MIB;
const MAX_HEAP = 128 * MIB;

describe("a client of a hostile server", () => {
  /** @type {Awaited<ReturnType<typeof serveHostilePages>>} */
  let pages;
  /** @type {import("puppeteer-core").Browser} */
  let browser;

  before(async () => {
    [pages, browser] = await Promise.all([serveHostilePages(), launchBrowser("chromium")]);
  });
  after(async () => {
    await browser.close();
    await pages.close();
  });

  for (const attack of attacks) {
    for (const protocol of attack.protocols) {
      it(`${protocol}: ${attack.name}`, async () => {
        const outcome = await runAttack(browser, pages.url, attack, protocol);
        const { fault, works, wasmBytes, heapBytes } = outcome;
        assert.equal(fault, undefined);
        assert.ok(works, "a good job does not run to its end");
        assert.ok(wasmBytes > 0 && wasmBytes <= MAX_WASM, `${wasmBytes} bytes of wasm`);
        assert.ok(heapBytes <= MAX_HEAP, `${heapBytes} bytes more in the heap`);
        expectations[attack.name]?.(outcome);
        assert.ok(browser.connected, "the browser is gone");
      });
    }
  }

  it("every expectation is that of an attack", () => {
    const names = attacks.map(({ name }) => name);
    assert.deepEqual(
      Object.keys(expectations).filter((name) => !names.includes(name)),
      [],
    );
  });
});
