/** Plays the two parts of a song as one: from memory and by one clock, as two media elements would drift apart. */
import type { Stem } from "../server";
import { STEMS, stemUrl } from "../server";

/** Less than this cannot be heard; more is put right, at the price of a click. */
const OFF_BY_SECONDS = 0.1;
/** How long a change of volume takes: without a ramp it crackles. */
const RAMP_SECONDS = 0.02;

interface Playing {
  readonly sources: readonly AudioBufferSourceNode[];
  /** Position at which it began, and the context's clock at that moment. */
  readonly from: number;
  readonly at: number;
}

export class StemPlayer {
  readonly #context = new AudioContext();
  readonly #gains: Record<Stem, GainNode>;
  #buffers: readonly (readonly [Stem, AudioBuffer])[] = [];
  #playing: Playing | undefined;

  constructor(onBlocked: (isBlocked: boolean) => void) {
    const gain = () => {
      const node = this.#context.createGain();
      node.connect(this.#context.destination);
      return node;
    };
    this.#gains = { vocals: gain(), instrumental: gain() };
    this.#context.onstatechange = () => onBlocked(this.isBlocked);
  }

  /** Whether the browser waits for somebody to touch the page before it lets it sound. */
  get isBlocked(): boolean {
    return this.#context.state === "suspended";
  }

  /** To be called when somebody has touched the page. */
  unblock(): void {
    this.#context.resume().catch(() => {});
  }

  /** Loads a song in place of the one before. Resolves with its length in seconds. */
  async load(id: string, signal: AbortSignal): Promise<number> {
    this.#stop();
    this.#buffers = [];
    const buffers = await Promise.all(
      STEMS.map(async (stem) => {
        const response = await fetch(stemUrl(id, stem), { signal });
        if (!response.ok) throw new Error(`The server answered with status ${response.status}.`);
        return [stem, await this.#context.decodeAudioData(await response.arrayBuffer())] as const;
      }),
    );
    signal.throwIfAborted();
    this.#buffers = buffers;
    return Math.max(...buffers.map(([, { duration }]) => duration));
  }

  setVolume(stem: Stem, volume: number): void {
    this.#gains[stem].gain.setTargetAtTime(volume, this.#context.currentTime, RAMP_SECONDS);
  }

  /** Is, or is not, playing at a position from now on. To be called again and again: small differences are let be. */
  follow(isPlaying: boolean, seconds: number): void {
    if (!isPlaying) return this.#stop();
    const { currentTime } = this.#context;
    if (this.#playing) {
      const here = this.#playing.from + currentTime - this.#playing.at;
      if (this.isBlocked || Math.abs(here - seconds) <= OFF_BY_SECONDS) return;
    }
    this.#stop();
    const sources = this.#buffers
      .filter(([, { duration }]) => seconds < duration)
      .map(([stem, buffer]) => {
        const source = new AudioBufferSourceNode(this.#context, { buffer });
        source.connect(this.#gains[stem]);
        source.start(0, seconds);
        return source;
      });
    this.#playing = { sources, from: seconds, at: currentTime };
  }

  close(): void {
    this.#stop();
    this.#context.onstatechange = null;
    this.#context.close().catch(() => {});
  }

  #stop(): void {
    for (const source of this.#playing?.sources ?? []) {
      source.stop();
      source.disconnect();
    }
    this.#playing = undefined;
  }
}
