/** 16-bit PCM in a WAV file. */

const HEADER_BYTES = 44;

/** `sampleOf` gives a value from -1 to 1 for each channel at a time in seconds. */
export function makeWav(
  seconds: number,
  sampleRate: number,
  channels: number,
  sampleOf: (time: number) => readonly number[],
): ArrayBuffer {
  const frames = Math.round(seconds * sampleRate);
  const frameBytes = channels * 2;
  const buffer = new ArrayBuffer(HEADER_BYTES + frames * frameBytes);
  const view = new DataView(buffer);
  const text = (at: number, word: string) => {
    for (let i = 0; i < word.length; i += 1) view.setUint8(at + i, word.charCodeAt(i));
  };
  text(0, "RIFF");
  view.setUint32(4, view.byteLength - 8, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * frameBytes, true);
  view.setUint16(32, frameBytes, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, frames * frameBytes, true);
  for (let frame = 0; frame < frames; frame += 1) {
    sampleOf(frame / sampleRate).forEach((sample, channel) =>
      view.setInt16(HEADER_BYTES + frame * frameBytes + channel * 2, Math.round(sample * 30_000), true),
    );
  }
  return buffer;
}
