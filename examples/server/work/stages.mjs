/** The stages of the work on a file, and how much of the progress bar each takes. */

/** @type {readonly { name: string, from: number, to: number }[]} progress 0–100 */
export const STAGES = [
  { name: "hash", from: 0, to: 40 },
  { name: "metadata", from: 40, to: 55 },
  { name: "thumbnail", from: 55, to: 92 },
  { name: "package", from: 92, to: 100 },
];
