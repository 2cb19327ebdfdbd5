import { useJobsClient } from "jobwire/react";
import type { ReactNode } from "react";
import { ConnectionBadge } from "./ConnectionBadge";
import type { BadgeWords } from "./ConnectionBadge";
import { AuditPanel } from "./inspector/AuditPanel";
import { PageHeader } from "./PageHeader";

export interface PageFrameProps {
  title: string;
  says: string;
  /** The connection's states in this page's words. */
  words?: BadgeWords;
  className?: string;
  /** The page's columns. */
  children: ReactNode;
}

/** What is around the columns of every page. */
export function PageFrame({ title, says, words = {}, className = "", children }: PageFrameProps) {
  const client = useJobsClient();
  return (
    <>
      <PageHeader title={title} says={says}>
        <ConnectionBadge words={words} />
      </PageHeader>
      <main className={`page-columns ${className}`.trim()}>
        {children}
        <AuditPanel client={client} />
      </main>
    </>
  );
}
