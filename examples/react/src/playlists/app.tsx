import { useJobsClient } from "jobwire/react";
import { useCallback, useState } from "react";
import { Announcer } from "../components/Announcer";
import { ConnectionBadge } from "../components/ConnectionBadge";
import { DropZone } from "../components/DropZone";
import { AuditPanel } from "../components/inspector/AuditPanel";
import { ConnectionInspector } from "../components/inspector/ConnectionInspector";
import { LogPanel } from "../components/LogPanel";
import { PageHeader } from "../components/PageHeader";
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
  const client = useJobsClient();
  const { playlists, analytics } = useBoard(journal);
  const { jobs, send, enrichAgain } = useImports(journal);
  const [isFailing, setIsFailing] = useState(false);

  const onFiles = (files: readonly File[]) => {
    void send(files, { pace: PACE_MS, fail: isFailing });
    if (files.length > 0) setIsFailing(false);
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
    <>
      <PageHeader
        title="jobwire playlists"
        says="Import playlists and watch their tracks being enriched, over one WebSocket for all of it."
      >
        <ConnectionBadge words={CONNECTION_SAYS} />
      </PageHeader>
      <main className="page-columns">
        <div className="page-main">
          <DropZone
            hint="CSV files with the columns playlist_id, track_name and artist_name"
            accept=".csv,text/csv"
            makeSample={makeSampleCsv}
            onFiles={onFiles}
          />
          <section aria-labelledby="jobs-heading">
            <h2 id="jobs-heading">
              Imports and enrichments {jobs.length > 0 && <span className="count">{jobs.length}</span>}
            </h2>
            {jobs.length === 0 && <p className="empty">Nothing here yet. Each file becomes one of each.</p>}
            <ul className="cards">
              {jobs.map((job) => (
                <li key={job.jobId}>
                  <JobRow job={job} />
                </li>
              ))}
            </ul>
          </section>
          <PlaylistBoard playlists={playlists} onEnrich={onEnrich} onFollow={onFollow} />
        </div>
        <div className="page-side">
          <AnalyticsPanel analytics={analytics} />
          <ActivityFeed />
          <BreakPlaylists isFailing={isFailing} onFailing={setIsFailing} journal={journal} />
          <ConnectionInspector client={client} />
          <LogPanel journal={journal} />
        </div>
        <AuditPanel client={client} />
      </main>
      <Announcer items={jobs} />
    </>
  );
}
