/** Cache folder: where unpacked files are kept between runs. */
import { homedir } from 'node:os';
import { join } from 'node:path';

/** `$XDG_CACHE_HOME/gpuheap`, or `.cache/gpuheap` in the home folder. Not created here. */
export function defaultCacheFolder(): string {
  const cache = process.env['XDG_CACHE_HOME'];
  return join(cache !== undefined && cache !== '' ? cache : join(homedir(), '.cache'), 'gpuheap');
}
