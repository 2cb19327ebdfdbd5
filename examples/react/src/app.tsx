import { useMemo } from "react";
import { BreakPanel } from "./components/BreakPanel";
import type { JobFault } from "./components/BreakPanel";
import { CardList } from "./components/CardList";
import { DropZone } from "./components/DropZone";
import { useFaults } from "./components/faults/useFaults";
import { JobCard } from "./components/JobCard";
import { Page } from "./components/Page";
import { SendCard } from "./components/SendCard";
import { TabTitle } from "./components/TabTitle";
import { useItems } from "./hooks/useItems";
import { useRemoval } from "./hooks/useRemoval";
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
  const { items, send, resend, remove } = useItems(restored);
  const { heading, onRemove } = useRemoval(remove);
  const faults = useFaults<JobFault>();
  const jobs = useMemo(() => items.filter(isJobItem), [items]);

  const sendFiles = (files: readonly File[]) => {
    const pace = faults.has("slow") ? SLOW_PACE_MS : PACE_MS;
    const fails = faults.has("failNext");
    send(files, (index) => ({ pace, fail: fails && index === 0 ? FAILING_STAGE : undefined }));
    if (files.length > 0) faults.set("failNext", false);
  };

  return (
    <>
      {jobs[0] && <TabTitle jobId={jobs[0].jobId} name={jobs[0].name} />}
      <Page
        title="jobwire transcription"
        says="Drop a recording and watch it become a score, whatever happens to the connection."
        side={control && <BreakPanel control={control} faults={faults} journal={journal} />}
        journal={journal}
        announced={jobs}
      >
        <DropZone
          hint="WAV recordings of up to five minutes"
          accept="audio/*"
          makeSample={makeSample}
          onFiles={sendFiles}
        />
        <CardList
          title="Jobs"
          empty="Nothing here yet. Each recording becomes a job."
          items={items}
          keyOf={({ key }) => key}
          heading={heading}
        >
          {(item) =>
            isJobItem(item) ? (
              <JobCard item={item} onDismiss={onRemove} />
            ) : (
              <SendCard item={item} onResend={resend} onDismiss={onRemove} />
            )
          }
        </CardList>
      </Page>
    </>
  );
}
