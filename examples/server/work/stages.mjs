/** The stages of each kind of work, and how much of the progress bar each takes. */

/** @typedef {"file" | "transcription"} Work */

/** @type {Readonly<Record<Work, readonly { name: string, from: number, to: number }[]>>} progress 0–100 */
export const STAGES = {
  file: [
    { name: "hash", from: 0, to: 40 },
    { name: "metadata", from: 40, to: 55 },
    { name: "thumbnail", from: 55, to: 92 },
    { name: "package", from: 92, to: 100 },
  ],
  transcription: [
    { name: "download", from: 0, to: 10 },
    { name: "separation", from: 10, to: 50 },
    { name: "transcription", from: 50, to: 90 },
    { name: "musicxml", from: 90, to: 100 },
  ],
};
