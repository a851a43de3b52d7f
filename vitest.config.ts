import { defineConfig } from 'vitest/config';
import { plantPlugins } from './scripts/plant.ts';

const deep = process.env['GPUHEAP_DEEP'] === '1';
const conditions = ['source'];

export default defineConfig({
  plugins: plantPlugins(process.env['GPUHEAP_PLANT']),
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    // By default one core of two would idle.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['packages/*/test/**/*.test.ts'],
          exclude: ['packages/{integration,dawn-node,cli,examples}/**'],
          testTimeout: deep ? 1_500_000 : 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'tidy',
          include: ['scripts/test/**/*.test.ts'],
          testTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'gpu',
          include: ['packages/{integration,dawn-node,cli,examples}/test/**/*.test.ts'],
          pool: 'forks',
          fileParallelism: false,
          testTimeout: deep ? 1_500_000 : 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
