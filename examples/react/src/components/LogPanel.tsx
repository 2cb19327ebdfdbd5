import { useSyncExternalStore } from "react";
import type { Journal } from "../journal";
import { clock } from "../words";

/** Not a live region: state changes are announced elsewhere, and everything else would be chatter. */
export function LogPanel({ journal }: { journal: Journal }) {
  const lines = useSyncExternalStore(journal.subscribe, () => journal.current);
  return (
    <section className="panel" aria-labelledby="log-heading">
      <div className="panel-head">
        <h2 id="log-heading">What the client did</h2>
        <button type="button" className="button" onClick={journal.clear}>
          Clear<span className="visually-hidden"> the log</span>
        </button>
      </div>
      {/* Scrolls, so the keyboard has to reach it. */}
      <div className="log" tabIndex={0} role="region" aria-label="Log, newest first">
        {lines.length === 0 && <p className="empty">Nothing yet.</p>}
        <ol>
          {lines.map(({ id, at, source, level, text }) => (
            <li key={id} data-level={level}>
              <time dateTime={new Date(at).toISOString()}>{clock.format(at)}</time>
              <span className="log-source">{source}</span>
              <span className="log-text">{text}</span>
            </li>
          ))}
        </ol>
      </div>
    </section>
  );
}
