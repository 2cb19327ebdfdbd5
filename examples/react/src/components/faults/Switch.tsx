import { useId } from "react";
import type { ReactNode } from "react";

interface SwitchProps {
  label: string;
  on: boolean;
  onChange: (on: boolean) => void;
  /** One or two sentences on what happens. */
  children: ReactNode;
}

/** An item of the list in a `FaultPanel`. */
export function Switch({ label, on, onChange, children }: SwitchProps) {
  const id = useId();
  return (
    <li className="fault">
      <button
        type="button"
        className="switch"
        role="switch"
        aria-checked={on}
        aria-describedby={id}
        onClick={() => onChange(!on)}
      >
        <span className="switch-track" aria-hidden="true" />
        {label}
      </button>
      <p id={id}>{children}</p>
    </li>
  );
}
