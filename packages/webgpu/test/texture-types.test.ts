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

describe('structural texture types', () => {
  it.each(['textures-dom', 'textures-types'])('fit a real GPUDevice and all its formats: %s', (project) => {
    expect(compile(project)).toBe('');
  });
});
