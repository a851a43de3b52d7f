import { CountingBackend } from '@gpuheap/core/backend';
import { describeBackendContract } from '@gpuheap/testing/vitest';
import type { MockBuffer } from '../src/index.ts';
import { mockEnvironment } from './mock-environment.ts';

const sound = mockEnvironment({ timelines: 2 });

// A wrapper has the port on both sides, and hands on every call with all that belongs to it.
describeBackendContract<MockBuffer>('counting backend over the mock', {
  ...sound,
  open: async () => {
    const opened = await sound.open();
    const { sibling } = opened;
    return {
      ...opened,
      backend: new CountingBackend(opened.backend),
      sibling: () => new CountingBackend(sibling?.() ?? opened.backend),
    };
  },
});
