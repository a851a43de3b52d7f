export * from './backend-contract/index.ts';
export * from './oracles/index.ts';
export { scale } from './scale.ts';
export * from './suballocator-contract/index.ts';
export * from './texture-contract/index.ts';
