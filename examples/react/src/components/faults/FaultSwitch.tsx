import type { ReactNode } from "react";
import { Switch } from "./Switch";
import type { Faults } from "./useFaults";

interface FaultSwitchProps<Name extends string> {
  faults: Faults<Name>;
  name: Name;
  label: string;
  /** One or two sentences on what happens. */
  children: ReactNode;
}

/** Switches one of the page's own faults. */
export function FaultSwitch<Name extends string>({ faults, name, label, children }: FaultSwitchProps<Name>) {
  return (
    <Switch label={label} on={faults.has(name)} onChange={(on) => faults.set(name, on)}>
      {children}
    </Switch>
  );
}
