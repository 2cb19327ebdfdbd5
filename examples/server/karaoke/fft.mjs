/** The fast Fourier transform, in place, of a length that is a power of two. */

/**
 * @param {number} size
 * @returns {(real: Float64Array, imaginary: Float64Array) => void} with the two swapped: the inverse, times `size`
 */
export function createFft(size) {
  const bits = Math.log2(size);
  const reversed = new Uint32Array(size);
  for (let index = 1; index < size; index += 1) {
    reversed[index] = (reversed[index >> 1] >> 1) | ((index & 1) << (bits - 1));
  }
  const angles = Array.from({ length: size / 2 }, (_, index) => (-2 * Math.PI * index) / size);
  const cosines = Float64Array.from(angles, Math.cos);
  const sines = Float64Array.from(angles, Math.sin);

  return (real, imaginary) => {
    for (let index = 0; index < size; index += 1) {
      const other = reversed[index];
      if (other <= index) continue;
      [real[index], real[other]] = [real[other], real[index]];
      [imaginary[index], imaginary[other]] = [imaginary[other], imaginary[index]];
    }
    for (let half = 1; half < size; half *= 2) {
      const stride = size / (2 * half);
      for (let start = 0; start < size; start += 2 * half) {
        for (let offset = 0; offset < half; offset += 1) {
          const low = start + offset;
          const high = low + half;
          const cosine = cosines[offset * stride];
          const sine = sines[offset * stride];
          const turnedReal = real[high] * cosine - imaginary[high] * sine;
          const turnedImaginary = real[high] * sine + imaginary[high] * cosine;
          real[high] = real[low] - turnedReal;
          imaginary[high] = imaginary[low] - turnedImaginary;
          real[low] += turnedReal;
          imaginary[low] += turnedImaginary;
        }
      }
    }
  };
}
