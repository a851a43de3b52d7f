/**
 * Tidy: the rules of the house that neither the compiler nor the linter knows. `npm run tidy` runs them as
 * tests.
 *
 * Cost     one read of the tree and some thirty patterns; about a second.
 * Promise  every rule is shown to fail on a planted violation (`scripts/test/tidy.test.ts`).
 * Refusal  judges text, not programs: types are the compiler's business, cycles and lengths of functions the
 *          linter's, unused code knip's.
 */
import { checkDocstrings, checkErrorCodes } from './tidy/documents.ts';
import { checkFloors, checkHostFree, checkRoads } from './tidy/imports.ts';
import { checkFiles, checkHeaders, checkLengths } from './tidy/shape.ts';
import type { Rule, SourceFile } from './tidy/source-file.ts';
import { checkWords } from './tidy/words.ts';

/** Every rule by the name that the test shows. */
export const RULES: Readonly<Record<string, Rule>> = {
  'core imports no floor above': checkFloors,
  'packages import only along the map': checkRoads,
  'core knows no host': checkHostFree,
  'one word for one thing': checkWords,
  'lines are short': checkLengths,
  'sources have headers': checkHeaders,
  'doors have no logic, files have names': checkFiles,
  'every error code is explained': checkErrorCodes,
  'every published name has a docstring': checkDocstrings,
};

/** What a rule has to say about `files`, a line each: `path:line what`. */
export function judge(rule: Rule, files: readonly SourceFile[]): string[] {
  return rule(files).map(({ path, line, what }) => `${line === 0 ? path : `${path}:${line}`} ${what}`);
}
