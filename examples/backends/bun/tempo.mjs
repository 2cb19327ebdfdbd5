/** The tempo of a recording: how far apart its loudness rises again and again. */

const SLOWEST_BPM = 60;
const FASTEST_BPM = 180;
/** Between a tempo and its double both fit; people tap along with the one that is nearer to this. */
const USUAL_BPM = 120;
/** Of the loudness' own variation: what repeats less than this is no beat. */
const LEAST_LIKENESS = 0.15;
const SHORTEST_SECONDS = 3;

/**
 * @param {readonly number[]} loudness of successive blocks
 * @param {number} rate blocks per second
 * @returns {number | null} beats a minute, or null where there is no beat to be found
 */
export function estimateTempo(loudness, rate) {
  if (loudness.length < SHORTEST_SECONDS * rate) return null;
  const rises = loudness.map((one, at) => Math.max(0, one - (loudness[at - 1] ?? one)));
  const mean = rises.reduce((sum, one) => sum + one, 0) / rises.length;
  const onsets = rises.map((one) => one - mean);
  const variation = onsets.reduce((sum, one) => sum + one * one, 0);
  if (variation === 0) return null;

  let best = { bpm: 0, weight: 0, likeness: 0 };
  for (let lag = Math.ceil((60 * rate) / FASTEST_BPM); lag <= (60 * rate) / SLOWEST_BPM; lag += 1) {
    let sum = 0;
    for (let at = lag; at < onsets.length; at += 1) sum += onsets[at] * onsets[at - lag];
    const likeness = ((sum / variation) * onsets.length) / (onsets.length - lag);
    const bpm = (60 * rate) / lag;
    const weight = likeness * Math.exp(-0.5 * Math.log2(bpm / USUAL_BPM) ** 2);
    if (weight > best.weight) best = { bpm, weight, likeness };
  }
  return best.likeness >= LEAST_LIKENESS ? Math.round(best.bpm) : null;
}
