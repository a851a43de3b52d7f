/**
 * Recommended limits: what to ask an adapter for, so that one buffer can serve many resources.
 *
 * A device has the default limits unless more is asked for, whatever its adapter could do. Asked for are
 * those that decide how large a chunk can be, how much of it one binding reaches, how many ranges a pipeline
 * takes, and how finely ranges can be placed. All else stays at its default.
 *
 * Promise  names only what the adapter names, never beyond what it offers: `requestDevice` grants it.
 * Source   WebGPU specification, "Limits"; defaults in parentheses are those of its core.
 */
import { UsageError } from '@gpuheap/core';
import { checkInteger, checkOptions } from '@gpuheap/core/backend';

/** Limits of which more is better. */
const MOST = [
  // How large a chunk or a dedicated buffer may be (256 MiB).
  'maxBufferSize',
  // How much of a buffer one binding reaches (128 MiB; 64 KiB): a large tensor in one binding, not in parts.
  'maxStorageBufferBindingSize',
  'maxUniformBufferBindingSize',
  // How many ranges one stage takes (8; 12). Those of single stages count in compatibility mode.
  'maxStorageBuffersPerShaderStage',
  'maxStorageBuffersInVertexStage',
  'maxStorageBuffersInFragmentStage',
  'maxUniformBuffersPerShaderStage',
  // How many ranges of a ring take their offsets late, so that one bind group serves every frame (8; 4).
  'maxDynamicUniformBuffersPerPipelineLayout',
  'maxDynamicStorageBuffersPerPipelineLayout',
  // How many ranges of vertices a draw takes, and how they may be cut up (8; 16; 2048 bytes).
  'maxVertexBuffers',
  'maxVertexAttributes',
  'maxVertexBufferArrayStride',
  // How many groups, and bindings in them, and groups with vertex buffers together (4; 1000; 24).
  'maxBindGroups',
  'maxBindingsPerBindGroup',
  'maxBindGroupsPlusVertexBuffers',
] as const;

/** Limits of which less is better: steps of offsets (256). Often 32 or 64 is offered, and saves padding. */
const LEAST = ['minUniformBufferOffsetAlignment', 'minStorageBufferOffsetAlignment'] as const;

const NAMES: readonly RecommendedLimit[] = [...MOST, ...LEAST];

/** A limit that {@link recommendedLimits} knows, by its WebGPU name. */
export type RecommendedLimit = (typeof MOST)[number] | (typeof LEAST)[number];

/** What is asked of a `GPUAdapter`: its limits, or those of them that it has. */
export interface AdapterWithLimits {
  readonly limits: Readonly<Partial<Record<RecommendedLimit, number>>>;
}

/**
 * The `requiredLimits` to pass to `requestDevice`. `wishes` hold a limit back: a most is asked for at most so
 * high, an alignment at least so large. A wish beyond the adapter gives what the adapter has, so look at
 * `device.limits` afterwards. Spread the answer to add limits of your own.
 * @throws UsageError `bad-argument`, `unknown-option`
 */
export function recommendedLimits(
  adapter: AdapterWithLimits,
  wishes: Readonly<Partial<Record<RecommendedLimit, number>>> = {},
): Record<string, number> {
  const limits = adapter?.limits;
  if (limits === null || typeof limits !== 'object') {
    throw new UsageError('bad-argument', 'adapter has no limits; pass a GPUAdapter');
  }
  checkOptions(wishes, 'wishes', NAMES);
  const required: Record<string, number> = {};
  for (const name of MOST) {
    const offered = limits[name];
    const wish = wishes[name] ?? Number.MAX_SAFE_INTEGER;
    checkInteger(wish, `wishes.${name}`, 0, Number.MAX_SAFE_INTEGER, 'bad-argument');
    // Adapters without a bound may name one above 2^53-1, which requestDevice would not take.
    if (isNumber(offered)) required[name] = Math.min(offered, wish);
  }
  holdStages(required);
  for (const name of LEAST) {
    const offered = limits[name];
    const wish = wishes[name] ?? 1;
    checkAlignment(wish, `wishes.${name}`);
    if (isNumber(offered)) required[name] = Math.max(offered, wish);
  }
  return required;
}

/** What is asked for a single stage raises the limit of every stage: its wish holds single ones back too. */
function holdStages(required: Partial<Record<string, number>>): void {
  const mostOfAny = required['maxStorageBuffersPerShaderStage'] ?? Number.MAX_SAFE_INTEGER;
  for (const name of ['maxStorageBuffersInVertexStage', 'maxStorageBuffersInFragmentStage'] as const) {
    const asked = required[name];
    if (asked !== undefined) required[name] = Math.min(asked, mostOfAny);
  }
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

function checkAlignment(wish: number, name: string): void {
  checkInteger(wish, name, 1, 2 ** 31, 'bad-argument');
  if (!Number.isInteger(Math.log2(wish))) {
    throw new UsageError('bad-argument', `${name} is ${wish}; pass a power of two`);
  }
}
