/** What is broadcast: the status of analyses at `/`, and everything about playlists at `/ws`. */
import { Broadcaster } from "../../backends/ws/broadcaster.mjs";
import { readEnvelope } from "../../backends/ws/config.mjs";
import { broadcastControlRoutes } from "../../backends/ws/control.mjs";
import { Playlists } from "../../backends/ws/playlists.mjs";
import { analysisRoutes } from "./api.mjs";
import { AnalysisJobs } from "./jobs.mjs";

export class Broadcasts {
  routes;
  controlRoutes;
  #analyses;
  #analysisSockets;
  #playlists;
  #playlistSockets;

  /**
   * @param {import("../upload.mjs").UploadFolder} uploads
   * @param {import("../config.mjs").Config} config
   */
  constructor(uploads, { tokens, pingIntervalMs, workers }) {
    const shape = readEnvelope(process.env["ENVELOPE"]);
    this.#analysisSockets = new Broadcaster({ paths: ["/"], shape: "type", tokens, pingIntervalMs });
    this.#playlistSockets = new Broadcaster({ paths: ["/ws"], shape, tokens, pingIntervalMs });
    const { broadcast } = this.#analysisSockets;
    this.#analyses = new AnalysisJobs(workers, (data) => broadcast("job_status", data));
    this.#playlists = new Playlists(this.#playlistSockets, uploads);
    this.routes = [...analysisRoutes(this.#analyses, broadcast, uploads.path), ...this.#playlists.routes];
    this.controlRoutes = [
      ...broadcastControlRoutes(this.#analysisSockets, "/api/analysis/_control"),
      ...broadcastControlRoutes(this.#playlistSockets, "/api/playlists/_control"),
    ];
  }

  /** @param {import("node:http").IncomingMessage} request */
  serves(request) {
    return this.#analysisSockets.serves(request) || this.#playlistSockets.serves(request);
  }

  /**
   * @param {import("node:http").IncomingMessage} request
   * @param {import("node:stream").Duplex} socket
   * @param {Buffer} head
   */
  upgrade(request, socket, head) {
    const analysis = this.#analysisSockets.serves(request);
    (analysis ? this.#analysisSockets : this.#playlistSockets).upgrade(request, socket, head);
  }

  closeSockets() {
    this.#analysisSockets.close();
    this.#playlistSockets.close();
  }

  close() {
    this.#playlists.close();
    return this.#analyses.close();
  }
}
