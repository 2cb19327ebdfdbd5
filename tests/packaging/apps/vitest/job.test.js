import { JobsClient } from "jobwire";
import { createTestServer } from "jobwire/testing";
import { expect, it } from "vitest";

it("follows a job of the test server to its end", async () => {
  const server = createTestServer();
  const client = new JobsClient(server.options);
  const handle = client.job("a");
  const seen = [];
  handle.subscribe(({ status, progress }) => seen.push(`${status} ${progress}`));
  await client.connect();
  server.job("a").progress(40);
  await expect.poll(() => seen).toContain("running 40");
  server.job("a").complete();
  expect((await handle.done()).resultUrl).toBe("/api/v1/results/a");
  client.close();
  server.dispose();
});
