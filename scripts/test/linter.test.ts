import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The text of a test that the runner leaves out, or runs alone: the linter must refuse it. */
function testThatIs(modifier: 'skip' | 'only'): string {
  return `it.${modifier}('a', () => {});`;
}

/** The rules of the house that the linter checks, each with a file that breaks it. */
const PLANTED: readonly [rule: string, path: string, text: string][] = [
  ['style/noDefaultExport', 'packages/mock/src/a.ts', 'export default 1;'],
  ['style/noExcessiveLinesPerFile', 'packages/mock/src/long.ts', 'f();\n'.repeat(401)],
  [
    'complexity/noExcessiveLinesPerFunction',
    'packages/mock/src/b.ts',
    `f(() => {\n${'f();\n'.repeat(51)}});`,
  ],
  ['style/useFilenamingConvention', 'packages/mock/src/badName.ts', 'f();'],
  ['suspicious/noExplicitAny', 'packages/mock/src/c.ts', 'export let a: any;'],
  ['suspicious/noSkippedTests', 'packages/mock/test/a.test.ts', testThatIs('skip')],
  ['suspicious/noFocusedTests', 'packages/mock/test/b.test.ts', testThatIs('only')],
  ['suspicious/noImportCycles', 'packages/mock/src/d.ts', "export { e } from './e.ts';\nexport const d = 1;"],
  [
    'suspicious/noImportCycles',
    'packages/mock/src/e.ts',
    "export type { d } from './d.ts';\nexport const e = 1;",
  ],
  ['suspicious/noBitwiseOperators', 'packages/core/src/heap/f.ts', 'export const f = (a: number) => a << 2;'],
];

let folder = '';
let found: string[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gpuheap-linter-'));
  const config = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8'));
  // The planted tree is no git repository.
  const { $schema: _, vcs: __, ...rest } = config;
  writeFileSync(join(folder, 'biome.json'), JSON.stringify(rest));
  for (const [, path, text] of PLANTED) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const biome = join(root, 'node_modules', '.bin', 'biome');
  const { stdout } = spawnSync(biome, ['lint', '--reporter=json', '--max-diagnostics=none', '.'], {
    cwd: folder,
    encoding: 'utf8',
  });
  const report: { diagnostics: { category: string; severity: string; location: { path: string } }[] } =
    JSON.parse(stdout);
  // `npm test` runs the linter with --error-on-warnings.
  const fatal = report.diagnostics.filter(({ severity }) => ['error', 'warning'].includes(severity));
  found = fatal.map(({ category, location }) => `${category} ${location.path}`);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

for (const [rule, path] of PLANTED) {
  it(`the linter refuses ${path} by ${rule}`, () => {
    expect(found).toContain(`lint/${rule} ${path}`);
  });
}
