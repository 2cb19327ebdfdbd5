import { useMemo } from "react";
import { CountedHeading } from "../components/CountedHeading";
import { DropZone } from "../components/DropZone";
import { useFaults } from "../components/faults/useFaults";
import { Page } from "../components/Page";
import type { Journal } from "../journal";
import { isTerminal } from "../words";
import { AnalysisPanel } from "./components/AnalysisPanel";
import { BreakSongs } from "./components/BreakSongs";
import type { SongFault } from "./components/BreakSongs";
import { MessagesPanel } from "./components/MessagesPanel";
import { SongList } from "./components/SongList";
import { useLikedSongs } from "./context/LikedSongsContext";
import { makeBrokenSong, makeSampleSong } from "./sample";
import { PACE_MS, SLOW_PACE_MS } from "./settings";
import { CONNECTION_SAYS } from "./words";

export function App({ journal }: { journal: Journal }) {
  const { songs, job, isSending, problem, like, analyse } = useLikedSongs();
  const faults = useFaults<SongFault>();
  const fresh = songs.filter(({ status }) => status === "liked").length;
  const isBusy = isSending || (job !== undefined && !isTerminal(job.status));
  const announced = useMemo(() => (job ? [{ jobId: job.id, name: "The analysis" }] : []), [job]);

  const start = () => {
    void analyse({
      pace: faults.has("slow") ? SLOW_PACE_MS : PACE_MS,
      fail: faults.has("failNext"),
      total: !faults.has("noTotal"),
    });
    faults.set("failNext", false);
  };
  return (
    <Page
      title="jobwire liked songs"
      says="Have your songs analysed and watch each of them, over one WebSocket."
      words={CONNECTION_SAYS}
      side={
        <>
          <BreakSongs
            faults={faults}
            onBroken={async () => like([await makeBrokenSong()])}
            journal={journal}
          />
          <MessagesPanel journal={journal} />
        </>
      }
      journal={journal}
      announced={announced}
    >
      <DropZone hint="WAV files" accept=".wav,audio/wav" makeSample={makeSampleSong} onFiles={like} />
      <section aria-labelledby="songs-heading">
        <div className="panel-head">
          <CountedHeading id="songs-heading" title="Liked songs" count={songs.length} />
          <button
            type="button"
            className="button"
            data-kind="primary"
            disabled={isBusy || fresh === 0}
            onClick={start}
          >
            {isBusy
              ? "Analysing …"
              : fresh === 0
                ? "Analyse"
                : `Analyse ${fresh} ${fresh === 1 ? "song" : "songs"}`}
          </button>
        </div>
        {problem && (
          <p className="card-problem" role="alert">
            {problem}
          </p>
        )}
        <AnalysisPanel />
        {songs.length === 0 && <p className="empty">Nothing here yet. Like a few songs first.</p>}
        <SongList />
      </section>
    </Page>
  );
}
