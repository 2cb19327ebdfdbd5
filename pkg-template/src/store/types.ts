/** Values that change. */

/** A value that changes. `current` is what subscribers were last told. */
export interface Store<T> {
  readonly current: T;
  /** Calls back at once, then at most once a frame. Returns its undo. */
  subscribe(listener: (value: T) => void): () => void;
}
