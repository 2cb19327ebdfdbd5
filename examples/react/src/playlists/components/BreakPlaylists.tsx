import { CutButton } from "../../components/faults/CutButton";
import { FaultPanel } from "../../components/faults/FaultPanel";
import { FaultSwitch } from "../../components/faults/FaultSwitch";
import type { Faults } from "../../components/faults/useFaults";
import type { Journal } from "../../journal";
import { cutSockets } from "../server";

interface BreakPlaylistsProps {
  faults: Faults<"failNext">;
  journal: Journal;
}

export function BreakPlaylists({ faults, journal }: BreakPlaylistsProps) {
  return (
    <FaultPanel>
      <CutButton cut={cutSockets} journal={journal}>
        The WebSocket drops; what was missed is read again once it is back.
      </CutButton>
      <FaultSwitch faults={faults} name="failNext" label="Make the next enrichment fail">
        It fails in its second phase, and says why.
      </FaultSwitch>
    </FaultPanel>
  );
}
