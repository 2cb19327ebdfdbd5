import type { Analytics } from "../playlists";
import { count } from "../words";

/** What all playlists add up to. */
export function AnalyticsPanel({ analytics }: { analytics: Analytics | undefined }) {
  const figures: readonly (readonly [name: string, value: number | undefined])[] = [
    ["Playlists", analytics?.playlists],
    ["Tracks", analytics?.tracks],
    ["Enriched", analytics?.enriched],
    ["Followers", analytics?.followers],
    ["Streams", analytics?.totalStreams],
  ];
  return (
    <section className="panel" aria-labelledby="analytics-heading">
      <h2 id="analytics-heading">Analytics</h2>
      <dl className="inspector-facts analytics">
        {figures.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value === undefined ? "–" : count.format(value)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
