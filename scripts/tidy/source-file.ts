/**
 * Source files as the rules of tidy see them: a path from the root, and the text.
 *
 * Promise  the rules are functions of such files alone, so that a test can plant a violation in memory.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One file of the repository. */
export interface SourceFile {
  /** From the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** One broken rule: where, and what to do about it. */
export interface Violation {
  readonly path: string;
  /** From 1; 0 when the whole file is meant. */
  readonly line: number;
  readonly what: string;
}

/** A rule looks at all files at once, because some rules are about pairs of them. */
export type Rule = (files: readonly SourceFile[]) => Violation[];

/** Every file that git tracks or would track, whose name ends in one of `endings`. O(files). */
export function readTree(root: string, endings: readonly string[]): SourceFile[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const listing = execFileSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 });
  const paths = new Set(
    listing.split('\0').filter((path) => endings.some((ending) => path.endsWith(ending))),
  );
  const files: SourceFile[] = [];
  for (const path of [...paths].sort()) {
    // A tracked file may have been deleted, and the deletion not committed yet.
    if (!existsSync(join(root, path))) continue;
    files.push({ path, text: readFileSync(join(root, path), 'utf8') });
  }
  return files;
}

/** The number, from 1, of the line that holds `index`. */
export function lineOf(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

/** The text with comments and string literals blanked out; lines keep their numbers. */
export function codeOnly(text: string): string {
  const quiet = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\[\s\S])*`/g;
  return text.replace(quiet, (found) => found.replace(/[^\n]/g, ' '));
}

/** Whether a path is TypeScript that ships: the `src` of a package. */
export function isShipped(path: string): boolean {
  return /^packages\/[^/]+\/src\/.*\.ts$/.test(path);
}
