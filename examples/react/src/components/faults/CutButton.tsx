import type { ReactNode } from "react";
import { report } from "../../journal";
import type { Journal } from "../../journal";
import { FaultButton } from "./FaultButton";

interface CutButtonProps {
  /** Has the server drop its connections; resolves with how many those were. */
  cut: () => Promise<{ closed: number }>;
  /** What is cut. */
  what?: string;
  /** What a person can do where there was none. */
  hint?: string;
  journal: Journal;
  /** What becomes of the page then. */
  children: ReactNode;
}

export function CutButton({ cut, what = "WebSocket", hint, journal, children }: CutButtonProps) {
  const onClick = () =>
    report(journal, async () => {
      const { closed } = await cut();
      if (closed > 0) return `cut every ${what}`;
      return [`no ${what} was open`, hint].filter(Boolean).join(": ");
    });
  return (
    <FaultButton label="Cut the connection" onClick={onClick}>
      {children}
    </FaultButton>
  );
}
