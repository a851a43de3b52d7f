/**
 * Shape of files: long lines, headers, doors without logic, names that say nothing.
 *
 * Refusal  lengths of files and functions, kebab-case and default exports are the linter's (`biome.json`).
 */
import { isShipped, type SourceFile, type Violation } from './source-file.ts';

const MAX_LINE_LENGTH = 110;
const MAX_README_LINES = 150;
/** A file this short says what it is by its name and its docstrings. */
const TRIVIAL_LINES = 25;
/** Only a shebang and references may stand above the header. */
const HEADER = /^(#!.*\n|\/\/\/ .*\n)*\/\*\*/;
/** Code is broken by the formatter as far as it can be; comments are not. */
const COMMENT = /^\s*(\*|\/\*|\/\/)|; \/\/ /;

/** Comments that are too wide, and a README that is too long. */
export function checkLengths(files: readonly SourceFile[]): Violation[] {
  const violations: Violation[] = [];
  for (const { path, text } of files) {
    const lines = text.trimEnd().split('\n');
    if (path === 'README.md' && lines.length > MAX_README_LINES) {
      violations.push({ path, line: 0, what: `has ${lines.length} lines; at most ${MAX_README_LINES}` });
    }
    if (path.endsWith('.md')) continue;
    for (const [index, line] of lines.entries()) {
      if (line.length <= MAX_LINE_LENGTH || line.includes('https://') || !COMMENT.test(line)) continue;
      violations.push({ path, line: index + 1, what: `is ${line.length} long; at most ${MAX_LINE_LENGTH}` });
    }
  }
  return violations;
}

/** Sources without a header comment. */
export function checkHeaders(files: readonly SourceFile[]): Violation[] {
  const violations: Violation[] = [];
  for (const { path, text } of files) {
    const isScript = /^scripts\/(?!test\/)/.test(path);
    if (!(isShipped(path) || isScript) || path.endsWith('/index.ts')) continue;
    if (text.split('\n').length <= TRIVIAL_LINES || HEADER.test(text)) continue;
    violations.push({
      path,
      line: 1,
      what: 'has no header: a sentence, then Layout, Cost, Promise, Refusal, Source',
    });
  }
  return violations;
}

/** Doors with anything but re-exports, and files that are not named for a noun. */
export function checkFiles(files: readonly SourceFile[]): Violation[] {
  const doors = /^(import|export)\b[^'";]*?from\s*'[^']*';|^export \{\};/gm;
  const comments = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm;
  const violations: Violation[] = [];
  for (const { path, text } of files) {
    if (/(^|\/)(utils?|helpers?|misc|common)\.\w+$/.test(path)) {
      violations.push({ path, line: 0, what: 'says nothing by its name; name it for its noun' });
    }
    const isDoor = isShipped(path) && path.endsWith('/index.ts');
    if (isDoor && text.replace(comments, '').replace(doors, '').trim() !== '') {
      violations.push({ path, line: 0, what: 'is a door with logic; only re-export' });
    }
  }
  return violations;
}
