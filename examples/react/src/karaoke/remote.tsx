import { Controls } from "./components/Controls";
import { Transport } from "./components/Transport";
import { usePerformance } from "./hooks/usePerformance";
import { hasJoined, useKaraokePlayerStore } from "./stores/useKaraokePlayerStore";

/** The controls alone, for a phone. */
export function Remote() {
  usePerformance();
  const isJoined = useKaraokePlayerStore(hasJoined);
  const problem = useKaraokePlayerStore((state) => state.problem);
  return (
    <main className="remote" data-joined={isJoined}>
      <header className="remote-head">
        <h1>Remote</h1>
        <p className="fresh" data-tone={isJoined ? "live" : "stale"} role="status">
          {isJoined ? "in step" : "not connected"}
        </p>
      </header>
      <Transport />
      <Controls />
      {problem && (
        <p className="card-problem" role="alert">
          {problem}
        </p>
      )}
    </main>
  );
}
