/** Puts the parts together and listens. */
import { createServer } from "node:http";
import { jobRoutes } from "./api.mjs";
import { Broadcasts } from "./broadcast/broadcast.mjs";
import { readConfig } from "./config.mjs";
import { controlRoutes } from "./control.mjs";
import { createRequestHandler } from "./http.mjs";
import { createImages } from "./images.mjs";
import { JobStore } from "./jobs.mjs";
import { Karaoke } from "./karaoke/karaoke.mjs";
import { labRoutes } from "./lab.mjs";
import { createLoad } from "./load.mjs";
import { Runner } from "./runner.mjs";
import { Streams } from "./stream.mjs";
import { UploadFolder } from "./upload.mjs";

/**
 * @param {Partial<import("./config.mjs").Config>} [options] what differs from the environment's settings
 * @returns {Promise<{ url: string, port: number, close: () => Promise<void> }>}
 */
export async function startServer(options = {}) {
  const config = { ...readConfig(), ...options };
  const store = new JobStore();
  const runner = new Runner(store, config.workers);
  const uploads = new UploadFolder(config.maxUploadBytes);
  const streams = new Streams(store, config);
  const routes = jobRoutes(store, runner, uploads);
  const load = createLoad(store);
  const karaoke = new Karaoke(uploads, config);
  const broadcasts = new Broadcasts(uploads, config);
  const images = createImages(uploads, config);
  routes.push(...karaoke.routes, ...broadcasts.routes, ...images.routes);
  if (config.control) {
    routes.push(...controlRoutes(store, streams, config.heartbeatMs), ...labRoutes(store), ...load.routes);
    routes.push(...karaoke.controlRoutes, ...broadcasts.controlRoutes, ...images.controlRoutes);
  }

  // Large uploads over slow links take longer than Node's default of five minutes.
  const server = createServer({ requestTimeout: 0 }, createRequestHandler(routes, config));
  karaoke.attach(server);
  server.on("upgrade", (request, socket, head) => {
    // Socket.IO has a listener of its own.
    if (karaoke.serves(request)) return;
    const served = [broadcasts, images.sockets].find((one) => one.serves(request));
    (served ?? streams).upgrade(request, socket, head);
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(config.port, config.host, () => resolve(undefined));
  });
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());

  return {
    url: `http://${config.host.includes(":") ? `[${config.host}]` : config.host}:${port}`,
    port,
    async close() {
      load.close();
      streams.close();
      karaoke.closeSockets();
      broadcasts.closeSockets();
      images.sockets.close();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await Promise.all([closed, runner.close(), karaoke.close(), broadcasts.close()]);
      store.close();
      uploads.close();
    },
  };
}
