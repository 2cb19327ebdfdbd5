import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { testServer } from "./testing.mjs";

const PHOTO = readFileSync(new URL("../backends/express/sample.jpg", import.meta.url));
const FOLDER = "/api/images_mvp";

describe("an image session", async () => {
  const server = await testServer({ heartbeatMs: 20 });

  /** @param {string} session @param {string} [field] */
  function send(session, field = "file") {
    const form = new FormData();
    form.append("session_id", session);
    form.append(field, new Blob([new Uint8Array(PHOTO)]), "photo.jpg");
    return server.call(`${FOLDER}/extract`, { method: "POST", body: form });
  }

  it("is served as by the Express back-end", async () => {
    const socket = server.socket(`${FOLDER}/progress/mine`);
    assert.equal((await socket.message((one) => one.type === "connected")).sessionId, "mine");
    assert.equal((await send("mine")).status, 202);
    await socket.message((one) => one.progress === 100);
    assert.equal((await server.call(`${FOLDER}/sessions/mine`)).body.status, "completed");
    assert.equal((await server.call(`${FOLDER}/results/mine`)).body.analysis.camera, "Jobwire Sample 1");
    await socket.message((one) => one.type === "ping");
    await server.post(`${FOLDER}/_control/cut`);
    assert.equal((await socket.close()).code, 1006);
  });

  it("refuses what it cannot use", async () => {
    assert.match((await send("mine", "picture")).body.detail, /Unexpected file field/);
    assert.equal((await send("no/id")).status, 400);
    assert.equal((await server.call(`${FOLDER}/sessions/none`)).status, 404);
    await assert.rejects(server.socket(`${FOLDER}/elsewhere/mine`).opened, /404/);
  });
});
