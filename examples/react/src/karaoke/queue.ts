/**
 * The processing queue as it is shown. A song comes in when it is queued or processed; one that has ended stays for a
 * moment, so that its end is seen, and leaves.
 */
import { CANCELLED_SHOWN_MS, ENDED_SHOWN_MS } from "./settings";
import { isActive } from "./song";
import type { SongJob } from "./song";

const shownFor = ({ status }: SongJob) => (status === "cancelled" ? CANCELLED_SHOWN_MS : ENDED_SHOWN_MS);

export class ProcessingQueue {
  #songs: readonly SongJob[] = [];
  readonly #leaving = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #onChange: (songs: readonly SongJob[]) => void;

  constructor(onChange: (songs: readonly SongJob[]) => void) {
    this.#onChange = onChange;
  }

  /** News of one song. News older than what is shown are none: lists and events take different ways to the page. */
  update(song: SongJob): void {
    const shown = this.#songs.find(({ id }) => id === song.id);
    if (shown && song.updatedAt < shown.updatedAt) return;
    if (isActive(song)) this.#stay(song.id);
    else if (shown) this.#leave(song);
    else return;
    this.#set(shown ? this.#songs.map((one) => (one.id === song.id ? song : one)) : [...this.#songs, song]);
  }

  /** The server's list: what it no longer has is gone, what has ended meanwhile leaves as usual. */
  replace(list: readonly SongJob[]): void {
    const known = new Set(list.map(({ id }) => id));
    this.#set(this.#songs.filter(({ id }) => known.has(id) || this.#leaving.has(id)));
    for (const song of list) this.update(song);
  }

  /** Ends all waiting; nothing is told afterwards. */
  clear(): void {
    for (const timer of this.#leaving.values()) clearTimeout(timer);
    this.#leaving.clear();
  }

  #leave(song: SongJob): void {
    if (this.#leaving.has(song.id)) return;
    const go = () => {
      this.#leaving.delete(song.id);
      this.#set(this.#songs.filter(({ id }) => id !== song.id));
    };
    this.#leaving.set(song.id, setTimeout(go, shownFor(song)));
  }

  #stay(id: string): void {
    clearTimeout(this.#leaving.get(id));
    this.#leaving.delete(id);
  }

  #set(songs: readonly SongJob[]): void {
    this.#songs = songs;
    this.#onChange(songs);
  }
}
