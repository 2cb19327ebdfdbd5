/** A client that starts in a page which has nothing of it yet. The page's own WebSocket says when the first one is made. */
import { JobsClient } from "jobwire";

/** @typedef {"inline" | "streamed"} Source where the wasm comes from */

const FILES = { stream: "core", broadcast: "core-broadcast", "socket.io": "core-socketio" };

/** @type {(url: string) => void} */
let opened = () => {};

globalThis.WebSocket = /** @type {any} */ (
  class {
    binaryType = "blob";
    bufferedAmount = 0;
    readyState = 0;
    /** @param {string} url */
    constructor(url) {
      opened(url);
    }
    send() {}
    close() {}
  }
);

/** @type {any} */ (globalThis).start = {
  /**
   * Resolves with the time from `new JobsClient` to its first socket, ms by the clock.
   * @param {keyof typeof FILES} protocol
   * @param {Source} source
   */
  run(protocol, source) {
    return new Promise((resolve) => {
      const begun = performance.now();
      opened = () => resolve(performance.now() - begun);
      const wasm = source === "streamed" ? new URL(`/pkg/${FILES[protocol]}.wasm`, location.href) : undefined;
      const client = new JobsClient({ url: "https://start.test", protocol, ...(wasm && { wasm }) });
      void client.connect();
      client.job("1").subscribe(() => {});
    });
  },
};
