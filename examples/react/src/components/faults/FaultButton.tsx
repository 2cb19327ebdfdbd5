import { useId } from "react";
import type { ReactNode } from "react";

interface FaultButtonProps {
  label: string;
  onClick: () => void;
  /** One or two sentences on what happens. */
  children: ReactNode;
}

export function FaultButton({ label, onClick, children }: FaultButtonProps) {
  const id = useId();
  return (
    <li className="fault">
      <button type="button" className="button" aria-describedby={id} onClick={onClick}>
        {label}
      </button>
      <p id={id}>{children}</p>
    </li>
  );
}
