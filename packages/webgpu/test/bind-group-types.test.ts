import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** What the compiler has to say about one of the projects in `types/`. */
function compile(project: string): string {
  const compiler = here('../../../node_modules/.bin/tsc');
  try {
    return execFileSync(compiler, ['-p', here(`types/tsconfig.${project}.json`)], { encoding: 'utf8' });
  } catch (error) {
    return String((error as { stdout?: string }).stdout ?? error);
  }
}

describe('structural types of bind groups and adapters', () => {
  it.each(['bind-groups-dom', 'bind-groups-types'])('fit real ones in %s', (project) => {
    expect(compile(project)).toBe('');
  });
});
