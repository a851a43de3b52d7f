import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type BlockModule, modulesOf } from '../blocks/blocks.ts';
import { readTree } from '../tidy/source-file.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
// The examples depend on every package that a document may import.
const folder = join(root, 'packages', 'examples', '.cache', 'blocks');
const documents = readTree(root, ['.md']).filter(({ path }) => !path.includes('/test/'));
const modules = documents.flatMap(modulesOf);

/** Compiles modules as a strict user would, all at once; answers what the compiler says. */
function compile(where: string, blocks: readonly BlockModule[]): string {
  rmSync(where, { recursive: true, force: true });
  mkdirSync(where, { recursive: true });
  for (const { fileName, text } of blocks) writeFileSync(join(where, fileName), text);
  const compilerOptions = { types: ['node', '@webgpu/types'], lib: ['es2023', 'esnext.disposable', 'dom'] };
  const config = {
    extends: '../../../../tsconfig.json',
    compilerOptions: { ...compilerOptions, noUnusedLocals: false },
    include: ['*.ts'],
  };
  writeFileSync(join(where, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(root, 'node_modules', '.bin', 'tsc');
  return spawnSync(tsc, ['-p', where, '--pretty', 'false'], { cwd: where, encoding: 'utf8' }).stdout;
}

beforeEach(() => {
  vi.spyOn(console, 'log').mockImplementation(() => undefined);
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe('code in documents', () => {
  let verdict = '';
  beforeAll(() => {
    verdict = compile(folder, modules);
  });

  it('is there', () => {
    expect(modules.map(({ origin }) => origin)).toContainEqual(expect.stringMatching(/^README\.md:/));
  });

  it('compiles', () => {
    expect(verdict).toBe('');
  });

  for (const { origin, fileName, runs } of modules) {
    if (!runs) continue;
    it(`runs: ${origin}`, async () => {
      await expect(import(join(folder, fileName))).resolves.toBeDefined();
    });
  }
});

describe('planted mistakes are caught', () => {
  const plant = (name: string, code: string): BlockModule[] =>
    modulesOf({ path: `${name}.md`, text: `# ${name}\n\n\`\`\`ts\n${code}\n\`\`\`\n` });
  const linear = (name: string, code: string): BlockModule[] =>
    plant(name, `import { Linear } from '@gpuheap/core/ranges';\n${code}`);
  const planted = [
    ...linear('wrong-type', "new Linear({ capacity: 'all' });"),
    ...linear('wrong-value', 'new Linear({ capacity: 8 }).capacity; // → 9'),
    ...linear('right-value', 'const a = new Linear({ capacity: 8 }).capacity; // → 8'),
    ...linear('wrong-error', 'new Linear({ capacity: 0 }); // throws bad-size'),
    ...linear('right-error', 'new Linear({ capacity: 0 }); // throws bad-capacity'),
  ];
  const where = join(root, 'packages', 'examples', '.cache', 'planted');
  let verdict = '';
  beforeAll(() => {
    verdict = compile(where, planted);
  });
  const run = (name: string): Promise<unknown> =>
    import(join(where, planted.find(({ fileName }) => fileName.startsWith(name))?.fileName ?? name));

  it('by the compiler', () => {
    expect(verdict).toMatch(/^wrong-type-md-4\.ts\(2,14\): error TS2322/);
    expect(verdict.trim().split('\n')).toHaveLength(1);
  });

  it('by running them', async () => {
    await expect(run('wrong-value')).rejects.toThrow(/8/);
    await expect(run('wrong-error')).rejects.toThrow(/bad-capacity/);
  });

  it('and correct claims pass', async () => {
    await expect(run('right-value')).resolves.toBeDefined();
    await expect(run('right-error')).resolves.toBeDefined();
  });

  it('a block without an import continues the one before', () => {
    const text = "```ts\nimport 'a';\n```\ntext\n\n```ts\nb();\n```\n\n```ts no-run\nimport 'c';\n```\n";
    const [first, second, ...rest] = modulesOf({ path: 'a.md', text });
    expect(rest).toEqual([]);
    expect(first?.text.split('\n').slice(0, 6)).toEqual(["import 'a';", '', '', '', '', 'b();']);
    expect([first?.runs, second?.runs]).toEqual([true, false]);
  });
});
