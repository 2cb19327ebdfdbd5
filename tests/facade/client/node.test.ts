// @vitest-environment node
import { describe, expect, it } from "vitest";
import { JobsClient } from "../../../pkg-template/src/index.js";
import { create, job, newest } from "../support.js";

describe("in Node", () => {
  it("has no page, and works", async () => {
    expect(globalThis.document).toBeUndefined();
    const client = create();
    const done = client.job("a").done();
    await client.ready;
    const seen: unknown[] = [];
    client.job("a").subscribe(({ progress }) => seen.push(progress));
    newest().push(["job", job("a", { progress: 3 })]);
    await expect.poll(() => seen).toEqual([undefined, 3]);
    newest().urgent(["job", job("a", { status: "completed" })]);
    expect((await done).status).toBe("completed");
    client.close();
  });

  it("makes a client with a relative address, as a server render does, and says so only when it is used", async () => {
    const client = new JobsClient({ url: "/", protocol: "stream" });
    expect(client.job("a").current.status).toBe("unknown");
    await expect(client.connect()).rejects.toMatchObject({
      code: "config",
      message: expect.stringContaining("a whole address where there is no page"),
    });
    client.close();
  });
});
