/** Adler-32, by which a text is known. The browser's own digests are for pages over HTTPS alone. */

const MODULUS = 65_521;

/** @param {string} text */
export function checksum(text) {
  let [sum, sums] = [1, 0];
  for (const byte of new TextEncoder().encode(text)) {
    sum = (sum + byte) % MODULUS;
    sums = (sums + sum) % MODULUS;
  }
  return sums * 65_536 + sum;
}
