/** Texture contract: the cases that every texture backend passes. */
import type { TextureContractCase } from './texture-case.ts';
import { TEXTURE_MOVE_CASES } from './texture-move-cases.ts';
import { TEXTURE_REFUSAL_CASES } from './texture-refusal-cases.ts';

/** Every case. */
export const textureContract: readonly TextureContractCase[] = [
  ...TEXTURE_MOVE_CASES,
  ...TEXTURE_REFUSAL_CASES,
];
