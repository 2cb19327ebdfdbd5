import { Switch } from "../../components/Switch";
import type { Journal } from "../../journal";
import { cutSockets } from "../server";

interface BreakPlaylistsProps {
  isFailing: boolean;
  onFailing: (isFailing: boolean) => void;
  journal: Journal;
}

export function BreakPlaylists({ isFailing, onFailing, journal }: BreakPlaylistsProps) {
  const cut = async () => {
    try {
      await cutSockets();
      journal.add("you", "cut every WebSocket");
    } catch (error) {
      journal.add("you", error instanceof Error ? error.message : String(error), "error");
    }
  };
  return (
    <section className="panel" aria-labelledby="break-heading">
      <h2 id="break-heading">Break it</h2>
      <ul className="faults">
        <li>
          <div className="fault">
            <button type="button" className="button" aria-describedby="cut-says" onClick={cut}>
              Cut the connection
            </button>
            <p id="cut-says">The WebSocket drops; what was missed is read again once it is back.</p>
          </div>
        </li>
        <li>
          <Switch label="Make the next enrichment fail" on={isFailing} onChange={onFailing}>
            It fails behind its first phase, and says why.
          </Switch>
        </li>
      </ul>
    </section>
  );
}
