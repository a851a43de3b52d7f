/** Reference state: what the reference suballocator keeps, and its serialized form. */
import { UsageError } from '@gpuheap/core/errors';
import { type Handle, NO_SPACE, type RegionView, type SuballocatorState } from '@gpuheap/core/ranges';
import { isPositive } from './reference-arguments.ts';

/** A live or free range of the reference. Bytes. */
export interface ReferenceRange {
  readonly offset: number;
  readonly size: number;
  /** NO_SPACE when free. */
  readonly handle: Handle;
  /** Bytes asked for; 0 when free. */
  readonly requested: number;
}

/** Everything that tells one reference from another. */
export interface ReferenceContents {
  readonly list: readonly ReferenceRange[];
  readonly spans: readonly RegionView[];
  readonly ended: readonly Handle[];
  readonly marks: readonly number[];
  readonly indices: readonly (readonly [Handle, number])[];
  readonly figures: readonly number[];
}

const FIGURE_COUNT = 7;

/** Peak bytes and count, ranges given out and ended, bytes given out, splits, merges. */
export type Figures = [number, number, number, number, number, number, number];

/** The contents as plain data. */
export function writeContents(
  kind: string,
  granularity: number,
  contents: ReferenceContents,
): SuballocatorState {
  const parts = {
    list: Float64Array.from(contents.list.flatMap((each) => Object.values(each))),
    spans: Float64Array.from(contents.spans.flatMap(({ offset, size }) => [offset, size])),
    ended: Float64Array.from(contents.ended),
    marks: Float64Array.from(contents.marks),
    indices: Float64Array.from(contents.indices.flat()),
    figures: Float64Array.from(contents.figures),
  };
  return { format: 'gpuheap-suballocator', version: 1, kind, granularity, parts };
}

/** The contents of a state that `writeContents` made for this kind. @throws UsageError `bad-state` */
export function readContents(
  state: SuballocatorState,
  kind: string,
): { granularity: number; contents: ReferenceContents } {
  const given: Partial<SuballocatorState> | null = typeof state === 'object' ? state : null;
  const isOurs = given?.format === 'gpuheap-suballocator' && given.version === 1 && given.kind === kind;
  if (!isOurs || !isPositive(given.granularity) || typeof given.parts !== 'object' || given.parts === null) {
    throw new UsageError('bad-state', `not a state of a ${kind}; pass what serialize() answered`);
  }
  const { parts, granularity } = given;
  const contents: ReferenceContents = {
    list: rowsOf(parts['list'], 4).map(([offset = 0, size = 0, handle = 0, requested = 0]) => {
      return { offset, size, handle, requested };
    }),
    spans: rowsOf(parts['spans'], 2).map(([offset = 0, size = 0]) => ({ offset, size })),
    ended: rowsOf(parts['ended'], 1).flat(),
    marks: rowsOf(parts['marks'], 1).flat(),
    indices: rowsOf(parts['indices'], 2).map(([handle = 0, index = 0]) => [handle, index] as const),
    figures: rowsOf(parts['figures'], FIGURE_COUNT).flat(),
  };
  checkContents(contents, granularity);
  return { granularity, contents };
}

/** A part as rows of so many numbers. @throws UsageError `bad-state` */
function rowsOf(part: unknown, columns: number): number[][] {
  if (!(part instanceof Float64Array) || part.length % columns !== 0) {
    throw new UsageError('bad-state', `a part of the state is missing or has no rows of ${columns}`);
  }
  const rows: number[][] = [];
  for (let from = 0; from < part.length; from += columns) rows.push([...part.subarray(from, from + columns)]);
  return rows;
}

/** @throws UsageError `bad-state` unless all of it can be true at once */
function checkContents(contents: ReferenceContents, granularity: number): void {
  if (areSoundRanges(contents, granularity) && areSoundHandles(contents) && areSoundFigures(contents)) return;
  throw new UsageError('bad-state', 'the parts of the state contradict each other');
}

/** Whether the ranges are whole units and tile the regions. */
function areSoundRanges({ list, spans }: ReferenceContents, granularity: number): boolean {
  let region = 0;
  let reached = spans[0]?.offset ?? 0;
  for (const { offset, size, handle, requested } of list) {
    if (reached === endOf(spans[region]) && spans[region + 1] !== undefined) {
      region++;
      reached = spans[region]?.offset ?? 0;
    }
    const isWhole = isPositive(size) && size % granularity === 0 && offset % granularity === 0;
    const isHole = handle === NO_SPACE;
    const isAsked = isHole ? requested === 0 : isPositive(requested) && requested <= size;
    if (!isWhole || offset !== reached || !isAsked) return false;
    reached = offset + size;
    if (reached > endOf(spans[region])) return false;
  }
  const areInOrder = spans.every(({ offset, size }, i) => {
    const isWhole = isPositive(size) && size % granularity === 0 && offset % granularity === 0;
    return isWhole && offset >= endOf(spans[i - 1]);
  });
  return areInOrder && region >= spans.length - 1 && reached === endOf(spans.at(-1));
}

function endOf(span: RegionView | undefined): number {
  return span === undefined ? 0 : span.offset + span.size;
}

/** Whether every live range has a handle and an index of its own. */
function areSoundHandles({ list, ended, indices, marks }: ReferenceContents): boolean {
  const handles = list.filter(({ handle }) => handle !== NO_SPACE).map(({ handle }) => handle);
  const known = new Map(indices);
  return (
    [...handles, ...ended].every(isPositive) &&
    new Set([...handles, ...ended]).size === handles.length + ended.length &&
    indices.length === handles.length &&
    handles.every((handle) => known.has(handle)) &&
    new Set(known.values()).size === handles.length &&
    [...known.values(), ...marks].every((value) => Number.isSafeInteger(value) && value >= 0)
  );
}

/** Whether the figures since construction go with what is there. */
function areSoundFigures({ list, figures }: ReferenceContents): boolean {
  const live = list.filter(({ handle }) => handle !== NO_SPACE);
  const used = live.reduce((sum, { size }) => sum + size, 0);
  const [peakUsed, peakLiveCount, allocationCount, freeCount, allocatedBytes] = figures as Figures;
  return (
    figures.length === FIGURE_COUNT &&
    figures.every((figure) => Number.isInteger(figure) && figure >= 0) &&
    peakUsed >= used &&
    peakLiveCount >= live.length &&
    allocationCount - freeCount === live.length &&
    allocatedBytes >= used
  );
}
