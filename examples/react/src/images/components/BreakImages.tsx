import { CutButton } from "../../components/faults/CutButton";
import { FaultButton } from "../../components/faults/FaultButton";
import { FaultPanel } from "../../components/faults/FaultPanel";
import { FaultSwitch } from "../../components/faults/FaultSwitch";
import type { Faults } from "../../components/faults/useFaults";
import type { Journal } from "../../journal";
import { cutSockets } from "../server";
import { CROWD, MAX_SOCKETS, MISSING_PATH, PATH } from "../settings";

export type UploadFault = "slow" | "failNext";

interface BreakImagesProps {
  faults: Faults<UploadFault>;
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

export function BreakImages({ faults, onCrowd, journal }: BreakImagesProps) {
  return (
    <FaultPanel>
      <FaultSwitch faults={faults} name="slow" label="Slow uploads down">
        New ones take half a minute, which leaves time for the rest of this list.
      </FaultSwitch>
      <FaultButton label={`Send ${CROWD} at once`} onClick={onCrowd}>
        No more than {MAX_SOCKETS} sockets are open at a time; the others wait for their turn.
      </FaultButton>
      <CutButton cut={cutSockets} hint="send an image first" journal={journal}>
        Every WebSocket drops; the bars stay where they were until it is back.
      </CutButton>
      <FaultSwitch faults={faults} name="failNext" label="Make the next one fail">
        The server falls back to 0 and says why; the bar does not.
      </FaultSwitch>
      <li className="fault">
        <a href={otherAddress()}>
          {PATH === MISSING_PATH ? "Use the right path again" : "Use a path where there is no WebSocket"}
        </a>
        <p>The client says that the server is there but the WebSocket is not. Stop the server to compare.</p>
      </li>
    </FaultPanel>
  );
}
