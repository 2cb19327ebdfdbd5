import { lyricsAt } from "../audio/lyrics";
import { usePosition } from "../hooks/usePosition";
import { useKaraokePlayerStore } from "../stores/useKaraokePlayerStore";

/** The words to sing. */
export function LyricsStage() {
  const size = useKaraokePlayerStore((state) => state.lyricsSize);
  const offset = useKaraokePlayerStore((state) => state.lyricsOffset);
  const { line, next } = lyricsAt(usePosition() - offset / 1000);
  return (
    <div className="stage" data-size={size}>
      <p className="stage-line">{line}</p>
      <p className="stage-next">{next}</p>
    </div>
  );
}
