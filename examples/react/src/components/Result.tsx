import type { Job } from "jobwire";
import type { LoadedResult } from "../hooks/useResult";
import type { Score } from "../score";
import { duration } from "../words";
import { UnsafeResult } from "./UnsafeResult";

type Fact = readonly [name: string, value: string];

function factsOf({ notes, measures, bpm }: Score, { durationSeconds, attempt }: Job): readonly Fact[] {
  return [
    ["notes", String(notes.length)],
    ["measures", String(measures)],
    ...(bpm === undefined ? [] : [["tempo", `${bpm} quarters a minute`] as const]),
    ...(durationSeconds === undefined ? [] : [["took", duration(durationSeconds * 1000)] as const]),
    ...(attempt > 1 ? [["attempt", String(attempt)] as const] : []),
  ];
}

interface ResultFactsProps {
  job: Job;
  name: string;
  /** Of the score. */
  url: string | undefined;
  loaded: LoadedResult<Score>;
}

export function ResultFacts({ job, name, url, loaded: { result, problem } }: ResultFactsProps) {
  if (!url) return job.unsafeResultUrl ? <UnsafeResult job={job} /> : <NoResult />;
  if (problem) return <p className="card-problem">{problem}</p>;
  if (!result) return <p className="card-message">Reading the score…</p>;
  return (
    <>
      <dl className="facts">
        {factsOf(result, job).map(([fact, value]) => (
          <div key={fact}>
            <dt>{fact}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {/* Of another server's address the browser shows the file instead of saving it: not in place of this page. */}
      <a
        className="result-link"
        href={url}
        target="_blank"
        rel="noreferrer"
        download={`${name.replace(/\.\w+$/, "")}.musicxml`}
      >
        Download the score<span className="visually-hidden"> of {name}</span> (MusicXML)
      </a>
    </>
  );
}

const NoResult = () => <p className="card-message">The server named no result.</p>;

/** The notes when they are known, else the file's extension; the same size in both cases. */
export function Thumbnail({ name, score }: { name: string; score?: Score }) {
  const extension = /\.([^.]{1,5})$/.exec(name)?.[1] ?? "file";
  return (
    <div className="thumb">
      {score ? (
        <Notes score={score} name={name} />
      ) : (
        <span aria-hidden="true">{extension.toUpperCase()}</span>
      )}
    </div>
  );
}

/** Above and below the notes, in semitones. */
const MARGIN = 2;
/** More are too many to be told apart, and to be drawn. */
const MOST_NOTES = 2000;

function Notes({ score: { notes: all, length }, name }: { score: Score; name: string }) {
  const notes = all.slice(0, MOST_NOTES);
  const pitches = notes.map(({ midi }) => midi);
  const [lowest, highest] = [Math.min(...pitches), Math.max(...pitches)];
  const height = notes.length > 0 ? highest - lowest + 1 + 2 * MARGIN : 1;
  return (
    <svg
      className="notes"
      viewBox={`0 0 ${length} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`The ${all.length} notes of ${name}`}
    >
      {notes.map(({ start, length: width, midi }) => (
        <rect key={start} x={start} y={highest - midi + MARGIN} width={width * 0.92} height={1} />
      ))}
    </svg>
  );
}
