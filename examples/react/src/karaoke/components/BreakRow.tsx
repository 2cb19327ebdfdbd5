import { useConnection, useJobsClient } from "jobwire/react";
import { useState } from "react";
import { Switch } from "../../components/Switch";
import type { Journal } from "../../journal";
import { cutConnections } from "../server";

export interface SongFaults {
  failNext: boolean;
  slow: boolean;
}

interface BreakRowProps {
  faults: SongFaults;
  onFaults: (change: (before: SongFaults) => SongFaults) => void;
  journal: Journal;
}

export function BreakRow({ faults, onFaults, journal }: BreakRowProps) {
  const client = useJobsClient();
  const { state } = useConnection();
  const [isOffline, setOffline] = useState(false);

  const cut = async () => {
    try {
      await cutConnections();
      journal.add("you", "cut every connection");
    } catch (error) {
      journal.add("you", error instanceof Error ? error.message : String(error), "error");
    }
  };
  const goOffline = (on: boolean) => {
    setOffline(on);
    journal.add("you", on ? "this page is offline from now on" : "this page is online again");
    if (on) client.disconnect();
    // Why it fails is in the connection's state.
    else client.connect().catch(() => {});
  };

  return (
    <section className="panel break-row" aria-labelledby="break-heading" data-connection={state}>
      <h2 id="break-heading">Break it</h2>
      <ul className="faults">
        <li>
          <div className="fault">
            <button type="button" className="button" aria-describedby="cut-says" onClick={cut}>
              Cut the connection
            </button>
            <p id="cut-says">Every browser's connection drops at once. Each comes back by itself, in step.</p>
          </div>
        </li>
        <li>
          <Switch label="Go offline" on={isOffline} onChange={goOffline}>
            This page alone. Move a slider meanwhile: the others get its last value when you are back.
          </Switch>
        </li>
        <li>
          <Switch
            label="Slow songs down"
            on={faults.slow}
            onChange={(slow) => onFaults((before) => ({ ...before, slow }))}
          >
            New songs take half a minute.
          </Switch>
        </li>
        <li>
          <Switch
            label="Make the next song fail"
            on={faults.failNext}
            onChange={(failNext) => onFaults((before) => ({ ...before, failNext }))}
          >
            It leaves the queue three seconds after it failed.
          </Switch>
        </li>
      </ul>
    </section>
  );
}
