import { useId } from "react";
import type { ReactNode, RefObject } from "react";
import { CountedHeading } from "./CountedHeading";

interface CardListProps<Item> {
  title: string;
  /** Beside the heading. */
  aside?: ReactNode;
  /** What is said while there is nothing. */
  empty: string;
  items: readonly Item[];
  keyOf: (item: Item) => string;
  /** The heading, where the keyboard goes on from it. */
  heading?: RefObject<HTMLHeadingElement | null>;
  /** Makes the card of an item. */
  children: (item: Item) => ReactNode;
}

/** A page's jobs, a card each. */
export function CardList<Item>({
  title,
  aside,
  empty,
  items,
  keyOf,
  heading: target,
  children,
}: CardListProps<Item>) {
  const id = useId();
  const heading = <CountedHeading id={id} title={title} count={items.length} target={target} />;
  return (
    <section aria-labelledby={id}>
      {aside ? (
        <div className="panel-head">
          {heading}
          {aside}
        </div>
      ) : (
        heading
      )}
      {items.length === 0 && <p className="empty">{empty}</p>}
      <ul className="cards">
        {items.map((item) => (
          <li key={keyOf(item)}>{children(item)}</li>
        ))}
      </ul>
    </section>
  );
}
