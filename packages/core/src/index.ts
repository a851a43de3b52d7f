export * from './backend/index.ts';
export * from './base/errors.ts';
export * from './heap/index.ts';
export type { Access, Location } from './memory/pool.ts';
export * from './ranges/index.ts';
export * from './telemetry/index.ts';
