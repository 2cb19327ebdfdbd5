import { useJobProgress } from "../hooks/useJobProgress";

/** The newest job in the tab's title, for those who look at another tab meanwhile. */
export function TabTitle({ jobId, name }: { jobId: string; name: string }) {
  const { progress, status } = useJobProgress(jobId);
  const state = status === "processing" ? `${Math.floor(progress)} %` : status;
  return <title>{`${state} · ${name} · jobwire`}</title>;
}
