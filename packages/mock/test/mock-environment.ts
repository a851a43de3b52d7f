/** The environment of the backend contract on virtual GPUs. */
import type { BackendContractEnvironment } from '@gpuheap/testing';
import { type MockBuffer, MockGpu, type MockGpuOptions } from '../src/index.ts';

/** Virtual GPUs made with `options`; the suite drives their clocks. */
export function mockEnvironment(options: MockGpuOptions = {}): BackendContractEnvironment<MockBuffer> {
  return {
    capabilities: ['loss', 'sibling', 'adoption', 'shared-memory'],
    open: async () => {
      const gpu = new MockGpu(options);
      const backend = gpu.backend();
      const opened = [backend];
      return {
        backend,
        advance: async () => {
          gpu.completeAll();
          gpu.settle();
        },
        sibling: () => {
          const sibling = gpu.backend();
          opened.push(sibling);
          return sibling;
        },
        makeOutside: (size, usage) => gpu.makeBuffer({ size, usage }),
        lose: () => gpu.lose(),
        close: async () => {
          for (const each of opened) each.dispose();
        },
      };
    },
  };
}
