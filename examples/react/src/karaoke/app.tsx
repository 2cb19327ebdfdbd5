import { useJobsClient } from "jobwire/react";
import { useEffect } from "react";
import { DropZone } from "../components/DropZone";
import { useFaults } from "../components/faults/useFaults";
import { ConnectionInspector } from "../components/inspector/ConnectionInspector";
import { LogPanel } from "../components/LogPanel";
import { PageFrame } from "../components/PageFrame";
import type { Journal } from "../journal";
import { BreakRow } from "./components/BreakRow";
import type { SongFault } from "./components/BreakRow";
import { DoneShelf } from "./components/DoneShelf";
import { Player } from "./components/Player";
import { RemotePanel } from "./components/RemotePanel";
import { SendingSongs } from "./components/SendingSongs";
import { SongAnnouncer } from "./components/SongAnnouncer";
import { SongQueue } from "./components/SongQueue";
import { useDoneSongs } from "./hooks/useDoneSongs";
import { useJobsWebSocket } from "./hooks/useJobsWebSocket";
import { usePerformance } from "./hooks/usePerformance";
import { useSendSongs } from "./hooks/useSendSongs";
import { makeSampleSong } from "./sampleSong";
import { PACE_MS, SLOW_PACE_MS } from "./settings";
import { hasJoined, useKaraokePlayerStore } from "./stores/useKaraokePlayerStore";
import { CONNECTION_SAYS } from "./words";

export function App({ journal }: { journal: Journal }) {
  const client = useJobsClient();
  usePerformance();
  const { jobs, isConnected } = useJobsWebSocket();
  const done = useDoneSongs(isConnected);
  const { sending, send, forget } = useSendSongs();
  const faults = useFaults<SongFault>();
  const chosen = useKaraokePlayerStore((state) => state.songId);
  const setSong = useKaraokePlayerStore((state) => state.setSong);
  const isJoined = useKaraokePlayerStore(hasJoined);
  // The first that is done is there for all, and stays until somebody chooses another.
  const first = done[0]?.id;
  useEffect(() => {
    if (isJoined && chosen === null && first) setSong(first);
  }, [isJoined, chosen, first, setSong]);
  const song = done.find(({ id }) => id === chosen) ?? done[0];

  const sendFiles = (files: readonly File[]) => {
    const pace = faults.has("slow") ? SLOW_PACE_MS : PACE_MS;
    const fails = faults.has("failNext");
    files.forEach((file, index) => send(file, { pace, fail: fails && index === 0 }));
    if (files.length > 0) faults.set("failNext", false);
  };

  return (
    <>
      <PageFrame
        title="jobwire karaoke"
        says="Split a song into voice and music, and play it in step on every screen."
        words={CONNECTION_SAYS}
        className="karaoke-columns"
      >
        <div className="page-main">
          <DropZone
            hint="WAV files; they stay on this machine"
            accept=".wav,audio/wav"
            makeSample={makeSampleSong}
            onFiles={sendFiles}
          />
          <SendingSongs songs={sending} onForget={forget} />
          <SongQueue songs={jobs} isConnected={isConnected} />
          <DoneShelf songs={done} selectedId={song?.id} onSelect={setSong} />
        </div>
        <div className="page-main">
          <Player song={song} />
          <RemotePanel />
          <ConnectionInspector client={client} />
        </div>
        <BreakRow faults={faults} journal={journal} />
        <LogPanel journal={journal} />
      </PageFrame>
      <SongAnnouncer songs={jobs} isConnected={isConnected} />
    </>
  );
}
