import { useJobsClient } from "jobwire/react";
import { useCallback, useMemo, useRef, useState } from "react";
import { Announcer } from "./components/Announcer";
import { BreakPanel } from "./components/BreakPanel";
import type { Faults } from "./components/BreakPanel";
import { ConnectionBadge } from "./components/ConnectionBadge";
import { DropZone } from "./components/DropZone";
import { AuditPanel } from "./components/inspector/AuditPanel";
import { ConnectionInspector } from "./components/inspector/ConnectionInspector";
import { JobCard } from "./components/JobCard";
import { LogPanel } from "./components/LogPanel";
import { PageHeader } from "./components/PageHeader";
import { SendCard } from "./components/SendCard";
import { TabTitle } from "./components/TabTitle";
import { useItems } from "./hooks/useItems";
import { isJobItem } from "./items";
import type { JobItem } from "./items";
import type { Journal } from "./journal";
import { makeSample } from "./sample";
import type { ControlState } from "./server";
import { FAILING_STAGE, PACE_MS, SLOW_PACE_MS } from "./settings";

interface AppProps {
  control: ControlState | null;
  journal: Journal;
  restored: readonly JobItem[];
}

export function App({ control, journal, restored }: AppProps) {
  const client = useJobsClient();
  const { items, send, resend, remove } = useItems(restored);
  const [faults, setFaults] = useState<Faults>({ failNext: false, slow: false });
  const heading = useRef<HTMLHeadingElement>(null);
  const jobs = useMemo(() => items.filter(isJobItem), [items]);

  const sendFiles = (files: readonly File[]) => {
    let { failNext } = faults;
    send(files, () => {
      const fail = failNext ? FAILING_STAGE : undefined;
      failNext = false;
      return { pace: faults.slow ? SLOW_PACE_MS : PACE_MS, fail };
    });
    if (files.length > 0) setFaults((before) => ({ ...before, failNext }));
  };

  const dismiss = useCallback(
    (key: string) => {
      remove(key);
      // The button that had the focus is gone; the keyboard goes on from the list's heading.
      heading.current?.focus();
    },
    [remove],
  );

  return (
    <>
      {jobs[0] && <TabTitle jobId={jobs[0].jobId} name={jobs[0].name} />}
      <PageHeader
        title="jobwire transcription"
        says="Drop a recording and watch it become a score, whatever happens to the connection."
      >
        <ConnectionBadge />
      </PageHeader>
      <main className="page-columns">
        <div className="page-main">
          <DropZone
            hint="WAV recordings of up to five minutes"
            accept="audio/*"
            makeSample={makeSample}
            onFiles={sendFiles}
          />
          <section aria-labelledby="jobs-heading">
            <h2 id="jobs-heading" ref={heading} tabIndex={-1}>
              Jobs {items.length > 0 && <span className="count">{items.length}</span>}
            </h2>
            {items.length === 0 && <p className="empty">Nothing here yet. Each recording becomes a job.</p>}
            <ul className="cards">
              {items.map((item) => (
                <li key={item.key}>
                  {isJobItem(item) ? (
                    <JobCard item={item} onDismiss={dismiss} />
                  ) : (
                    <SendCard item={item} onResend={resend} onDismiss={dismiss} />
                  )}
                </li>
              ))}
            </ul>
          </section>
        </div>
        <div className="page-side">
          {control && <BreakPanel control={control} faults={faults} onFaults={setFaults} journal={journal} />}
          <ConnectionInspector client={client} />
          <LogPanel journal={journal} />
        </div>
        <AuditPanel client={client} />
      </main>
      <Announcer items={jobs} />
    </>
  );
}
