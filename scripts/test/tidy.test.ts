import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readTree } from '../tidy/source-file.ts';
import { judge, RULES } from '../tidy.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const core = 'packages/core/src';

/** For every rule, files that break it (the last one does), and what the verdict says. */
const PLANTED: readonly [rule: string, verdict: RegExp, ...files: [path: string, text: string][]][] = [
  [
    'core imports no floor above',
    /imports upward/,
    [`${core}/base/bits.ts`, "import { Tlsf } from '../ranges/tlsf.ts';"],
  ],
  [
    'core imports no floor above',
    /imports upward/,
    [`${core}/ranges/tlsf.ts`, "import type {\n  Chunk,\n} from '../memory/chunk.ts';"],
  ],
  [
    'core imports no floor above',
    /imports the door/,
    [`${core}/heap/heap.ts`, "import { Tlsf } from '../ranges/index.ts';"],
  ],
  ['core imports no floor above', /is on no floor/, [`${core}/cellar/rats.ts`, '']],
  [
    'packages import only along the map',
    /nothing outside itself/,
    [`${core}/base/bits.ts`, "import { join } from 'node:path';"],
  ],
  [
    'packages import only along the map',
    /core may import nothing/,
    [`${core}/heap/heap.ts`, "import { MockGpu } from '@gpuheap/mock';"],
  ],
  [
    'packages import only along the map',
    /webgpu may import core/,
    ['packages/webgpu/src/backend.ts', "export { openDawn } from '@gpuheap/dawn-node';"],
  ],
  [
    'packages import only along the map',
    /leaves the package/,
    ['packages/mock/src/gpu.ts', "import { Bits } from '../../core/src/base/bits.ts';"],
  ],
  [
    'packages import only along the map',
    /may not import tests/,
    ['packages/mock/src/gpu.ts', "import { seed } from '../test/seed.ts';"],
  ],
  [
    'packages import only along the map',
    /mock may import core/,
    ['packages/mock/src/gpu.ts', "type Door = import('@gpuheap/trace').Trace;"],
  ],
  ['core knows no host', /uses Date/, [`${core}/heap/heap.ts`, 'const now = Date.now();']],
  ['core knows no host', /uses Math.random/, [`${core}/heap/heap.ts`, 'x = Math.random();']],
  ['core knows no host', /uses GPUBuffer/, [`${core}/heap/heap.ts`, 'let buffer: GPUBuffer;']],
  ['core knows no host', /uses process/, [`${core}/heap/heap.ts`, "process.on('exit', end);"]],
  ['one word for one thing', /the word is: chunk/, [`${core}/memory/pool.ts`, '// A new arena is made.']],
  ['one word for one thing', /the word is: chunk/, ['docs/memory.md', 'Memory pages are big.']],
  ['one word for one thing', /the word is: defragment/, ['docs/memory.md', 'then we defrag']],
  ['one word for one thing', /issue/, [`${core}/memory/pool.ts`, '// TODO make it fast']],
  ['lines are short', /is 111 long/, [`${core}/base/bits.ts`, `// ${'x'.repeat(108)}`]],
  ['lines are short', /has 151 lines/, ['README.md', 'line\n'.repeat(151)]],
  ['sources have headers', /has no header/, [`${core}/base/bits.ts`, 'const one = 1;\n'.repeat(30)]],
  [
    'doors have no logic, files have names',
    /door with logic/,
    [`${core}/ranges/index.ts`, 'export const a = 1;'],
  ],
  ['doors have no logic, files have names', /says nothing/, ['packages/mock/src/utils.ts', '']],
  [
    'every error code is explained',
    /lacks a heading for `bad-size`/,
    [`${core}/base/errors.ts`, "export type UsageCode = 'bad-size';"],
    ['docs/errors.md', '# Errors'],
  ],
  [
    'every error code is explained',
    /explains `bad-luck`/,
    [`${core}/base/errors.ts`, "export type UsageCode =\n  | 'bad-size';"],
    ['docs/errors.md', '### `bad-size`\n### `bad-luck`'],
  ],
  [
    'every published name has a docstring',
    /exports b without/,
    [`${core}/index.ts`, "export {\n  a,\n  type b,\n} from './base/bits.ts';"],
    [`${core}/base/bits.ts`, '/** A. */\nexport const a = 1;\nexport type b = 1;\nexport const inner = 1;'],
  ],
  [
    'every published name has a docstring',
    /exports Bits without/,
    [`${core}/index.ts`, "export * from './base/bits.ts';"],
    [`${core}/base/bits.ts`, '/**\n * Bits.\n *\n * Cost     O(1).\n */\nexport class Bits {}'],
  ],
];

describe('tidy', () => {
  const files = readTree(root, ['.ts', '.mjs', '.md']);

  it('sees the whole tree', () => {
    expect(files.map((file) => file.path)).toContain('packages/core/src/base/errors.ts');
    expect(files.map((file) => file.path)).toContain('scripts/setup.mjs');
  });

  for (const [name, rule] of Object.entries(RULES)) {
    it(name, () => {
      expect(judge(rule, files)).toEqual([]);
    });
  }
});

describe('planted violations are caught', () => {
  for (const [name, verdict, ...planted] of PLANTED) {
    it(`${name}: ${verdict.source}`, () => {
      const rule = RULES[name];
      if (rule === undefined) throw new Error(`no rule is called ${name}`);
      const said = judge(
        rule,
        planted.map(([path, text]) => ({ path, text })),
      );
      expect(said).toEqual([expect.stringMatching(verdict)]);
    });
  }

  it('by every rule', () => {
    expect(Object.keys(RULES).filter((name) => !PLANTED.some(([rule]) => rule === name))).toEqual([]);
  });
});

describe('innocent code passes', () => {
  const innocent = [
    "import type { Handle } from '../base/quantities.ts';",
    '// A request that updates the document of dates: pageless, defragmented, suballocated.',
    '/** Two overloads, one docstring. */',
    'export function find(size: number): number;',
    'export function find(size: string): number;',
    "const text = 'process.exit';",
  ].join('\n');

  for (const [name, rule] of Object.entries(RULES)) {
    if (name === 'every error code is explained') continue;
    it(name, () => {
      expect(judge(rule, [{ path: `${core}/ranges/tlsf.ts`, text: innocent }])).toEqual([]);
    });
  }
});
