import { useJobsClient } from "jobwire/react";
import type { ReactNode } from "react";
import type { Journal } from "../journal";
import { Announcer } from "./Announcer";
import type { Announced } from "./Announcer";
import { ConnectionInspector } from "./inspector/ConnectionInspector";
import { LogPanel } from "./LogPanel";
import { PageFrame } from "./PageFrame";
import type { PageFrameProps } from "./PageFrame";

interface PageProps extends Omit<PageFrameProps, "className"> {
  /** The page's own panels beside its content. */
  side: ReactNode;
  journal: Journal;
  /** The jobs whose ends screen readers are told. */
  announced: readonly Announced[];
}

/** A page whose content has panels beside it: its own, and what the client does. */
export function Page({ side, journal, announced, children, ...frame }: PageProps) {
  const client = useJobsClient();
  return (
    <>
      <PageFrame {...frame}>
        <div className="page-main">{children}</div>
        <div className="page-side">
          {side}
          <ConnectionInspector client={client} />
          <LogPanel journal={journal} />
        </div>
      </PageFrame>
      <Announcer items={announced} />
    </>
  );
}
