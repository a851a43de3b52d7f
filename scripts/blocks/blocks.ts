/**
 * Blocks: the TypeScript in the project's documents, as modules that can be compiled and run.
 *
 * A block with an import begins a module; one without continues the module before it. A fence that says `ts
 * no-run` is compiled only. Comments at the end of a line are claims, and are checked where the module runs:
 *
 *            heap.statistics().chunkCount; // → 1
 *            mesh.free(); // throws dead-allocation
 *
 * Promise  a line of a document is a line of the module, so that what the compiler says can be found.
 */
import type { SourceFile } from '../tidy/source-file.ts';

/** One module made of the blocks of one document. */
export interface BlockModule {
  /** Where it begins: `README.md:12`. */
  readonly origin: string;
  /** A file name that tells where it came from. */
  readonly fileName: string;
  readonly text: string;
  /** Whether it may run without a browser. */
  readonly runs: boolean;
}

/** The modules in one document. */
export function modulesOf({ path, text }: SourceFile): BlockModule[] {
  const modules: { line: number; body: string; runs: boolean }[] = [];
  for (const match of text.matchAll(/^```ts( no-run)?\n([\s\S]*?)^```$/gm)) {
    const body = match[2] ?? '';
    const line = text.slice(0, match.index).split('\n').length + 1;
    const current = modules.at(-1);
    if (/^import\b/m.test(body) || current === undefined) {
      modules.push({ line, body, runs: match[1] === undefined });
    } else {
      const gap = line - current.line - current.body.split('\n').length + 1;
      current.body += '\n'.repeat(Math.max(0, gap)) + body;
    }
  }
  return modules.map(({ line, body, runs }) => ({
    origin: `${path}:${line}`,
    fileName: `${path.replace(/[^a-zA-Z0-9]+/g, '-')}-${line}.ts`.toLowerCase(),
    text: `${withChecks(body)}import { check, checkThrows } from '../../../../scripts/blocks/claims.ts';\nexport {};\n`,
    runs,
  }));
}

/** The text with its claims turned into calls of `check` and `checkThrows`. */
function withChecks(body: string): string {
  const lines = body.split('\n').map((line) => {
    const [, indent = '', code = '', claim = '', value = ''] =
      /^(\s*)(.*?);?\s*\/\/ (→|throws) (.*)$/.exec(line) ?? [];
    const expected = JSON.stringify(value.trim());
    if (claim === 'throws') return `${indent}await checkThrows(async () => { ${code}; }, ${expected});`;
    if (claim !== '→') return line;
    const declared = /^(?:const|let|using) (\w+)\b/.exec(code)?.[1];
    if (declared !== undefined) return `${indent}${code}; check(${declared}, ${expected});`;
    const logged = /^console\.log\((.*)\)$/.exec(code)?.[1];
    return `${indent}check(${logged ?? code}, ${expected});`;
  });
  return lines.join('\n');
}
