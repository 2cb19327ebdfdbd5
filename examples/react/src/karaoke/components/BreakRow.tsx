import { useJobsClient } from "jobwire/react";
import { useState } from "react";
import { CutButton } from "../../components/faults/CutButton";
import { FaultPanel } from "../../components/faults/FaultPanel";
import { FaultSwitch } from "../../components/faults/FaultSwitch";
import { Switch } from "../../components/faults/Switch";
import type { Faults } from "../../components/faults/useFaults";
import type { Journal } from "../../journal";
import { cutConnections } from "../server";

export type SongFault = "slow" | "failNext";

interface BreakRowProps {
  faults: Faults<SongFault>;
  journal: Journal;
}

export function BreakRow({ faults, journal }: BreakRowProps) {
  const client = useJobsClient();
  const [isOffline, setOffline] = useState(false);

  const goOffline = (on: boolean) => {
    setOffline(on);
    journal.add("you", on ? "this page is offline from now on" : "this page is online again");
    if (on) client.disconnect();
    // Why it fails is in the connection's state.
    else client.connect().catch(() => {});
  };

  return (
    <FaultPanel className="break-row">
      <CutButton cut={cutConnections} what="connection" journal={journal}>
        Every browser's connection drops at once. Each comes back by itself, in step.
      </CutButton>
      <Switch label="Go offline" on={isOffline} onChange={goOffline}>
        This page alone. Move a slider meanwhile: the others get its last value when you are back.
      </Switch>
      <FaultSwitch faults={faults} name="slow" label="Slow songs down">
        New songs take half a minute.
      </FaultSwitch>
      <FaultSwitch faults={faults} name="failNext" label="Make the next song fail">
        It leaves the queue three seconds after it failed.
      </FaultSwitch>
    </FaultPanel>
  );
}
