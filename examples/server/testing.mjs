/** What the server's tests share: a server on a free port. */
import { after } from "node:test";
import { startServer } from "./server.mjs";
import { client } from "./test-client.mjs";

export { TestSocket } from "./test-client.mjs";

/**
 * A server that ends with the test file.
 * @param {Partial<import("./config.mjs").Config>} [options]
 */
export async function testServer(options = {}) {
  const server = await startServer({ port: 0, tokens: [], control: true, ...options });
  after(() => server.close());
  return client(server.url);
}
