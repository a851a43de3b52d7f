/**
 * Features: `docs/features.md` answers what the systems that came before could do, row by row, and every answer
 * can be looked up.
 *
 * Layout   a row is `| id | what it is | ours | proved by |`. In `ours` every word in code font is a published
 *          name (`GpuHeap`), a public member of one (`GpuHeap.trim`), a value (`'none'`, `over-budget`) or a
 *          door (`@gpuheap/core/ranges`). In `proved by` stand links to files of tests, each with the names of
 *          tests in it, `[heap.test](path): *name*, *name*`, or `Reason:` and why there is nothing to prove.
 * Promise  every wanted id has one row, but for those that are open, which have none; no row answers what was
 *          not asked.
 * Refusal  whether a test proves what the row says is for people to judge. Reads declarations as the formatter
 *          leaves them: members of a published name begin two spaces in.
 */
import { dirname, join } from 'node:path/posix';
import { publishedNames } from './documents.ts';
import { codeOnly, isShipped, lineOf, type SourceFile, type Violation } from './source-file.ts';

const DOCUMENT = 'docs/features.md';
const ROW = /^\| *([A-Z]+-?\d+) *\|(.*)\|$/gm;
const PROOF = /\[[^\]]+\]\(([^)]+)\): (\*[^*]+\*(?:, \*[^*]+\*)*)/g;
const PROVING = /^(packages\/[^/]+\/test\/.*\.test\.ts|packages\/testing\/src\/.*\.ts|scripts\/test\/.*\.ts)$/;
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
  const names = new Names(files);
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
    for (const complaint of [...judgeNames(ours, names), ...judgeProof(proof, files)]) {
      said(line, `${id}: ${complaint}`);
    }
  }
  for (const id of ids) if (!seen.has(id) && !open.includes(id)) said(0, `does not answer ${id}`);
  for (const id of open) if (!ids.includes(id)) said(0, `${id} is open, and nobody asked it`);
  return violations;
}

function judgeNames(ours: string, names: Names): string[] {
  const words = [...ours.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);
  if (words.length === 0) return ['names nothing of ours'];
  return words.filter((word) => !names.has(word)).map((word) => `nothing of ours is called \`${word}\``);
}

function judgeProof(proof: string, files: readonly SourceFile[]): string[] {
  const found = [...proof.matchAll(PROOF)];
  const links = proof.match(/\]\(/g)?.length ?? 0;
  const complaints: string[] = [];
  if (links !== found.length) complaints.push('has a link without the names of tests');
  if (links === 0 && !(proof.startsWith('Reason: ') && proof.length >= LEAST_REASON)) {
    complaints.push('has neither a test nor a reason');
  }
  for (const [, link = '', tests = ''] of found) {
    const path = join(dirname(DOCUMENT), link);
    const file = files.find((each) => each.path === path);
    if (file === undefined || !PROVING.test(path)) {
      complaints.push(`there are no tests in ${path}`);
      continue;
    }
    for (const [, name = ''] of tests.matchAll(/\*([^*]+)\*/g)) {
      // A name in a template may go on where its values begin.
      const isThere = file.text.includes(`'${name}'`) || file.text.includes(`\`${name}`);
      if (!isThere) complaints.push(`no test in ${path} is called "${name}"`);
    }
  }
  return complaints;
}

interface Declaration {
  readonly text: string;
  /** The same without comments and strings. */
  readonly code: string;
}

/** The names that users can see, and their members. */
class Names {
  private readonly shipped: readonly SourceFile[];
  private readonly published = new Set<string>();
  private readonly declarations = new Map<string, Declaration[]>();

  constructor(files: readonly SourceFile[]) {
    this.shipped = files.filter(({ path }) => isShipped(path));
    const declaration = /^export (?:abstract |async )*(?:class|function\*?|const|interface|type) ([\w$]+)/gm;
    const published = publishedNames(files);
    for (const { path, text } of this.shipped) {
      const code = codeOnly(text);
      for (const { 1: name = '', index } of text.matchAll(declaration)) {
        const length = /\n[^\s>)]/.exec(code.slice(index))?.index;
        const end = length === undefined ? code.length : index + length;
        const declarations = this.declarations.get(name) ?? [];
        declarations.push({ text: text.slice(index, end), code: code.slice(index, end) });
        this.declarations.set(name, declarations);
        if (published.get(path)?.has(name) || published.get(path)?.has('*')) this.published.add(name);
      }
    }
  }

  /** Whether a word in code font is something of ours. */
  has(word: string): boolean {
    if (word.startsWith('@gpuheap/')) return this.hasDoor(word);
    if (/^'.*'$/.test(word)) return this.hasText(word);
    if (/^[a-z]+(-[a-z]+)+$/.test(word)) return this.hasText(`'${word}'`);
    const [, name = '', member] = /^([\w$]+)(?:\.([\w$]+))?$/.exec(word) ?? [];
    return this.published.has(name) && (member === undefined || this.hasMember(name, member, new Set()));
  }

  private hasDoor(word: string): boolean {
    const [, name = '', inner = ''] = word.split('/');
    const path = join('packages', name, 'src', inner, 'index.ts');
    return this.shipped.some((file) => file.path === path);
  }

  private hasText(literal: string): boolean {
    return this.shipped.some(({ text }) => text.includes(literal));
  }

  private hasMember(name: string, member: string, asked: Set<string>): boolean {
    if (asked.has(name)) return false;
    asked.add(name);
    const modifiers = '(?:readonly |static |override |abstract |async |get |set )*';
    const begins = new RegExp(`^ {2}${modifiers}${member}[?!]?[(:<,; =]`, 'gm');
    return (this.declarations.get(name) ?? []).some(({ text, code }) => {
      for (const { index } of code.matchAll(begins)) if (!isInternal(text.slice(0, index))) return true;
      // What stands before the braces: what it extends, implements or is made of, and the type of a constant.
      const [head = ''] = code.split('{', 1);
      const parents = [...head.matchAll(/\b[A-Z]\w*/g)].map(([parent]) => parent);
      return parents.some((parent) => this.hasMember(parent, member, asked));
    });
  }
}

/** Whether a text ends with a comment that keeps what follows from users. */
function isInternal(before: string): boolean {
  return before.trimEnd().endsWith('*/') && before.slice(before.lastIndexOf('/**')).includes('@internal');
}
