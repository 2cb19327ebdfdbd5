import { useJobsClient } from "jobwire/react";
import { useMemo, useState } from "react";
import { Announcer } from "../components/Announcer";
import { ConnectionBadge } from "../components/ConnectionBadge";
import { DropZone } from "../components/DropZone";
import { AuditPanel } from "../components/inspector/AuditPanel";
import { ConnectionInspector } from "../components/inspector/ConnectionInspector";
import { LogPanel } from "../components/LogPanel";
import { PageHeader } from "../components/PageHeader";
import type { Journal } from "../journal";
import { isTerminal } from "../words";
import { AnalysisPanel } from "./components/AnalysisPanel";
import { BreakSongs } from "./components/BreakSongs";
import type { SongFaults } from "./components/BreakSongs";
import { MessagesPanel } from "./components/MessagesPanel";
import { SongList } from "./components/SongList";
import { useLikedSongs } from "./context/LikedSongsContext";
import { makeBrokenSong, makeSampleSong } from "./sample";
import { PACE_MS, SLOW_PACE_MS } from "./settings";
import { CONNECTION_SAYS } from "./words";

export function App({ journal }: { journal: Journal }) {
  const client = useJobsClient();
  const { songs, job, isSending, problem, like, analyse } = useLikedSongs();
  const [faults, setFaults] = useState<SongFaults>({ slow: false, failNext: false, noTotal: false });
  const fresh = songs.filter(({ status }) => status === "liked").length;
  const isBusy = isSending || (job !== undefined && !isTerminal(job.status));
  const announced = useMemo(() => (job ? [{ jobId: job.id, name: "The analysis" }] : []), [job]);

  const start = () => {
    const { slow, failNext, noTotal } = faults;
    void analyse({ pace: slow ? SLOW_PACE_MS : PACE_MS, fail: failNext, total: !noTotal });
    setFaults((before) => ({ ...before, failNext: false }));
  };
  return (
    <>
      <PageHeader
        title="jobwire liked songs"
        says="Have your songs analysed and watch each of them, over one WebSocket."
      >
        <ConnectionBadge words={CONNECTION_SAYS} />
      </PageHeader>
      <main className="page-columns">
        <div className="page-main">
          <DropZone hint="WAV files" accept=".wav,audio/wav" makeSample={makeSampleSong} onFiles={like} />
          <section aria-labelledby="songs-heading">
            <div className="panel-head">
              <h2 id="songs-heading">
                Liked songs {songs.length > 0 && <span className="count">{songs.length}</span>}
              </h2>
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
        </div>
        <div className="page-side">
          <BreakSongs
            faults={faults}
            onFaults={setFaults}
            onBroken={async () => like([await makeBrokenSong()])}
            journal={journal}
          />
          <MessagesPanel journal={journal} />
          <ConnectionInspector client={client} />
          <LogPanel journal={journal} />
        </div>
        <AuditPanel client={client} />
      </main>
      <Announcer items={announced} />
    </>
  );
}
