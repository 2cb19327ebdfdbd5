import type { ReactNode } from "react";

interface ScrollTableProps {
  /** What a screen reader calls the region that scrolls. */
  label: string;
  caption?: string;
  /** None: a table without a head. */
  columns: readonly string[];
  /** Whether its columns are named for screen readers only. */
  isHeadHidden?: boolean;
  className?: string;
  /** Its rows. */
  children: ReactNode;
}

/** A table that scrolls by itself where the page is too narrow for it, so the keyboard has to reach it. */
export function ScrollTable({
  label,
  caption,
  columns,
  isHeadHidden = false,
  className = "",
  children,
}: ScrollTableProps) {
  return (
    <div className={`table-scroll ${className}`.trim()} tabIndex={0} role="region" aria-label={label}>
      <table>
        {caption && <caption>{caption}</caption>}
        {columns.length > 0 && (
          <thead className={isHeadHidden ? "visually-hidden" : undefined}>
            <tr>
              {columns.map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
        )}
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
