import { MemoryProperty } from '@gpuheap/core';
import { describeBackendContract } from '@gpuheap/testing/vitest';
import { mockEnvironment } from './mock-environment.ts';

describeBackendContract('mock, as it is', mockEnvironment());
describeBackendContract(
  'mock as WebGPU, promises backwards',
  mockEnvironment({ reuseAfter: 'submitted', settleOrder: 'lifo', settleWhen: 'with-completion' }),
);
describeBackendContract(
  'mock as an explicit API, promises shuffled and by hand',
  mockEnvironment({
    reuseAfter: 'completed',
    settleOrder: 7,
    settleWhen: 'manual',
    copiesWithinBuffer: true,
  }),
);
describeBackendContract(
  'mock that copies in steps of 16 and has memory of one type',
  mockEnvironment({
    copyAlignment: 16,
    uniformOffsetAlignment: 32,
    settleOrder: 1,
    memoryTypes: [{ properties: MemoryProperty.DEVICE_LOCAL, heapIndex: 0, heapSizeBytes: 2 ** 34 }],
  }),
);
describeBackendContract('mock with three timelines', mockEnvironment({ timelines: 3 }));
describeBackendContract(
  'mock with two timelines, without a clock',
  mockEnvironment({ timelines: 2, autoComplete: true }),
);
describeBackendContract(
  'mock without a clock, copies in steps of 1',
  mockEnvironment({ autoComplete: true, copyAlignment: 1, reuseAfter: 'submitted' }),
);
