import { CutButton } from "../../components/faults/CutButton";
import { FaultButton } from "../../components/faults/FaultButton";
import { FaultPanel } from "../../components/faults/FaultPanel";
import { FaultSwitch } from "../../components/faults/FaultSwitch";
import type { Faults } from "../../components/faults/useFaults";
import type { Journal } from "../../journal";
import { cutSockets } from "../server";

export type SongFault = "slow" | "failNext" | "noTotal";

interface BreakSongsProps {
  faults: Faults<SongFault>;
  onBroken: () => void;
  journal: Journal;
}

export function BreakSongs({ faults, onBroken, journal }: BreakSongsProps) {
  return (
    <FaultPanel>
      <FaultSwitch faults={faults} name="slow" label="Slow analyses down">
        Each song of the next one takes five seconds.
      </FaultSwitch>
      <CutButton cut={cutSockets} journal={journal}>
        Every WebSocket drops; the job is read over HTTP until one is back.
      </CutButton>
      <FaultButton label="Like a broken song" onClick={onBroken}>
        It fails by itself; the analysis goes on.
      </FaultButton>
      <FaultSwitch faults={faults} name="noTotal" label="Leave the total out">
        Counts, but no percentage: none is made up.
      </FaultSwitch>
      <FaultSwitch faults={faults} name="failNext" label="Make the next analysis fail">
        It stops after its first five songs.
      </FaultSwitch>
    </FaultPanel>
  );
}
