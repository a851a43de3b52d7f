import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkFeatures, type WantedRows } from '../tidy/features.ts';
import { readTree, type SourceFile } from '../tidy/source-file.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** `F-01`, `F-02` … from the first number to the last. */
function rows(letters: string, first: number, last: number): string[] {
  const digits = letters === 'A' ? 1 : 2;
  const dash = letters === 'A' ? '' : '-';
  const numbers = Array.from({ length: last - first + 1 }, (_, k) => `${first + k}`.padStart(digits, '0'));
  return numbers.map((number) => `${letters}${dash}${number}`);
}

const IDS: readonly string[] = [
  ...rows('F', 1, 27),
  ...rows('CH', 2, 13),
  ...rows('CH', 16, 33),
  ...rows('CH', 40, 40),
  ...rows('GA', 1, 38),
  ...rows('GG', 1, 28),
  ...rows('OTK', 1, 31),
  ...rows('OTK', 37, 37),
  ...rows('A', 1, 72),
];

/** Rows without an answer so far. Whoever answers one takes it from here; the test insists. */
const OPEN: readonly string[] = [];

/** What is said of a tree, a line each. */
function judge(files: readonly SourceFile[], wanted: WantedRows): string[] {
  return checkFeatures(files, wanted).map(({ path, line, what }) => `${path}:${line} ${what}`);
}

describe('features', () => {
  const files = readTree(root, ['.ts', '.md']);

  it('are answered, row by row, by names and tests that exist', () => {
    expect(judge(files, { ids: IDS, open: OPEN })).toEqual([]);
  });
});

const SOURCE = `export interface Ending {
  dispose(): void;
}

export class Heap implements Ending {
  /** Bytes. */
  get size(): number {
    return 1;
  }

  /** @internal */
  inner = 1;
  private hidden = 2;
}

export const Usage = {
  VERTEX: 32,
} as const;

export class Unseen {}
`;
const TESTS = `it('works', () => expect(code).toBe('bad-size'));
it(\`adds \${1} and 1\`, () => {});
`;
const PROOF = '[heap]: *works*';
const TARGETS = `
[heap]: ../packages/core/test/heap.test.ts
[gone]: ../packages/core/test/gone.test.ts
[source]: ../packages/core/src/heap.ts
`;

/** A small tree with one row for each pair of cells, F-01 and on, and a second table of `more`. */
function plant(cells: readonly (readonly [ours: string, proof: string])[], more = ''): SourceFile[] {
  const head = '| id | what it is | ours | proved by |\n|---|---|---|---|\n';
  const table = cells.map(([ours, proof], k) => `| F-0${k + 1} | a heap | ${ours} | ${proof} |\n`);
  const index = "export { Heap } from './heap.ts';\nexport * from './usage.ts';\n";
  return [
    { path: 'docs/features.md', text: `# Features\n\n${head}${table.join('')}${more}\n${TARGETS}` },
    { path: 'packages/core/src/index.ts', text: index },
    { path: 'packages/core/src/heap.ts', text: SOURCE.replace('Usage', 'Other') },
    { path: 'packages/core/src/usage.ts', text: SOURCE.replaceAll('Heap', 'Pool') },
    { path: 'packages/core/src/errors.ts', text: "export type Code = 'bad-size' | 'disposed';" },
    { path: 'packages/core/test/heap.test.ts', text: TESTS },
  ];
}

describe('planted rows', () => {
  it('that are right pass', () => {
    const right: [string, string][] = [
      ['`Heap`, and `Heap.size`', PROOF],
      ['`Heap.dispose`', `${PROOF}, *adds*; and [heap]: *works*`],
      ['`Usage.VERTEX`, `Pool`, `Ending`', PROOF],
      ["`bad-size`, `'disposed'`", PROOF],
      ['`@gpuheap/core`', 'Reason: nothing of this kind is there to be tested.'],
    ];
    expect(judge(plant(right), { ids: rows('F', 1, 6), open: ['F-06'] })).toEqual([]);
  });

  it.each([
    ['nothing of ours is called `Help`', '`Help`', PROOF],
    ['nothing of ours is called `Unheard`', '`Heap`, `Unheard`', PROOF],
    ['nothing of ours is called `Heap.length`', '`Heap.length`', PROOF],
    ['nothing of ours is called `Heap.inner`', '`Heap.inner`', PROOF],
    ['nothing of ours is called `Heap.hidden`', '`Heap.hidden`', PROOF],
    ['nothing of ours is called `Heap.VERTEX`', '`Heap.VERTEX`', PROOF],
    ['nothing of ours is called `Other`', '`Other`', PROOF],
    ['nothing of ours is called `bad-luck`', '`bad-luck`', PROOF],
    ["nothing of ours is called `'gone'`", "`'gone'`", PROOF],
    ['nothing of ours is called `@gpuheap/cellar`', '`@gpuheap/cellar`', PROOF],
    ['names nothing of ours', 'a heap', PROOF],
    ['is called "work"', '`Heap`', PROOF.replace('works', 'work')],
    ['is called "1 and 1"', '`Heap`', PROOF.replace('works', '1 and 1')],
    ['there are no tests in packages/core/test/gone.test.ts', '`Heap`', '[gone]: *works*'],
    ['there are no tests in packages/core/src/heap.ts', '`Heap`', '[source]: *works*'],
    ['does not say where [nowhere] is', '`Heap`', '[nowhere]: *works*'],
    ['a file without the names of tests', '`Heap`', '[heap]'],
    ['neither a test nor a reason', '`Heap`', 'it is plain'],
    ['neither a test nor a reason', '`Heap`', 'Reason: why?'],
    ['4 cells for F-01, or an empty one', '', PROOF],
    ['5 cells for F-01', '`Heap` | more', PROOF],
  ])('fail: %s', (verdict, ours, proof) => {
    const said = judge(plant([[ours, proof]]), { ids: ['F-01'], open: [] });
    expect(said).toEqual([expect.stringContaining(verdict)]);
    expect(said[0]).toMatch(/^docs\/features\.md:5 /);
  });

  it.each([
    ['does not answer F-02', rows('F', 1, 2), [], ''],
    ['answers F-01, which nobody asked', [], [], ''],
    ['answers F-01; take it from the list', ['F-01'], ['F-01'], ''],
    ['answers F-01 twice', ['F-01'], [], `\n| F-01 | again | \`Heap\` | ${PROOF} |\n`],
    ['F-03 is open, and nobody asked it', ['F-01'], ['F-03'], ''],
  ])('fail as a whole: %s', (verdict, ids, open, more) => {
    expect(judge(plant([['`Heap`', PROOF]], more), { ids, open })).toEqual([
      expect.stringContaining(verdict),
    ]);
  });

  it('are missed when the whole page is', () => {
    expect(judge([], { ids: ['F-01'], open: [] })).toEqual(['docs/features.md:0 does not answer F-01']);
  });
});
