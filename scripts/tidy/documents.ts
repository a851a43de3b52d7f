/**
 * Documents and code say the same: every error code has a heading, every name that users see a docstring.
 */
import { dirname, join } from 'node:path/posix';
import { isShipped, lineOf, type SourceFile, type Violation } from './source-file.ts';

const ERRORS = 'packages/core/src/base/errors.ts';
const HEADINGS = 'docs/errors.md';

/** Codes of `errors.ts` without a heading in `docs/errors.md`, and headings without a code. */
export function checkErrorCodes(files: readonly SourceFile[]): Violation[] {
  const source = files.find((file) => file.path === ERRORS)?.text ?? '';
  const document = files.find((file) => file.path === HEADINGS)?.text ?? '';
  const codes = new Set<string>();
  for (const union of source.matchAll(/^export type \w+Code =([^;]*);/gm)) {
    for (const code of (union[1] ?? '').matchAll(/'([a-z-]+)'/g)) codes.add(code[1] ?? '');
  }
  const headings = new Set<string>();
  for (const heading of document.matchAll(/^### `([a-z-]+)`$/gm)) headings.add(heading[1] ?? '');
  const violations: Violation[] = [];
  for (const code of codes) {
    if (!headings.has(code))
      violations.push({ path: HEADINGS, line: 0, what: `lacks a heading for \`${code}\`` });
  }
  for (const heading of headings) {
    if (!codes.has(heading))
      violations.push({ path: HEADINGS, line: 0, what: `explains \`${heading}\`, which no error carries` });
  }
  if (codes.size === 0)
    violations.push({ path: ERRORS, line: 0, what: 'has no code that this rule can find' });
  return violations;
}

/** Names that a public door re-exports, declared without a docstring directly above. */
export function checkDocstrings(files: readonly SourceFile[]): Violation[] {
  const declaration =
    /^export (?:declare |abstract |async )*(?:class|function\*?|const|let|interface|type) ([\w$]+)/gm;
  const published = publishedNames(files);
  const violations: Violation[] = [];
  for (const { path, text } of files) {
    const names = published.get(path);
    if (names === undefined) continue;
    for (const match of text.matchAll(declaration)) {
      const name = match[1] ?? '';
      if (!names.has(name) && !names.has('*')) continue;
      const before = text.slice(0, match.index).trimEnd();
      // Overloads share the docstring of the first.
      const isOverload = new RegExp(`^export function ${name}\\b.*;$`, 'm').test(before);
      if (isOverload || (before.endsWith('*/') && !isHeader(before))) continue;
      violations.push({ path, line: lineOf(text, match.index), what: `exports ${name} without a docstring` });
    }
  }
  return violations;
}

/** What the doors (`index.ts`) of all packages re-export: names by the path of their file, `*` for all. */
export function publishedNames(files: readonly SourceFile[]): Map<string, Set<string>> {
  const reexport = /^export (?:type )?(\*|\{[^}]*\}) from '(\.[^']+)';/gm;
  const published = new Map<string, Set<string>>();
  for (const door of files) {
    if (!isShipped(door.path) || !door.path.endsWith('/index.ts')) continue;
    for (const [, list = '', specifier = ''] of door.text.matchAll(reexport)) {
      const path = join(dirname(door.path), specifier);
      const names = published.get(path) ?? new Set();
      published.set(path, names);
      for (const [name] of list.matchAll(/\*|(?!type\b)[\w$]+/g)) names.add(name);
    }
  }
  return published;
}

/** Whether a text ends with the file's header, which describes the file and not what follows it. */
function isHeader(before: string): boolean {
  return before.lastIndexOf('/**') === 0 && /\n \* (Layout|Cost|Promise|Refusal|Source) {2}/.test(before);
}
