import { useState } from "react";
import type { Journal } from "../journal";
import { cutConnections, refuseSockets, silenceSockets } from "../server";
import type { ControlState } from "../server";
import { DEFAULT_HEARTBEAT_MS, HEARTBEAT_TIMEOUT_MS } from "../settings";
import { Switch } from "./Switch";

export interface Faults {
  failNext: boolean;
  slow: boolean;
}

interface BreakPanelProps {
  control: ControlState;
  faults: Faults;
  onFaults: (change: (before: Faults) => Faults) => void;
  journal: Journal;
}

export function BreakPanel({ control, faults, onFaults, journal }: BreakPanelProps) {
  const [{ refuse, silence }, setControl] = useState(control);
  const noticed = ((control.heartbeatMs ?? DEFAULT_HEARTBEAT_MS) + HEARTBEAT_TIMEOUT_MS) / 1000;

  const act = async (done: string, request: () => Promise<unknown>) => {
    try {
      await request();
      journal.add("you", done);
    } catch (error) {
      journal.add("you", error instanceof Error ? error.message : String(error), "error");
    }
  };
  const cut = () =>
    act("cut every WebSocket", async () => {
      const { closed } = await cutConnections();
      if (closed === 0) journal.add("you", "no WebSocket was open: start a job first", "warn");
    });
  const setRefuse = (on: boolean) =>
    act(on ? "WebSockets are refused from now on" : "WebSockets are accepted again", async () => {
      setControl(await refuseSockets(on));
      if (on) await cutConnections();
    });
  const setSilence = (on: boolean) =>
    act(on ? "the server's sockets are silent from now on" : "the server's sockets speak again", async () =>
      setControl(await silenceSockets(on)),
    );

  return (
    <section className="panel" aria-labelledby="break-heading">
      <h2 id="break-heading">Break it</h2>
      <ul className="faults">
        <li>
          <Switch
            label="Slow jobs down"
            on={faults.slow}
            onChange={(slow) => onFaults((before) => ({ ...before, slow }))}
          >
            New jobs take over half a minute, which leaves time for the rest of this list.
          </Switch>
        </li>
        <li>
          <div className="fault">
            <button type="button" className="button" aria-describedby="cut-says" onClick={cut}>
              Cut the connection
            </button>
            <p id="cut-says">
              Every WebSocket drops at once, as if a cable were pulled. The connection counts down to its next
              try, and the bars go on where they were.
            </p>
          </div>
        </li>
        <li>
          <Switch label="Refuse WebSockets" on={refuse} onChange={setRefuse}>
            Open ones drop, new ones get a 503. After three attempts the bars move by polling; switch it off
            and the client returns to the WebSocket by itself.
          </Switch>
        </li>
        <li>
          <Switch label="Silence the server" on={silence} onChange={setSilence}>
            Sockets stay open and carry nothing, which no close event tells. Within {noticed} s the client
            misses the heartbeat, and replaces the socket.
          </Switch>
        </li>
        <li>
          <Switch
            label="Make the next job fail"
            on={faults.failNext}
            onChange={(failNext) => onFaults((before) => ({ ...before, failNext }))}
          >
            Its separation fails once. The card says why and offers a retry, which succeeds as attempt 2.
          </Switch>
        </li>
      </ul>
    </section>
  );
}
