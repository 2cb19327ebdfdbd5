import type { ReactNode } from "react";

interface FaultPanelProps {
  className?: string;
  /** Switches and buttons, an item of the list each. */
  children: ReactNode;
}

/** What a person can break on a page. */
export function FaultPanel({ className = "", children }: FaultPanelProps) {
  return (
    <section className={`panel ${className}`.trim()} aria-labelledby="break-heading">
      <h2 id="break-heading">Break it</h2>
      <ul className="faults">{children}</ul>
    </section>
  );
}
