import { useMemo } from "react";
import { CardList } from "../components/CardList";
import { DropZone } from "../components/DropZone";
import { useFaults } from "../components/faults/useFaults";
import { Page } from "../components/Page";
import { useRemoval } from "../hooks/useRemoval";
import type { Journal } from "../journal";
import { BreakImages } from "./components/BreakImages";
import type { UploadFault } from "./components/BreakImages";
import { RoundTrip } from "./components/RoundTrip";
import { UploadCard } from "./components/UploadCard";
import { useUploads } from "./hooks/useUploads";
import { makeSampleImage } from "./sample";
import { CROWD, PACE_MS, SLOW_PACE_MS } from "./settings";
import { waitingBefore } from "./uploads";
import { CONNECTION_SAYS } from "./words";

export function App({ journal }: { journal: Journal }) {
  const { uploads, add, retry, remove } = useUploads();
  const { heading, onRemove } = useRemoval(remove);
  const faults = useFaults<UploadFault>();
  const followed = useMemo(
    () =>
      uploads
        .filter(({ phase }) => phase !== "unsent")
        .map(({ sessionId, name }) => ({ jobId: sessionId, name })),
    [uploads],
  );

  const send = (files: readonly File[]) => {
    const pace = faults.has("slow") ? SLOW_PACE_MS : PACE_MS;
    const fails = faults.has("failNext");
    add(files, (index) => ({ pace, fail: fails && index === 0 }));
    if (files.length > 0) faults.set("failNext", false);
  };
  const sendCrowd = async () => send(await Promise.all(Array.from({ length: CROWD }, makeSampleImage)));

  return (
    <Page
      title="jobwire images"
      says="Upload images and watch what is found in them, over one WebSocket each."
      words={CONNECTION_SAYS}
      side={<BreakImages faults={faults} onCrowd={sendCrowd} journal={journal} />}
      journal={journal}
      announced={followed}
    >
      <DropZone
        hint="JPEG, PNG, GIF, WebP, TIFF, HEIC or AVIF, up to 25 MiB"
        accept="image/*"
        makeSample={makeSampleImage}
        onFiles={send}
      />
      <CardList
        title="Uploads"
        aside={<RoundTrip />}
        empty="Nothing here yet. Each image becomes a session."
        items={uploads}
        keyOf={({ key }) => key}
        heading={heading}
      >
        {(upload) => (
          <UploadCard
            upload={upload}
            ahead={waitingBefore(upload, uploads)}
            onRetry={retry}
            onRemove={onRemove}
          />
        )}
      </CardList>
    </Page>
  );
}
