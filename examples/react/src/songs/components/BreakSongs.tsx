import type { Dispatch, SetStateAction } from "react";
import { Switch } from "../../components/Switch";
import type { Journal } from "../../journal";
import { cutSockets } from "../server";

export interface SongFaults {
  slow: boolean;
  failNext: boolean;
  noTotal: boolean;
}

interface BreakSongsProps {
  faults: SongFaults;
  onFaults: Dispatch<SetStateAction<SongFaults>>;
  onBroken: () => void;
  journal: Journal;
}

export function BreakSongs({ faults, onFaults, onBroken, journal }: BreakSongsProps) {
  const set = (name: keyof SongFaults) => (on: boolean) => onFaults((before) => ({ ...before, [name]: on }));
  const cut = async () => {
    try {
      const { closed } = await cutSockets();
      journal.add("you", closed === 0 ? "no WebSocket was open" : "cut every WebSocket");
    } catch (error) {
      journal.add("you", error instanceof Error ? error.message : String(error), "error");
    }
  };
  return (
    <section className="panel" aria-labelledby="break-heading">
      <h2 id="break-heading">Break it</h2>
      <ul className="faults">
        <li>
          <Switch label="Slow analyses down" on={faults.slow} onChange={set("slow")}>
            Each song of the next one takes five seconds.
          </Switch>
        </li>
        <li>
          <div className="fault">
            <button type="button" className="button" aria-describedby="cut-says" onClick={cut}>
              Cut the connection
            </button>
            <p id="cut-says">Every WebSocket drops; the job is read over HTTP until one is back.</p>
          </div>
        </li>
        <li>
          <div className="fault">
            <button type="button" className="button" aria-describedby="broken-says" onClick={onBroken}>
              Like a broken song
            </button>
            <p id="broken-says">It fails by itself; the analysis goes on.</p>
          </div>
        </li>
        <li>
          <Switch label="Leave the total out" on={faults.noTotal} onChange={set("noTotal")}>
            Counts, but no percentage: none is made up.
          </Switch>
        </li>
        <li>
          <Switch label="Make the next analysis fail" on={faults.failNext} onChange={set("failNext")}>
            It stops after its first five songs.
          </Switch>
        </li>
      </ul>
    </section>
  );
}
