import { useConnection, useJobsClient } from "jobwire/react";
import { useCallback, useMemo, useRef, useState } from "react";
import { Announcer } from "../components/Announcer";
import { ConnectionBadge } from "../components/ConnectionBadge";
import { DropZone } from "../components/DropZone";
import { AuditPanel } from "../components/inspector/AuditPanel";
import { ConnectionInspector } from "../components/inspector/ConnectionInspector";
import { LogPanel } from "../components/LogPanel";
import { PageHeader } from "../components/PageHeader";
import type { Journal } from "../journal";
import { duration } from "../words";
import { BreakImages } from "./components/BreakImages";
import type { UploadFaults } from "./components/BreakImages";
import { UploadCard } from "./components/UploadCard";
import { useRoundTrip } from "./hooks/useRoundTrip";
import { useUploads } from "./hooks/useUploads";
import { makeSampleImage } from "./sample";
import { CROWD, PACE_MS, PING_MS, SLOW_PACE_MS } from "./settings";
import { waitingBefore } from "./uploads";
import { CONNECTION_SAYS } from "./words";

export function App({ journal }: { journal: Journal }) {
  const client = useJobsClient();
  const { state } = useConnection();
  const rttMs = useRoundTrip(PING_MS);
  const { uploads, add, retry, remove } = useUploads();
  const [faults, setFaults] = useState<UploadFaults>({ failNext: false, slow: false });
  const heading = useRef<HTMLHeadingElement>(null);
  const followed = useMemo(
    () =>
      uploads
        .filter(({ phase }) => phase !== "unsent")
        .map(({ sessionId, name }) => ({ jobId: sessionId, name })),
    [uploads],
  );

  const send = (files: readonly File[]) => {
    const pace = faults.slow ? SLOW_PACE_MS : PACE_MS;
    add(files, (index) => ({ pace, fail: faults.failNext && index === 0 }));
    if (files.length > 0) setFaults((before) => ({ ...before, failNext: false }));
  };
  const sendCrowd = async () => send(await Promise.all(Array.from({ length: CROWD }, makeSampleImage)));
  // Why it fails is in the connection's state.
  const connect = () => void client.connect().catch(() => {});
  const onRemove = useCallback(
    (key: string) => {
      remove(key);
      // The button that had the focus is gone; the keyboard goes on from the list's heading.
      heading.current?.focus();
    },
    [remove],
  );

  return (
    <>
      <PageHeader
        title="jobwire images"
        says="Upload images and watch what is found in them, over one WebSocket each."
      >
        <ConnectionBadge words={CONNECTION_SAYS} />
      </PageHeader>
      <main className="page-columns">
        <div className="page-main">
          <DropZone
            hint="JPEG, PNG, GIF, WebP, TIFF, HEIC or AVIF, up to 25 MiB"
            accept="image/*"
            makeSample={makeSampleImage}
            onFiles={send}
          />
          <section aria-labelledby="uploads-heading">
            <div className="panel-head">
              <h2 id="uploads-heading" ref={heading} tabIndex={-1}>
                Uploads {uploads.length > 0 && <span className="count">{uploads.length}</span>}
              </h2>
              {state === "failed" ? (
                <button type="button" className="button" onClick={connect}>
                  Connect again
                </button>
              ) : (
                <p className="hint" data-rtt={rttMs}>
                  Round trip: {rttMs === undefined ? "–" : duration(rttMs)}
                </p>
              )}
            </div>
            {uploads.length === 0 && <p className="empty">Nothing here yet. Each image becomes a session.</p>}
            <ul className="cards">
              {uploads.map((upload) => (
                <li key={upload.key}>
                  <UploadCard
                    upload={upload}
                    ahead={waitingBefore(upload, uploads)}
                    onRetry={retry}
                    onRemove={onRemove}
                  />
                </li>
              ))}
            </ul>
          </section>
        </div>
        <div className="page-side">
          <BreakImages faults={faults} onFaults={setFaults} onCrowd={sendCrowd} journal={journal} />
          <ConnectionInspector client={client} />
          <LogPanel journal={journal} />
        </div>
        <AuditPanel client={client} />
      </main>
      <Announcer items={followed} />
    </>
  );
}
