import type { Job } from "jobwire";
import type { JobResult, LoadedResult } from "../hooks/useResult";
import { duration } from "../words";

type Fact = readonly [name: string, value: string];

const MOST_FACTS = 8;
const HASH_DIGITS = 8;

function valueInWords(name: string, value: unknown): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value !== "number") return typeof value === "string" ? value : JSON.stringify(value);
  if (name.endsWith("_seconds")) return duration(value * 1000);
  if (name === "sample_rate") return `${value / 1000} kHz`;
  return String(value);
}

function factsOf(result: JobResult, job: Job): readonly Fact[] {
  const told = Object.entries(result.metadata).map(([name, value]): Fact => {
    const words = name.replace(/_seconds$/, "").replaceAll("_", " ");
    return [words, valueInWords(name, value)];
  });
  const took = job.durationSeconds;
  return [
    ["format", result.format.toUpperCase()],
    ...told.slice(0, MOST_FACTS),
    ["SHA-256", `${result.sha256.slice(0, HASH_DIGITS)}…`],
    ...(took === undefined ? [] : [["took", duration(took * 1000)] as const]),
    ...(job.attempt > 1 ? [["attempt", String(job.attempt)] as const] : []),
  ];
}

export function ResultFacts({ job, loaded: { result, problem } }: { job: Job; loaded: LoadedResult }) {
  if (problem) return <p className="card-problem">{problem}</p>;
  if (!result) return <p className="card-message">Reading the result…</p>;
  return (
    <>
      <dl className="facts">
        {factsOf(result, job).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <a className="result-link" href={job.resultUrl} target="_blank" rel="noreferrer">
        Open the result<span className="visually-hidden"> of {result.filename} in a new tab</span>
      </a>
    </>
  );
}

/** The preview when there is one, else the file's extension; the same size in both cases. */
export function Thumbnail({ name, result }: { name: string; result?: JobResult }) {
  const extension = /\.([^.]{1,5})$/.exec(name)?.[1] ?? "file";
  return (
    <div className="thumb" data-kind={result?.thumbnail_kind}>
      {result ? (
        <img src={result.thumbnail} alt={`Preview of ${name} (${result.thumbnail_kind})`} />
      ) : (
        <span aria-hidden="true">{extension.toUpperCase()}</span>
      )}
    </div>
  );
}
