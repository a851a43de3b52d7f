/** Picture: pixels as letters, so that one can see them. */

/** Letters of the colours, by their four bytes. */
const LETTERS: Readonly<Record<string, string>> = {
  '0 0 0 0': '.',
  '255 0 0 255': 'r',
  '0 255 0 255': 'g',
  '0 0 255 255': 'b',
};

/** A letter for each pixel, a line for each row of `width`; `?` for any other colour. */
export function drawLetters(pixels: Uint8Array, width: number): string[] {
  const lines: string[] = [];
  for (let at = 0; at < pixels.length; at += 4) {
    if (at % (4 * width) === 0) lines.push('');
    lines[lines.length - 1] += LETTERS[pixels.subarray(at, at + 4).join(' ')] ?? '?';
  }
  return lines;
}
