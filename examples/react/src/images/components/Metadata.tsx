import { useResult } from "../../hooks/useResult";
import { factsOf } from "../metadata";
import type { ImageMetadata } from "../metadata";
import { resultUrl } from "../server";

/** What was found in the image of a session that is complete. */
export function Metadata({ sessionId, name }: { sessionId: string; name: string }) {
  const url = resultUrl(sessionId);
  const { result, problem } = useResult<ImageMetadata>(url);
  if (problem) return <p className="card-problem">{problem}</p>;
  if (!result) return <p className="card-message">Reading the metadata…</p>;
  return (
    <>
      <dl className="facts">
        {factsOf(result).map(([fact, value]) => (
          <div key={fact}>
            <dt>{fact}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {result.position && <p className="card-warning">The file tells where it was taken.</p>}
      <a className="result-link" href={url} target="_blank" rel="noreferrer">
        All that was found<span className="visually-hidden"> in {name}, in a new tab</span>
      </a>
    </>
  );
}
