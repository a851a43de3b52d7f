/**
 * Vitest as the coverage run uses it: the project's own settings, and what must be reached.
 */
import { defineConfig, mergeConfig } from 'vitest/config';
import project from '../vitest.config.ts';

/** Everything is reached, or at least `percent` of it. */
function least(percent: number) {
  return { statements: percent, branches: percent, functions: percent, lines: percent };
}

export default mergeConfig(
  project,
  defineConfig({
    test: {
      coverage: {
        enabled: true,
        provider: 'v8',
        reporter: [['text', { skipFull: true }]],
        reportOnFailure: true,
        include: ['packages/{core,mock,webgpu,dawn-node}/src/**'],
        thresholds: {
          'packages/core/src/**': least(100),
          'packages/{mock,webgpu,dawn-node}/src/**': least(95),
        },
      },
    },
  }),
);
