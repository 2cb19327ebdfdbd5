import { Controls } from "./components/Controls";
import { Transport } from "./components/Transport";
import { usePerformance } from "./hooks/usePerformance";
import { useKaraokePlayerStore } from "./stores/useKaraokePlayerStore";

/** The controls alone, for a phone. */
export function Remote() {
  usePerformance();
  const connected = useKaraokePlayerStore((state) => state.connected);
  const problem = useKaraokePlayerStore((state) => state.problem);
  return (
    <main className="remote" data-connected={connected}>
      <header className="remote-head">
        <h1>Remote</h1>
        <p className="fresh" data-tone={connected ? "live" : "stale"} role="status">
          {connected ? "in step" : "not connected"}
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
