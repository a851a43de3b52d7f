/**
 * Features: `docs/features.md` answers what the systems that came before could do, row by row, and every
 * answer can be looked up.
 *
 * Layout   a row is `| id | what it is | ours | proved by |`. In `ours` whatever is in code font is a
 *          published name (`GpuHeap`), a public member of one (`GpuHeap.trim`), a value or a code (`'none'`,
 *          `over-budget`) or a door (`@gpuheap/core/ranges`). In `proved by` stand files of tests, each with
 *          names of tests in it, `[heap/heap]: *name*, *name*`, or `Reason:` and why there is nothing to
 *          prove. Where a file is stands at the end of the page: `[heap/heap]: ../packages/…`.
 * Promise  every wanted id has one row, but for those that are open, which have none; no row answers what
 *          nobody asked.
 * Refusal  whether a test proves what its row says is for people to judge.
 */
import { dirname, join } from 'node:path/posix';
import { PublishedNames } from './published-names.ts';
import { lineOf, type SourceFile, type Violation } from './source-file.ts';

const DOCUMENT = 'docs/features.md';
const ROW = /^\| *([A-Z]+-?\d+) *\|(.*)\|$/gm;
const PROOF = /\[([^\]]+)\]: (\*[^*]+\*(?:, \*[^*]+\*)*)/g;
const TARGET = /^\[([^\]]+)\]: (\S+)$/gm;
const PROVING =
  /^(packages\/[^/]+\/test\/.*\.test\.ts|packages\/testing\/src\/.*\.ts|scripts\/test\/.*\.ts)$/;
const CELLS = 3;
const LEAST_REASON = 20;

/** What the document has to answer. */
export interface WantedRows {
  readonly ids: readonly string[];
  /** Those of `ids` that have no answer yet. */
  readonly open: readonly string[];
}

/** What is wrong with the table of features. */
export function checkFeatures(files: readonly SourceFile[], { ids, open }: WantedRows): Violation[] {
  const text = files.find(({ path }) => path === DOCUMENT)?.text ?? '';
  const names = new PublishedNames(files);
  const proofs = new Proofs(text, files);
  const violations: Violation[] = [];
  const said = (line: number, what: string) => violations.push({ path: DOCUMENT, line, what });
  const seen = new Set<string>();
  for (const match of text.matchAll(ROW)) {
    const [, id = '', rest = ''] = match;
    const line = lineOf(text, match.index);
    if (seen.has(id)) said(line, `answers ${id} twice`);
    else if (!ids.includes(id)) said(line, `answers ${id}, which nobody asked`);
    else if (open.includes(id)) said(line, `answers ${id}; take it from the list of those that are open`);
    seen.add(id);
    const cells = rest.split('|').map((cell) => cell.trim());
    if (cells.length !== CELLS || cells.includes('')) {
      said(line, `has ${cells.length + 1} cells for ${id}, or an empty one; write id, what, ours, proof`);
      continue;
    }
    const [, ours = '', proof = ''] = cells;
    for (const complaint of [...judgeNames(ours, names), ...proofs.judge(proof)]) {
      said(line, `${id}: ${complaint}`);
    }
  }
  for (const id of ids) if (!seen.has(id) && !open.includes(id)) said(0, `does not answer ${id}`);
  for (const id of open) if (!ids.includes(id)) said(0, `${id} is open, and nobody asked it`);
  return violations;
}

function judgeNames(ours: string, names: PublishedNames): string[] {
  const words = [...ours.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);
  if (words.length === 0) return ['names nothing of ours'];
  return words.filter((word) => !names.has(word)).map((word) => `nothing of ours is called \`${word}\``);
}

/** The files of tests that the page names, by the words in brackets. */
class Proofs {
  private readonly files: readonly SourceFile[];
  private readonly paths = new Map<string, string>();

  constructor(text: string, files: readonly SourceFile[]) {
    this.files = files;
    for (const [, name = '', target = ''] of text.matchAll(TARGET)) {
      this.paths.set(name, join(dirname(DOCUMENT), target));
    }
  }

  judge(proof: string): string[] {
    const found = [...proof.matchAll(PROOF)];
    const linkCount = proof.match(/\[/g)?.length ?? 0;
    const complaints: string[] = [];
    if (linkCount !== found.length) complaints.push('has a file without the names of tests');
    if (linkCount === 0 && !(proof.startsWith('Reason: ') && proof.length >= LEAST_REASON)) {
      complaints.push('has neither a test nor a reason');
    }
    for (const [, name = '', tests = ''] of found) complaints.push(...this.judgeFile(name, tests));
    return complaints;
  }

  private judgeFile(name: string, tests: string): string[] {
    const path = this.paths.get(name);
    if (path === undefined) return [`the page does not say where [${name}] is`];
    const text = PROVING.test(path) ? this.files.find((file) => file.path === path)?.text : undefined;
    if (text === undefined) return [`there are no tests in ${path}`];
    const names = [...tests.matchAll(/\*([^*]+)\*/g)].map(([, test = '']) => test);
    // A name in a template may go on where its values begin.
    const missing = names.filter((test) => !text.includes(`'${test}'`) && !text.includes(`\`${test}`));
    return missing.map((test) => `no test in ${path} is called "${test}"`);
  }
}
