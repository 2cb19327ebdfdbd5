import type { RefObject } from "react";

interface CountedHeadingProps {
  id: string;
  title: string;
  count: number;
  /** Given where the keyboard goes on from the heading. */
  target?: RefObject<HTMLHeadingElement | null> | undefined;
}

/** The heading of a list, with how many there are. */
export function CountedHeading({ id, title, count, target }: CountedHeadingProps) {
  return (
    <h2 id={id} ref={target} tabIndex={target && -1}>
      {title} {count > 0 && <span className="count">{count}</span>}
    </h2>
  );
}
