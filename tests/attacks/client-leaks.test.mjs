/** A page that makes client after client in a real Chromium: what was closed leaves nothing in the memory of the wasm. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { useStage } from "../e2e/stage.mjs";
import { startEmbeddedServer } from "../e2e/support/backend.mjs";
import { openPage } from "../e2e/support/browser.mjs";

const CYCLES = 1000;
/** Until then the memory may grow to what one client needs. */
const WARM = 100;

/**
 * Runs in the page: how large the memory was when it was warm, and at the end.
 * @param {{ url: string, cycles: number, warm: number, options: object }} given
 */
async function cycle({ url, cycles, warm, options }) {
  /** @type {WebAssembly.Memory[]} */
  const memories = [];
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = /** @type {any} */ (
    async (/** @type {[any, any]} */ ...args) => {
      const made = /** @type {any} */ (await instantiate(...args));
      memories.push((made.instance ?? made).exports.memory);
      return made;
    }
  );
  const { JobsClient } = await import(/** @type {string} */ ("/pkg/index.js"));
  const size = () => memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
  let before = 0;
  for (let count = 1; count <= cycles; count++) {
    const client = new JobsClient({ url, ...options });
    client.job(`leak-${count % 10}`).subscribe(() => {});
    // Every tenth is closed at once, in the midst of connecting.
    if (count % 10) await client.connect();
    client.close();
    if (count === warm) before = size();
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  WebAssembly.instantiate = instantiate;
  return { before, after: size(), cores: memories.length };
}

describe("a thousand clients, one after the other", () => {
  const stage = useStage();
  /** @type {import("../e2e/support/backend.mjs").Backend} */
  let server;
  before(async () => {
    server = await startEmbeddedServer();
  });
  after(() => server.kill());

  it("take no more memory of the wasm than the first hundred", async () => {
    const { page } = await openPage(await stage.browser("chromium"), `${stage.pages}/client.html`);
    const options = { protocol: "stream", path: "/api/v1/stream", pool: { linger: 0 } };
    const given = { url: server.url, cycles: CYCLES, warm: WARM, options };
    const { before: warm, after: cold, cores } = await page.evaluate(cycle, given);
    await page.close();
    assert.equal(cores, 1);
    assert.ok(warm > 0);
    assert.equal(cold, warm);
  });
});
