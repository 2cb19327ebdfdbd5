import { usePosition } from "../hooks/usePosition";
import { positionNow, useKaraokePlayerStore } from "../stores/useKaraokePlayerStore";

const JUMP_SECONDS = 5;

export function timeInWords(seconds: number): string {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** Play, pause and the way through the song. */
export function Transport() {
  const { isPlaying, play, pause, seek, unconfirmed } = useKaraokePlayerStore();
  const position = usePosition();
  const jump = (by: number) => seek(Math.max(0, positionNow(useKaraokePlayerStore.getState()) + by));
  return (
    <div
      className="transport"
      data-playing={isPlaying}
      data-own={unconfirmed.includes("isPlaying") || unconfirmed.includes("currentTime")}
    >
      <button type="button" className="button" onClick={() => seek(0)}>
        <Icon path="M6 5v14M19 5.5v13L9 12z" />
        <span className="visually-hidden">To the beginning</span>
      </button>
      <button type="button" className="button" onClick={() => jump(-JUMP_SECONDS)}>
        −{JUMP_SECONDS}
        <span className="visually-hidden"> seconds</span>
      </button>
      <button type="button" className="button play" data-kind="primary" onClick={isPlaying ? pause : play}>
        <Icon path={isPlaying ? "M7 5h3v14H7zM14 5h3v14h-3z" : "M8 5l11 7-11 7z"} />
        {isPlaying ? "Pause" : "Play"}
      </button>
      <button type="button" className="button" onClick={() => jump(JUMP_SECONDS)}>
        +{JUMP_SECONDS}
        <span className="visually-hidden"> seconds</span>
      </button>
      <span className="position" data-seconds={position.toFixed(1)}>
        <span className="visually-hidden">Position </span>
        {timeInWords(position)}
      </span>
    </div>
  );
}

function Icon({ path }: { path: string }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}
