/** Sessions, their sockets and their uploads: what Express and other servers put behind their routes. */
import { HttpError } from "../../server/responses.mjs";
import { FOLDER, ProgressSockets } from "./progress.mjs";
import { Sessions, sessionView } from "./sessions.mjs";
import { imageUpload, readSessionId, testOptions } from "./upload.mjs";

/** @typedef {import("../../server/form.mjs").Form} Form */

export class Images {
  sockets;
  /** Takes the form of an upload. */
  upload;
  #sessions;

  /**
   * @param {import("./config.mjs").ImageConfig} config
   * @param {import("../../server/upload.mjs").UploadFolder} uploads
   */
  constructor(config, uploads) {
    this.#sessions = new Sessions(config.workMs);
    this.sockets = new ProgressSockets(this.#sessions, config);
    this.upload = imageUpload(uploads, config.maxImageBytes);
  }

  /**
   * What the upload is answered with; the work goes on.
   * @param {Form} form
   * @param {URLSearchParams} query
   */
  extract({ body, file }, query) {
    try {
      return this.#start(body ?? {}, file, query);
    } catch (error) {
      file?.remove();
      throw error;
    }
  }

  /** What polling reads. @param {string} id */
  session(id) {
    return sessionView(this.#find(id), FOLDER);
  }

  /** @param {string} id */
  result(id) {
    const { state, result } = this.#find(id);
    if (state === "completed") return result;
    throw new HttpError(404, `There is no result of this session: it is ${state}.`);
  }

  /**
   * @param {Record<string, unknown>} body
   * @param {Form["file"]} file
   * @param {URLSearchParams} query
   */
  #start(body, file, query) {
    const options = testOptions(query);
    const sessionId = readSessionId(body);
    if (this.#sessions.full) {
      throw new HttpError(503, "Too many images are being worked on; try again in a few seconds.", {
        "Retry-After": "5",
      });
    }
    if (!file) throw new HttpError(400, "The form has no file; send the image as the field file.");
    const state = this.#sessions.get(sessionId)?.state;
    if (state === "queued" || state === "running") {
      throw new HttpError(409, "This session is at work on another image; wait, or use another session_id.");
    }
    void this.#sessions.run(sessionId, file, options);
    return { sessionId, status: "processing" };
  }

  close() {
    return this.#sessions.close();
  }

  /** @param {string} id */
  #find(id) {
    const session = this.#sessions.get(id);
    if (!session) throw new HttpError(404, "Nothing was uploaded in this session, or it was forgotten.");
    return session;
  }
}
