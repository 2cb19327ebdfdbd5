import { clock } from "../../words";
import { useActivity } from "../hooks/useActivity";

export function ActivityFeed() {
  const entries = useActivity();
  return (
    <section className="panel" aria-labelledby="activity-heading">
      <h2 id="activity-heading">Activity</h2>
      <div className="log" tabIndex={0} role="region" aria-label="Activity, newest first">
        {entries.length === 0 && <p className="empty">Nothing since the page was opened.</p>}
        <ol className="activity">
          {entries.map(({ id, description, at }) => (
            <li key={id}>
              <time dateTime={at}>{clock.format(new Date(at))}</time>
              <span className="log-text">{description}</span>
            </li>
          ))}
        </ol>
      </div>
    </section>
  );
}
