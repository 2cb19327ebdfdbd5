import { Switch } from "../../components/Switch";
import type { Journal } from "../../journal";
import { cutSockets } from "../server";
import { CROWD, MAX_SOCKETS, MISSING_PATH, PATH } from "../settings";

export interface UploadFaults {
  failNext: boolean;
  slow: boolean;
}

interface BreakImagesProps {
  faults: UploadFaults;
  onFaults: (change: (before: UploadFaults) => UploadFaults) => void;
  onCrowd: () => void;
  journal: Journal;
}

/** The address of this page with its sockets at another place, or where they belong. */
function otherAddress(): string {
  const address = new URL(location.href);
  if (PATH === MISSING_PATH) address.searchParams.delete("path");
  else address.searchParams.set("path", MISSING_PATH);
  return address.href;
}

export function BreakImages({ faults, onFaults, onCrowd, journal }: BreakImagesProps) {
  const cut = async () => {
    try {
      const { closed } = await cutSockets();
      journal.add("you", closed === 0 ? "no WebSocket was open: send an image first" : "cut every WebSocket");
    } catch (error) {
      journal.add("you", error instanceof Error ? error.message : String(error), "error");
    }
  };
  return (
    <section className="panel" aria-labelledby="break-heading">
      <h2 id="break-heading">Break it</h2>
      <ul className="faults">
        <li>
          <Switch
            label="Slow uploads down"
            on={faults.slow}
            onChange={(slow) => onFaults((before) => ({ ...before, slow }))}
          >
            New ones take half a minute, which leaves time for the rest of this list.
          </Switch>
        </li>
        <li>
          <div className="fault">
            <button type="button" className="button" aria-describedby="crowd-says" onClick={onCrowd}>
              Send {CROWD} at once
            </button>
            <p id="crowd-says">
              No more than {MAX_SOCKETS} sockets are open at a time; the others wait for their turn.
            </p>
          </div>
        </li>
        <li>
          <div className="fault">
            <button type="button" className="button" aria-describedby="cut-says" onClick={cut}>
              Cut the connection
            </button>
            <p id="cut-says">Every WebSocket drops; the bars stay where they were until it is back.</p>
          </div>
        </li>
        <li>
          <Switch
            label="Make the next one fail"
            on={faults.failNext}
            onChange={(failNext) => onFaults((before) => ({ ...before, failNext }))}
          >
            The server falls back to 0 and says why; the bar does not.
          </Switch>
        </li>
        <li>
          <div className="fault">
            <a href={otherAddress()}>
              {PATH === MISSING_PATH ? "Use the right path again" : "Use a path where there is no WebSocket"}
            </a>
            <p>
              The client says that the server is there but the WebSocket is not. Stop the server to compare.
            </p>
          </div>
        </li>
      </ul>
    </section>
  );
}
