/**
 * Vitest as the mutation tests run it: core alone, its doors taken from the copy that is mutated rather than
 * from where a link leads.
 */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const conditions = ['source'];
const root = fileURLToPath(new URL('../..', import.meta.url));
const core = `${root}packages/core/src/`;
const tests = (process.env['GPUHEAP_MUTATION_TESTS'] ?? '').split(' ');

export default defineConfig({
  root,
  resolve: {
    conditions,
    alias: [
      { find: '@gpuheap/core/errors', replacement: `${core}base/errors.ts` },
      { find: /^@gpuheap\/core\/(ranges|debug|backend)$/, replacement: `${core}$1/index.ts` },
      { find: /^@gpuheap\/core$/, replacement: `${core}index.ts` },
    ],
  },
  ssr: { resolve: { conditions } },
  test: {
    include: tests.map((name) => `packages/core/test/${name}.test.ts`),
    // These say again, at length, what random operations say at once.
    testNamePattern: /^(?!.*(?: workloads: | exhaustive small scope: ))/,
    testTimeout: 60_000,
    // A file's modules serve the next one too: loading them is most of the time.
    isolate: false,
  },
});
