import { useCallback, useRef } from "react";

/** Removes an item of a list by a button that goes with it: the keyboard goes on from the list's heading. */
export function useRemoval(remove: (key: string) => void) {
  const heading = useRef<HTMLHeadingElement>(null);
  const onRemove = useCallback(
    (key: string) => {
      remove(key);
      heading.current?.focus();
    },
    [remove],
  );
  return { heading, onRemove };
}
