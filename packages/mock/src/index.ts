export { type CreationRefusal, Faults } from './faults.ts';
export { MockBackend } from './mock-backend.ts';
export { MockBuffer } from './mock-buffer.ts';
export { MockEncoder } from './mock-encoder.ts';
export { type MockBinding, MockGpu, type MockGpuOptions } from './mock-gpu.ts';
export type { MockHost } from './mock-host.ts';
export { Settlements } from './settlements.ts';
export { Timeline } from './timeline.ts';
export { VirtualMemory } from './virtual-memory.ts';
