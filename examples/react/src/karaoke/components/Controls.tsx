import { LYRICS_SIZES } from "../stores/performance";
import { useKaraokePlayerStore } from "../stores/useKaraokePlayerStore";
import { Slider } from "./Slider";

const MOST_OFFSET_MS = 3000;
const OFFSET_STEP_MS = 100;

const VOLUMES = [
  { label: "Voice", name: "vocalVolume", set: "setVocalVolume" },
  { label: "Music", name: "instrumentalVolume", set: "setInstrumentalVolume" },
] as const;

const percent = (volume: number) => `${Math.round(volume * 100)} %`;

function offsetInWords(ms: number): string {
  if (ms === 0) return "as written";
  return `${(Math.abs(ms) / 1000).toFixed(1)} s ${ms > 0 ? "later" : "earlier"}`;
}

/** Volumes and lyrics: the same on every screen. */
export function Controls() {
  const state = useKaraokePlayerStore();
  const { lyricsSize, lyricsOffset, unconfirmed } = state;
  return (
    <div className="controls">
      {VOLUMES.map(({ label, name, set }) => (
        <Slider
          key={name}
          label={label}
          name={name}
          min={0}
          max={100}
          step={1}
          value={Math.round(state[name] * 100)}
          text={percent(state[name])}
          isOwn={unconfirmed.includes(name)}
          onChange={(value) => state[set](value / 100)}
        />
      ))}
      <Slider
        label="Lyrics come"
        name="lyricsOffset"
        min={-MOST_OFFSET_MS}
        max={MOST_OFFSET_MS}
        step={OFFSET_STEP_MS}
        value={lyricsOffset}
        text={offsetInWords(lyricsOffset)}
        isOwn={unconfirmed.includes("lyricsOffset")}
        onChange={state.setLyricsOffset}
      />
      <fieldset className="sizes" data-control="lyricsSize" data-own={unconfirmed.includes("lyricsSize")}>
        <legend>Lyrics size</legend>
        {LYRICS_SIZES.map((size) => (
          <label key={size}>
            <input
              type="radio"
              name="lyrics-size"
              value={size}
              checked={size === lyricsSize}
              onChange={() => state.setLyricsSize(size)}
            />
            <span>{size}</span>
          </label>
        ))}
      </fieldset>
    </div>
  );
}
