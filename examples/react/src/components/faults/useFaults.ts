import { useState } from "react";

/** What a person has switched on to break the page. */
export interface Faults<Name extends string> {
  has(name: Name): boolean;
  set(name: Name, on: boolean): void;
}

export function useFaults<Name extends string>(): Faults<Name> {
  const [names, setNames] = useState<ReadonlySet<Name>>(() => new Set());
  return {
    has: (name) => names.has(name),
    set: (name, on) =>
      setNames((before) => {
        const next = new Set(before);
        if (on) next.add(name);
        else next.delete(name);
        return next;
      }),
  };
}
