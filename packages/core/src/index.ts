export * from './backend/index.ts';
export * from './base/errors.ts';
export * from './ranges/index.ts';
