/** A CSV file of playlists that nobody has made. */
import { SAMPLE_ROWS } from "./settings";

const ADJECTIVES = ["Midnight", "Paper", "Golden", "Silent", "Distant", "Velvet"];
const NOUNS = ["Rivers", "Machines", "Gardens", "Letters", "Signals"];
const ARTISTS = ["Ada Lind", "The Copper Foxes", "Night Bus", "João Vale"];
const TRACKS_OF_A_PLAYLIST = 100;

const pick = (words: readonly string[], index: number) => words[index % words.length] ?? "";

function row(index: number): string {
  const playlist = Math.floor(index / TRACKS_OF_A_PLAYLIST);
  const track = `${pick(ADJECTIVES, index)} ${pick(NOUNS, index * 3)} ${index}`;
  const name = `${pick(ADJECTIVES, playlist)} mix ${playlist + 1}`;
  const streams = (index * 1_299_709) % 10_000_000;
  return [
    `Sample${String(playlist).padStart(16, "0")}`,
    track,
    pick(ARTISTS, index * 7),
    name,
    (playlist * 7919) % 100_000,
    streams,
  ].join(",");
}

export async function makeSampleCsv(): Promise<File> {
  const header = "playlist_id,track_name,artist_name,playlist_name,playlist_followers,streams";
  const lines = [header, ...Array.from({ length: SAMPLE_ROWS }, (_, index) => row(index)), ""];
  return new File([lines.join("\n")], "playlists.csv", { type: "text/csv" });
}
