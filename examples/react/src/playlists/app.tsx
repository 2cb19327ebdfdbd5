import { useCallback } from "react";
import { CardList } from "../components/CardList";
import { DropZone } from "../components/DropZone";
import { useFaults } from "../components/faults/useFaults";
import { Page } from "../components/Page";
import type { Journal } from "../journal";
import { ActivityFeed } from "./components/ActivityFeed";
import { AnalyticsPanel } from "./components/AnalyticsPanel";
import { BreakPlaylists } from "./components/BreakPlaylists";
import { JobRow } from "./components/JobRow";
import { PlaylistBoard } from "./components/PlaylistBoard";
import { useBoard } from "./hooks/useBoard";
import { useImports } from "./hooks/useImports";
import type { Playlist } from "./playlists";
import { makeSampleCsv } from "./sample";
import { setFollowers } from "./server";
import { PACE_MS } from "./settings";
import { CONNECTION_SAYS } from "./words";

export function App({ journal }: { journal: Journal }) {
  const { playlists, analytics } = useBoard(journal);
  const { jobs, send, enrichAgain } = useImports(journal);
  const faults = useFaults<"failNext">();

  const onFiles = (files: readonly File[]) => {
    void send(files, { pace: PACE_MS, fail: faults.has("failNext") });
    if (files.length > 0) faults.set("failNext", false);
  };
  const onEnrich = useCallback(
    ({ playlistId, name }: Playlist) => void enrichAgain(playlistId, name, PACE_MS),
    [enrichAgain],
  );
  const onFollow = useCallback(
    ({ playlistId, followers }: Playlist) =>
      void setFollowers(playlistId, followers + 1).catch((error: Error) =>
        journal.add("you", error.message, "error"),
      ),
    [journal],
  );

  return (
    <Page
      title="jobwire playlists"
      says="Import playlists and watch their tracks being enriched, over one WebSocket for all of it."
      words={CONNECTION_SAYS}
      side={
        <>
          <AnalyticsPanel analytics={analytics} />
          <ActivityFeed />
          <BreakPlaylists faults={faults} journal={journal} />
        </>
      }
      journal={journal}
      announced={jobs}
    >
      <DropZone
        hint="CSV files with the columns playlist_id, track_name and artist_name"
        accept=".csv,text/csv"
        makeSample={makeSampleCsv}
        onFiles={onFiles}
      />
      <CardList
        title="Imports and enrichments"
        empty="Nothing here yet. Each file becomes one of each."
        items={jobs}
        keyOf={({ jobId }) => jobId}
      >
        {(job) => <JobRow job={job} />}
      </CardList>
      <PlaylistBoard playlists={playlists} onEnrich={onEnrich} onFollow={onFollow} />
    </Page>
  );
}
