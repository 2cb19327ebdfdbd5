/**
 * Things in the order in which they became idle; any of them may leave, and each operation takes the same time however
 * many there are. A Set would pass over all that left before each time its first one is asked for.
 */

/** What stands in the list has its neighbours as members. */
export interface Idle<T> {
  older?: T | undefined;
  newer?: T | undefined;
  isIdle?: boolean;
}

export interface IdleList<T> {
  /** Adds one behind the others, unless it is there. */
  add(one: T): void;
  remove(one: T): void;
  /** Takes out the one that has been idle for longest. */
  shift(): T | undefined;
}

export function createIdleList<T extends Idle<T>>(): IdleList<T> {
  let oldest: T | undefined;
  let newest: T | undefined;

  function remove(one: T): void {
    if (!one.isIdle) return;
    const { older, newer } = one;
    if (older) older.newer = newer;
    else oldest = newer;
    if (newer) newer.older = older;
    else newest = older;
    one.isIdle = false;
    one.older = one.newer = undefined;
  }

  return {
    add(one) {
      if (one.isIdle) return;
      one.isIdle = true;
      one.older = newest;
      if (newest) newest.newer = one;
      else oldest = one;
      newest = one;
    },
    remove,
    shift() {
      const first = oldest;
      if (first) remove(first);
      return first;
    },
  };
}
