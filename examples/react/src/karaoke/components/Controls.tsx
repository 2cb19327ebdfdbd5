import { LYRICS_SIZES } from "../stores/performance";
import { useKaraokePlayerStore } from "../stores/useKaraokePlayerStore";
import { Slider } from "./Slider";

const MOST_OFFSET_MS = 3000;
const OFFSET_STEP_MS = 100;

const percent = (volume: number) => `${Math.round(volume * 100)} %`;

function offsetInWords(ms: number): string {
  if (ms === 0) return "as written";
  return `${(Math.abs(ms) / 1000).toFixed(1)} s ${ms > 0 ? "later" : "earlier"}`;
}

/** Volumes and lyrics: the same on every screen. */
export function Controls() {
  const state = useKaraokePlayerStore();
  const { vocalVolume, instrumentalVolume, lyricsSize, lyricsOffset, unconfirmed } = state;
  return (
    <div className="controls">
      <Slider
        label="Voice"
        name="vocalVolume"
        min={0}
        max={100}
        step={1}
        value={Math.round(vocalVolume * 100)}
        text={percent(vocalVolume)}
        isOwn={unconfirmed.includes("vocalVolume")}
        onChange={(value) => state.setVocalVolume(value / 100)}
      />
      <Slider
        label="Music"
        name="instrumentalVolume"
        min={0}
        max={100}
        step={1}
        value={Math.round(instrumentalVolume * 100)}
        text={percent(instrumentalVolume)}
        isOwn={unconfirmed.includes("instrumentalVolume")}
        onChange={(value) => state.setInstrumentalVolume(value / 100)}
      />
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
