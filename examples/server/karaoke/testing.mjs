/** What the karaoke tests share: a song, and the reference client with the events that came to it. */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { io } from "socket.io-client";
import { WavWriter } from "./wav.mjs";

const RATE = 44_100;

/**
 * @param {number} hertz
 * @param {number} time
 */
const tone = (hertz, time) =>
  [1, 2, 3].reduce(
    (sum, harmonic) => sum + Math.sin(2 * Math.PI * hertz * harmonic * time) / harmonic ** 2,
    0,
  );

/**
 * A voice that is the same in both channels, and a chord at either side.
 * @param {number} seconds
 */
export function parts(seconds) {
  const times = Array.from({ length: Math.round(seconds * RATE) }, (_, index) => index / RATE);
  const column = (/** @type {(time: number) => number} */ sample) => Float64Array.from(times, sample);
  return {
    voice: column((time) => 0.3 * tone(262 + 33 * (Math.floor(time * 2) % 4), time)),
    left: column((time) => 0.08 * (tone(131, time) + tone(196, time))),
    right: column((time) => 0.08 * (tone(110, time) + tone(185, time))),
  };
}

export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), "jobwire-karaoke-"));
  after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** @param {{ seconds?: number, channels?: number, bits?: number }} [options] */
export function song({ seconds = 2, channels = 2, bits = 16 } = {}) {
  const { voice, left, right } = parts(seconds);
  const path = join(temporaryFolder(), "song.wav");
  const file = new WavWriter(path, { channels, bits, rate: RATE }, voice.length);
  file.write(
    [left, right].slice(0, channels).map((side) => side.map((sample, index) => sample + voice[index])),
  );
  file.close();
  return readFileSync(path);
}

export class Client {
  /** @type {[string, any][]} events in their order, those not yet asked for */
  #events = [];
  socket;

  /**
   * @param {string} url with the namespace
   * @param {Partial<import("socket.io-client").ManagerOptions & import("socket.io-client").SocketOptions>} [options]
   */
  constructor(url, options) {
    this.socket = io(url, { forceNew: true, reconnectionDelay: 10, reconnectionDelayMax: 20, ...options });
    this.socket.onAny((event, data) => this.#events.push([event, data]));
    after(() => this.socket.disconnect());
  }

  get transport() {
    return this.socket.io.engine.transport.name;
  }

  /** @returns {Promise<[string, any]>} the next event */
  async take() {
    // Listeners of all events run before those of one, so `#events` holds it by the time this goes on.
    while (this.#events.length === 0) await new Promise((resolve) => this.#onceAny(resolve));
    return /** @type {[string, any]} */ (this.#events.shift());
  }

  /** @param {string} wanted */
  async next(wanted) {
    for (;;) {
      const [event, data] = await this.take();
      if (event === wanted) return data;
    }
  }

  /**
   * The events of one job up to one of that name.
   * @param {string} id
   * @param {string} last
   */
  async until(id, last) {
    const seen = [];
    for (;;) {
      const [event, data] = await this.take();
      if (event.startsWith("job_") && data.id === id) seen.push({ event, job: data });
      if (event === last && data.id === id) return seen;
    }
  }

  /**
   * @param {string} event
   * @param {...unknown} payload
   */
  emit(event, ...payload) {
    this.socket.emit(event, ...payload);
  }

  /**
   * @param {string} event
   * @param {...unknown} payload
   * @returns {Promise<any>} the acknowledgement
   */
  ask(event, ...payload) {
    return this.socket.emitWithAck(event, ...payload);
  }

  async connected() {
    if (!this.socket.connected) await once(/** @type {any} */ (this.socket), "connect");
  }

  /** @param {(value: undefined) => void} resolve */
  #onceAny(resolve) {
    const listener = () => {
      this.socket.offAny(listener);
      resolve(undefined);
    };
    this.socket.onAny(listener);
  }
}

/**
 * @param {string} url of the server
 * @param {ConstructorParameters<typeof Client>[1]} [options]
 */
export async function subscribed(url, options) {
  const client = new Client(`${url}/jobs`, options);
  client.emit("subscribe_to_jobs");
  await client.next("subscribed");
  return client;
}

/**
 * @param {string} url of the server
 * @param {ConstructorParameters<typeof Client>[1]} [options]
 */
export async function joined(url, options) {
  const client = new Client(`${url}/performance`, options);
  client.emit("join_performance");
  return { client, state: await client.next("performance_state") };
}
