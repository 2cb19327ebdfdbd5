/** Playlists, their jobs and their routes, as one part of a server. */
import { Jobs } from "./jobs.mjs";
import { Library } from "./library.mjs";
import { playlistRoutes } from "./routes.mjs";

export class Playlists {
  routes;
  #jobs;
  #library;

  /**
   * @param {import("./broadcaster.mjs").Broadcaster} broadcaster
   * @param {import("../../server/upload.mjs").UploadFolder} uploads
   * @param {number} workMs the most that the work of one job may take
   */
  constructor(broadcaster, uploads, workMs) {
    this.#library = new Library(broadcaster.broadcast);
    this.#jobs = new Jobs(broadcaster.broadcast, workMs);
    this.routes = playlistRoutes({ library: this.#library, jobs: this.#jobs, broadcaster, uploads });
  }

  close() {
    this.#jobs.close();
    this.#library.close();
  }
}
