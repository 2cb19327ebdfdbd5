import { useId } from "react";
import type { ReactNode } from "react";

interface SwitchProps {
  label: string;
  on: boolean;
  onChange: (on: boolean) => void;
  /** One sentence on what happens. */
  children: ReactNode;
}

export function Switch({ label, on, onChange, children }: SwitchProps) {
  const id = useId();
  return (
    <div className="fault">
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
    </div>
  );
}
