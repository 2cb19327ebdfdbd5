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
  constructor(uploads, config) {
    const { tokens, pingIntervalMs } = config;
    const shape = readEnvelope(process.env["ENVELOPE"]);
    this.#analysisSockets = new Broadcaster({ paths: ["/"], shape: "type", tokens, pingIntervalMs });
    this.#playlistSockets = new Broadcaster({ paths: ["/ws"], shape, tokens, pingIntervalMs });
    const { broadcast } = this.#analysisSockets;
    this.#analyses = new AnalysisJobs(config, (data) => broadcast("job_status", data));
    this.#playlists = new Playlists(this.#playlistSockets, uploads, config.workMs);
    this.routes = [...analysisRoutes(this.#analyses, broadcast, uploads), ...this.#playlists.routes];
    this.controlRoutes = [
      ...broadcastControlRoutes(this.#analysisSockets, "/api/analysis/_control"),
      ...broadcastControlRoutes(this.#playlistSockets, "/api/playlists/_control"),
    ];
  }

  /** @param {URL} url */
  serves(url) {
    return this.#analysisSockets.serves(url) || this.#playlistSockets.serves(url);
  }

  /** @param {import("../guard.mjs").Handshake} handshake */
  upgrade(handshake) {
    const analysis = this.#analysisSockets.serves(handshake.url);
    (analysis ? this.#analysisSockets : this.#playlistSockets).upgrade(handshake);
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
