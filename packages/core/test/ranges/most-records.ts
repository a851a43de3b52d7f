/**
 * The end of a table, in tests: 2^21 - 1 records, or in the brief tier so few that a table is full at once.
 */
import type { Suballocator } from '@gpuheap/core/ranges';
import { scale } from '../../../testing/src/scale.ts';

const MOST_EVER: number = 2 ** 21 - 1;

/** Records that a table of `limited` holds. */
export const MOST_RECORDS: number = scale(MOST_EVER, MOST_EVER, 2 ** 10 - 1);

/** What a suballocator asks of its table. */
interface Table {
  readonly stride: number;
  readonly usedCells: number;
  takeFresh(): number;
  hasRecords(count: number): boolean;
}

/** The same suballocator, whose table ends after `MOST_RECORDS` records. */
export function limited<T extends Suballocator>(subject: T): T {
  if (MOST_RECORDS === MOST_EVER) return subject;
  const table = subject as unknown as Table;
  const takeFresh = table.takeFresh.bind(subject);
  const hasRecords = table.hasRecords.bind(subject);
  table.takeFresh = () => (table.usedCells / table.stride > MOST_RECORDS ? 0 : takeFresh());
  table.hasRecords = (count) => hasRecords(count + MOST_EVER - MOST_RECORDS);
  return subject;
}
