/** A suballocator without any GPU: words that come and go in a row of letters. */
import { NO_SPACE, Tlsf } from '@gpuheap/core/ranges';

const letters = new Array<string>(16).fill('·');
const ranges = new Tlsf({ capacity: letters.length });

function put(word: string): number {
  const handle = ranges.allocate(word.length);
  if (handle !== NO_SPACE) letters.splice(ranges.offsetOf(handle), word.length, ...word);
  console.log(handle === NO_SPACE ? `no room for ${word}` : letters.join(''));
  return handle;
}

const tree = put('tree');
put('cloud');
const river = put('river');
for (const handle of [tree, river]) {
  letters.fill('·', ranges.offsetOf(handle), ranges.offsetOf(handle) + ranges.sizeOf(handle));
  ranges.free(handle);
}
put('mountains');
put('lake');
const { free, largestFree } = ranges.statistics();
console.log(`${free} letters are free, ${largestFree} of them in a row`);
