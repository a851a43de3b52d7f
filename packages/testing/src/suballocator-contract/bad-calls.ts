/**
 * Bad calls: for every method that takes an argument, calls that must be refused with a typed error, the same
 * for every kind.
 */
import { type Handle, MAX_ALIGNMENT, type Suballocator } from '@gpuheap/core/ranges';
import { BAD_HANDLES, BAD_INTEGERS, FORGED_HANDLES, forgeriesOf } from './bad-values.ts';
import type { Books } from './books.ts';
import { shown } from './checks.ts';

/** One call, and the codes that it may be refused with. */
export interface BadCall {
  readonly method: keyof Suballocator;
  readonly args: readonly unknown[];
  readonly codes: readonly string[];
}

/** The call as a reader would write it. */
export function textOfCall({ method, args }: BadCall): string {
  return `${method}(${args.map(shown).join(', ')})`;
}

/** Makes the call. */
export function makeCall({ method, args }: BadCall, subject: Suballocator): unknown {
  return (subject[method] as (...given: unknown[]) => unknown).apply(subject, [...args]);
}

const MOST_BYTES = 2 ** 53 - 1;

/** Neither 0 nor a positive integer: no offset either. */
const BAD_OFFSETS = BAD_INTEGERS.filter((value) => value !== 0);
const BAD_ALIGNMENTS = [...BAD_INTEGERS, MAX_ALIGNMENT + 1, 2 ** 32, MOST_BYTES];
const BAD_LISTS: readonly unknown[] = [undefined, null, 16, '16', true, 16n, {}, { length: 0 }, () => []];
const BAD_REQUESTS: readonly unknown[] = [undefined, null, 16, '16', true, 16n, [], [16], () => 16];

/** What there is to know when a bad call is made up. */
type Source = (subject: Suballocator, books: Books) => BadCall[];

const SOURCES: readonly Source[] = [
  badRequests,
  badLists,
  badStrategies,
  badPlaces,
  forgedHandles,
  staleHandles,
  badResizes,
  badCapacities,
  badRegions,
  badMarks,
];

/**
 * Everything that this subject must refuse now; the books say what lives, what has ended, what is managed.
 */
export function badCallsOn(subject: Suballocator, books: Books): BadCall[] {
  return SOURCES.flatMap((source) => source(subject, books));
}

/** Stale handles come most often: they depend most on what happened before. */
const WEIGHED_SOURCES: readonly Source[] = [...SOURCES, staleHandles, staleHandles, staleHandles];

/** One of them, or none when the dice fall on what the subject has no method for. */
export function badCallOn(subject: Suballocator, books: Books, pick: number): BadCall | undefined {
  const source = WEIGHED_SOURCES[pick % WEIGHED_SOURCES.length] as Source;
  const calls = source(subject, books);
  return calls[Math.floor(pick / WEIGHED_SOURCES.length) % Math.max(1, calls.length)];
}

function refusal(method: keyof Suballocator, args: readonly unknown[], ...codes: readonly string[]): BadCall {
  return { method, args, codes };
}

function badRequests(subject: Suballocator): BadCall[] {
  const sizes = [...BAD_INTEGERS, undefined];
  return [
    ...sizes.flatMap((size) => [
      refusal('allocate', [size], 'bad-size'),
      refusal('allocate', [size, subject.granularity], 'bad-size'),
      refusal('allocate', [size, Number.NaN], 'bad-size', 'bad-alignment'),
    ]),
    ...BAD_ALIGNMENTS.flatMap((alignment) => [
      refusal('allocate', [1, alignment], 'bad-alignment'),
      // Refused too where nothing would fit anyway.
      refusal('allocate', [MOST_BYTES, alignment], 'bad-alignment'),
      refusal('largestAllocatable', [alignment], 'bad-alignment'),
    ]),
  ];
}

function badLists(): BadCall[] {
  const good = { size: 1 };
  return [
    ...BAD_LISTS.map((list) => refusal('allocateMany', [list], 'bad-argument')),
    ...BAD_REQUESTS.flatMap((request) => [
      refusal('allocateMany', [[request]], 'bad-argument'),
      refusal('allocateMany', [[good, good, request]], 'bad-argument'),
    ]),
    ...BAD_INTEGERS.flatMap((size) => [
      refusal('allocateMany', [[{ size }]], 'bad-size'),
      // What comes before it would fit, what comes before that would not.
      refusal('allocateMany', [[good, { size }]], 'bad-size'),
      refusal('allocateMany', [[{ size: MOST_BYTES }, { size }]], 'bad-size'),
    ]),
    ...BAD_ALIGNMENTS.flatMap((alignment) => [
      refusal('allocateMany', [[{ size: 1, alignment }]], 'bad-alignment'),
      refusal('allocateMany', [[good, { size: MOST_BYTES, alignment }]], 'bad-alignment'),
    ]),
  ];
}

function badStrategies({ capabilities: { strategies } }: Suballocator): BadCall[] {
  const [strategy] = strategies;
  if (strategy === undefined) return [];
  const all = ['min-time', 'min-waste', 'min-offset', 'max-offset', '', 'best', 'MIN-TIME', 'toString'];
  const unknown = [
    ...all.filter((each) => !strategies.includes(each as typeof strategy)),
    undefined,
    null,
    0,
  ];
  return [
    ...unknown.map((each) => refusal('allocateBy', [each, 1], 'bad-argument')),
    ...[...BAD_INTEGERS, undefined].flatMap((size) =>
      strategies.map((each) => refusal('allocateBy', [each, size], 'bad-size')),
    ),
    ...BAD_ALIGNMENTS.flatMap((alignment) =>
      strategies.map((each) => refusal('allocateBy', [each, 1, alignment], 'bad-alignment')),
    ),
  ];
}

function badPlaces({ capabilities, granularity }: Suballocator): BadCall[] {
  if (!capabilities.allocateAt) return [];
  const between = granularity === 1 ? [] : [1, granularity - 1, granularity + 1];
  return [
    ...[...BAD_OFFSETS, undefined, ...between].flatMap((offset) => [
      refusal('allocateAt', [offset, 1], 'bad-offset'),
      refusal('allocateAt', [offset, 0], 'bad-offset', 'bad-size'),
    ]),
    ...[...BAD_INTEGERS, undefined].map((size) => refusal('allocateAt', [0, size], 'bad-size')),
  ];
}

/** The methods that take a handle, with what else they take. */
function handleCalls(subject: Suballocator, handle: unknown, code: string): BadCall[] {
  const calls = (['free', 'offsetOf', 'sizeOf', 'indexOf'] as const).map((method) =>
    refusal(method, [handle], code),
  );
  if (!subject.capabilities.resize) return calls;
  return [...calls, refusal('resize', [handle, 1], code), refusal('resize', [handle, 0], code, 'bad-size')];
}

function forgedHandles(subject: Suballocator, books: Books): BadCall[] {
  const newest = books.live.at(-1);
  const forged = [
    ...BAD_HANDLES,
    ...FORGED_HANDLES,
    ...(newest === undefined ? [] : forgeriesOf(newest.handle)),
  ].filter((value) => !books.given.has(value as Handle));
  return forged.flatMap((handle) => handleCalls(subject, handle, 'bad-handle'));
}

function staleHandles(subject: Suballocator, books: Books): BadCall[] {
  return books.ended.slice(-20).flatMap((handle) => handleCalls(subject, handle, 'stale-handle'));
}

function badResizes({ capabilities: { resize } }: Suballocator, { live }: Books): BadCall[] {
  const newest = live.at(-1);
  if (!resize || newest === undefined) return [];
  return [...BAD_INTEGERS, undefined].map((size) => refusal('resize', [newest.handle, size], 'bad-size'));
}

function badCapacities({ capabilities: { grow, shrinkTo } }: Suballocator, books: Books): BadCall[] {
  const { capacity, granularity, regions } = books;
  const isOne = regions.length === 1 && regions[0]?.offset === 0;
  const codes = isOne ? ['bad-capacity'] : ['bad-capacity', 'bad-region'];
  const bad = [...BAD_INTEGERS, undefined, ...(granularity === 1 ? [] : [1, granularity - 1])];
  const tooLong = 2 ** 31 * granularity;
  const less = [capacity - granularity, capacity - 1].filter((value) => value > 0);
  const more = [capacity + granularity, capacity + 2 * granularity, 2 * capacity + granularity];
  const moreRegions = isOne ? [] : [capacity, capacity + granularity];
  return [
    ...(grow ? [...bad, ...less, ...(tooLong <= MOST_BYTES ? [tooLong] : [])] : []).map((value) =>
      refusal('grow', [value], ...codes),
    ),
    ...(shrinkTo ? [...bad, ...more, MOST_BYTES] : []).map((value) => refusal('shrinkTo', [value], ...codes)),
    ...moreRegions.flatMap((value) => [
      ...(grow ? [refusal('grow', [value], 'bad-region')] : []),
      ...(shrinkTo ? [refusal('shrinkTo', [value], 'bad-region', 'bad-capacity')] : []),
    ]),
  ];
}

function badRegions({ capabilities: { track } }: Suballocator, books: Books): BadCall[] {
  if (!track) return [];
  const { granularity, regions } = books;
  const last = regions.at(-1);
  const end = last === undefined ? 0 : last.offset + last.size;
  const between = granularity === 1 ? [] : [1, granularity - 1, granularity + 1];
  const behind = Math.min(2 ** 31 * granularity, MOST_BYTES - (MOST_BYTES % granularity));
  return [
    ...[...BAD_OFFSETS, undefined, ...between].flatMap((offset) => [
      refusal('track', [offset, granularity], 'bad-offset'),
      refusal('untrack', [offset], 'bad-offset', 'bad-region'),
    ]),
    ...[...BAD_INTEGERS, undefined, ...between].map((size) => refusal('track', [end, size], 'bad-size')),
    ...regions.flatMap(({ offset, size }) => [
      refusal('track', [offset, size], 'bad-region'),
      refusal('track', [offset, granularity], 'bad-region'),
      refusal('track', [offset + size - granularity, 2 * granularity], 'bad-region'),
      refusal('untrack', [offset + granularity], 'bad-region'),
    ]),
    refusal('track', [behind, granularity], 'bad-region', 'bad-offset', 'bad-size'),
    refusal('untrack', [end + granularity], 'bad-region'),
    refusal('untrack', [behind], 'bad-region', 'bad-offset'),
  ].filter(({ method, args }) => method !== 'untrack' || !regions.some(({ offset }) => offset === args[0]));
}

function badMarks({ capabilities: { freeUpTo } }: Suballocator, { marks }: Books): BadCall[] {
  if (!freeUpTo) return [];
  // What is below the newest mark may be an older one, for all that a kind remembers.
  const newest = Math.max(0, ...marks.map(({ mark }) => mark));
  const later = [1, 2, 3, 1000, 2 ** 31, 2 ** 32].map((more) => newest + 2 ** 21 + more);
  const bad = [...BAD_OFFSETS, undefined, ...later, 2 ** 52, MOST_BYTES];
  return bad.map((mark) => refusal('freeUpTo', [mark], 'bad-argument'));
}
