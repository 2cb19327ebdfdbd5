import type { Job } from "jobwire";
import { useJob } from "jobwire/react";
import { memo, useEffect } from "react";

interface BarProps {
  id: string;
  onJob: (job: Job) => void;
}

const Bar = memo(function Bar({ id, onJob }: BarProps) {
  const job = useJob(id);
  useEffect(() => onJob(job), [job, onJob]);
  return (
    <div className="bar">
      <div className="fill" style={{ transform: `scaleX(${(job.progress ?? 0) / 100})` }} />
    </div>
  );
});

export function Bars({ ids, onJob }: { ids: readonly string[]; onJob: BarProps["onJob"] }) {
  return (
    <div className="bars">
      {ids.map((id) => (
        <Bar key={id} id={id} onJob={onJob} />
      ))}
    </div>
  );
}
