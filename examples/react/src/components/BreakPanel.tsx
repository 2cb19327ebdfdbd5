import { useState } from "react";
import { report } from "../journal";
import type { Journal } from "../journal";
import { cutConnections, refuseSockets, silenceSockets } from "../server";
import type { ControlState } from "../server";
import { DEFAULT_HEARTBEAT_MS, HEARTBEAT_TIMEOUT_MS } from "../settings";
import { CutButton } from "./faults/CutButton";
import { FaultPanel } from "./faults/FaultPanel";
import { FaultSwitch } from "./faults/FaultSwitch";
import { Switch } from "./faults/Switch";
import type { Faults } from "./faults/useFaults";

export type JobFault = "slow" | "failNext";

interface BreakPanelProps {
  control: ControlState;
  faults: Faults<JobFault>;
  journal: Journal;
}

export function BreakPanel({ control, faults, journal }: BreakPanelProps) {
  const [{ refuse, silence }, setControl] = useState(control);
  const noticed = ((control.heartbeatMs ?? DEFAULT_HEARTBEAT_MS) + HEARTBEAT_TIMEOUT_MS) / 1000;

  const setRefuse = (on: boolean) =>
    report(journal, async () => {
      setControl(await refuseSockets(on));
      if (on) await cutConnections();
      return on ? "WebSockets are refused from now on" : "WebSockets are accepted again";
    });
  const setSilence = (on: boolean) =>
    report(journal, async () => {
      setControl(await silenceSockets(on));
      return on ? "the server's sockets are silent from now on" : "the server's sockets speak again";
    });

  return (
    <FaultPanel>
      <FaultSwitch faults={faults} name="slow" label="Slow jobs down">
        New jobs take over half a minute, which leaves time for the rest of this list.
      </FaultSwitch>
      <CutButton cut={cutConnections} hint="start a job first" journal={journal}>
        Every WebSocket drops at once, as if a cable were pulled. The connection counts down to its next try,
        and the bars go on where they were.
      </CutButton>
      <Switch label="Refuse WebSockets" on={refuse} onChange={setRefuse}>
        Open ones drop, new ones get a 503. After three attempts the bars move by polling; switch it off and
        the client returns to the WebSocket by itself.
      </Switch>
      <Switch label="Silence the server" on={silence} onChange={setSilence}>
        Sockets stay open and carry nothing, which no close event tells. Within {noticed} s the client misses
        the heartbeat, and replaces the socket.
      </Switch>
      <FaultSwitch faults={faults} name="failNext" label="Make the next job fail">
        Its separation fails once. The card says why and offers a retry, which succeeds as attempt 2.
      </FaultSwitch>
    </FaultPanel>
  );
}
