/** The words of the sample song; recordings of other people's bring none, and get these. */

const SECONDS_A_LINE = 2;

const LINES = [
  "A little light goes round the room",
  "And everybody hums the tune",
  "The wire sings, the lamps are low",
  "Wherever one goes, all will go",
  "A word gets lost, a word comes back",
  "The band is always on its track",
  "So take the voice, or let it be",
  "We end together, you and me",
] as const;

export interface Lyrics {
  readonly line: string;
  readonly next: string;
}

/** What is sung at a position, in seconds; lines repeat until the song is over. */
export function lyricsAt(seconds: number): Lyrics {
  const index = Math.max(0, Math.floor(seconds / SECONDS_A_LINE));
  const line = (at: number) => LINES[at % LINES.length] ?? "";
  return { line: line(index), next: line(index + 1) };
}
