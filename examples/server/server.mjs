/** Puts the parts together and listens. */
import { createServer } from "node:http";
import { createAccess, localOnly } from "./access.mjs";
import { jobRoutes } from "./api.mjs";
import { Broadcasts } from "./broadcast/broadcast.mjs";
import { readConfig } from "./config.mjs";
import { controlRoutes } from "./control.mjs";
import { createGuardedServer } from "./guard.mjs";
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
  const access = createAccess(config);
  const store = new JobStore();
  const runner = new Runner(store, config);
  const uploads = new UploadFolder(config);
  uploads.whenFull(() => store.releaseOldest());
  const streams = new Streams(store, config);
  const routes = jobRoutes(store, runner, uploads);
  const load = createLoad(store);
  const karaoke = new Karaoke(uploads, config, access);
  const broadcasts = new Broadcasts(uploads, config);
  const images = createImages(uploads, config);
  routes.push(...karaoke.routes, ...broadcasts.routes, ...images.routes);
  if (config.control) {
    const faults = [
      ...controlRoutes(store, streams, config.heartbeatMs),
      ...labRoutes(store),
      ...load.routes,
    ];
    faults.push(...karaoke.controlRoutes, ...broadcasts.controlRoutes, ...images.controlRoutes);
    routes.push(...localOnly(faults));
  }

  const handle = createRequestHandler(routes, config);
  // Socket.IO listens to a server of its own, which never listens itself: it gets what the guard has let through.
  const forSocketIo = createServer();
  karaoke.attach(forSocketIo);
  const server = createGuardedServer({
    access,
    limits: config,
    onRequest(request, response, url) {
      if (karaoke.serves(request)) forSocketIo.emit("request", request, response);
      else handle(request, response, url);
    },
    onUpgrade(handshake) {
      const { request, socket, head } = handshake;
      if (karaoke.serves(request)) {
        forSocketIo.emit("upgrade", request, socket, head);
        return;
      }
      const served = [broadcasts, images.sockets].find((one) => one.serves(handshake.url));
      (served ?? streams).upgrade(handshake);
    },
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
      await Promise.all([closed, runner.close(), karaoke.close(), broadcasts.close(), images.close()]);
      store.close();
      uploads.close();
    },
  };
}
