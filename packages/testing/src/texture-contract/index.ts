export type { OpenedTextures, TextureContractCase, TextureContractEnvironment } from './texture-case.ts';
export { textureContract } from './texture-contract.ts';
