/** Puts the parts together and listens. */
import { createAccess } from "../../server/access.mjs";
import { createGuardedServer } from "../../server/guard.mjs";
import { UploadFolder } from "../../server/upload.mjs";
import { createApp } from "./app.mjs";
import { readConfig } from "./config.mjs";
import { Images } from "./images.mjs";

/**
 * @param {Partial<import("./config.mjs").Config>} [options] what differs from the environment's settings
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function startServer(options = {}) {
  const config = { ...readConfig(), ...options };
  const uploads = new UploadFolder({ ...config, maxUploadBytes: config.maxImageBytes });
  const images = new Images(config, uploads);
  const app = createApp(images, config);
  const server = createGuardedServer({
    access: createAccess(config),
    limits: config,
    // Without a third parameter: Express would take it for what follows when it has no answer.
    onRequest: (request, response) => app(request, response),
    onUpgrade: (handshake) => images.sockets.upgrade(handshake),
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(config.port, config.host, () => resolve(undefined));
  });
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    url: `http://${config.host}:${port}`,
    async close() {
      images.sockets.close();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await Promise.all([closed, images.close()]);
      uploads.close();
    },
  };
}
