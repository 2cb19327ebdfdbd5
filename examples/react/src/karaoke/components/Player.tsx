import { usePosition } from "../hooks/usePosition";
import { useSongPlayer } from "../hooks/useSongPlayer";
import type { SongJob } from "../song";
import { hasJoined, useKaraokePlayerStore } from "../stores/useKaraokePlayerStore";
import { Controls } from "./Controls";
import { LyricsStage } from "./LyricsStage";
import { Slider } from "./Slider";
import { timeInWords, Transport } from "./Transport";

const SEEK_STEP_SECONDS = 0.1;

/** The main screen: the sound, the words, and all controls. */
export function Player({ song }: { song: SongJob | undefined }) {
  const { duration, problem, isBlocked, unblock } = useSongPlayer(song?.id);
  const isPlaying = useKaraokePlayerStore((state) => state.isPlaying);
  const isJoined = useKaraokePlayerStore(hasJoined);
  const failure = useKaraokePlayerStore((state) => state.problem);
  return (
    // Any touch of the player lets the browser sound.
    <section
      className="panel player"
      aria-labelledby="player-heading"
      data-joined={isJoined}
      onPointerDown={unblock}
      onKeyDown={unblock}
    >
      <h2 id="player-heading">Player</h2>
      <p className="player-song">{songInWords(song, duration)}</p>
      <LyricsStage />
      <Position duration={duration} />
      <Transport />
      {isBlocked && isPlaying && duration !== undefined && (
        <p className="player-blocked">
          <button type="button" className="button" onClick={unblock}>
            Let it sound
          </button>
          Another screen plays; this browser stays silent until you touch the page.
        </p>
      )}
      <Controls />
      {(problem ?? failure) && (
        <p className="card-problem" role="alert">
          {problem ?? failure}
        </p>
      )}
    </section>
  );
}

function songInWords(song: SongJob | undefined, duration: number | undefined): string {
  if (!song) return "No song yet: the first that is done comes here.";
  return duration === undefined ? `Loading ${song.title} …` : song.title;
}

function Position({ duration = 0 }: { duration: number | undefined }) {
  const seconds = Math.min(usePosition(), duration);
  const seek = useKaraokePlayerStore((state) => state.seek);
  const isOwn = useKaraokePlayerStore((state) => state.unconfirmed.includes("currentTime"));
  return (
    <Slider
      label="Position"
      name="currentTime"
      min={0}
      max={duration}
      step={SEEK_STEP_SECONDS}
      value={seconds}
      text={`${timeInWords(seconds)} of ${timeInWords(duration)}`}
      isOwn={isOwn}
      onChange={seek}
    />
  );
}
