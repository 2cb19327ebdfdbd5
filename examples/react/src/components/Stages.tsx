import type { Job } from "jobwire";

/** The server's stages in their order. One that is not among them is shown after them. */
const STAGES: readonly (readonly [name: string, words: string])[] = [
  ["download", "Download"],
  ["separation", "Separation"],
  ["transcription", "Transcription"],
  ["musicxml", "MusicXML"],
];

const SAID = { done: "done", now: "in progress", failed: "failed", next: "to come" };

export function Stages({ job: { status, stage, error } }: { job: Job }) {
  const present = error?.stage ?? stage;
  const isOther = present !== undefined && present !== "queued" && !STAGES.some(([name]) => name === present);
  const stages = isOther ? [...STAGES, [present, present] as const] : STAGES;
  const at = stages.findIndex(([name]) => name === present);
  const stateOf = (index: number): keyof typeof SAID => {
    if (index < at) return "done";
    if (index > at) return "next";
    if (status === "failed") return "failed";
    return status === "running" ? "now" : "next";
  };
  return (
    <ol className="stages" aria-label="Stages">
      {stages.map(([name, words], index) => {
        const state = stateOf(index);
        return (
          <li key={name} data-state={state} aria-current={state === "now" ? "step" : undefined}>
            {words}
            <span className="visually-hidden">, {SAID[state]}</span>
          </li>
        );
      })}
    </ol>
  );
}
