/** Bytes as people read them, in steps of 1,024. */
import { checkInteger } from '../base/check.ts';

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/**
 * `1536` as `1.50 KiB`; whole below 1,024. Rounded to two digits, up to the next unit where that makes 1,024.
 * @throws UsageError `bad-size` for what is not an integer from 0 on
 */
export function formatBytes(bytes: number): string {
  checkInteger(bytes, 'bytes', 0, Number.MAX_SAFE_INTEGER, 'bad-size');
  if (bytes < 1024) return `${bytes} B`;
  let value = bytes / 1024;
  let unit = 1;
  while (Number(value.toFixed(2)) >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value.toFixed(2)} ${UNITS[unit]}`;
}
