/** The pages of the demo site, one a system: a line each. */
export const PAGES: readonly (readonly [file: string, words: string])[] = [
  ["karaoke.html", "Karaoke"],
  ["index.html", "Transcription"],
  ["images.html", "Images"],
  ["songs.html", "Liked songs"],
  ["playlists.html", "Playlists"],
];
