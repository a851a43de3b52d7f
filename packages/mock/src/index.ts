export type { CallKind, MockCall } from './call-log.ts';
export type { CallFailure, CreationRefusal, Faults } from './faults.ts';
export type { Hazard, HazardKind, Toucher } from './hazards.ts';
export type { MockBackend } from './mock-backend.ts';
export type { MockBuffer } from './mock-buffer.ts';
export type { MockEncoder, Sighting } from './mock-encoder.ts';
export { createMockBackend, MockGpu } from './mock-gpu.ts';
export type { MockGpuOptions, SettleOrder, SettleWhen } from './mock-options.ts';
export type { BindingKind, MockUse } from './usage-scope.ts';
