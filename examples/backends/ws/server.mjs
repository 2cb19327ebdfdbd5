/** Puts the parts together and listens. */
import { createAccess, localOnly } from "../../server/access.mjs";
import { createGuardedServer } from "../../server/guard.mjs";
import { createRequestHandler } from "../../server/http.mjs";
import { UploadFolder } from "../../server/upload.mjs";
import { Broadcaster } from "./broadcaster.mjs";
import { readConfig } from "./config.mjs";
import { broadcastControlRoutes } from "./control.mjs";
import { Playlists } from "./playlists.mjs";

/**
 * @param {Partial<import("./config.mjs").Config>} [options] what differs from the environment's settings
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function startServer(options = {}) {
  const config = { ...readConfig(), ...options };
  const broadcaster = new Broadcaster({ ...config, shape: config.envelope, paths: ["/", "/ws"] });
  const uploads = new UploadFolder(config);
  const playlists = new Playlists(broadcaster, uploads, config.workMs);
  const control = config.control ? localOnly(broadcastControlRoutes(broadcaster, "/api/_control")) : [];
  const server = createGuardedServer({
    access: createAccess(config),
    limits: config,
    onRequest: createRequestHandler([...playlists.routes, ...control], config),
    onUpgrade: (handshake) => broadcaster.upgrade(handshake),
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(config.port, config.host, () => resolve(undefined));
  });
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    url: `http://${config.host}:${port}`,
    async close() {
      broadcaster.close();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      playlists.close();
      uploads.close();
    },
  };
}
