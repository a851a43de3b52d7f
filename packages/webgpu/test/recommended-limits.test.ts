import { GpuMemoryError } from '@gpuheap/core';
import { describe, expect, it } from 'vitest';
import { type AdapterWithLimits, recommendedLimits } from '../src/index.ts';

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof GpuMemoryError) return error.code;
    throw error;
  }
  return 'none';
}

/** Limits as a real adapter has them: on the prototype, and more than we know. */
class AdapterLimits {
  get maxBufferSize(): number {
    return 4 * 2 ** 30;
  }
  get maxStorageBufferBindingSize(): number {
    return 2 ** 31;
  }
  get maxUniformBufferBindingSize(): number {
    return 65_536;
  }
  get maxStorageBuffersPerShaderStage(): number {
    return 16;
  }
  get maxVertexBuffers(): number {
    return 16;
  }
  get maxTextureDimension2D(): number {
    return 16_384;
  }
  get minUniformBufferOffsetAlignment(): number {
    return 64;
  }
  get minStorageBufferOffsetAlignment(): number {
    return 32;
  }
}

const adapter = { limits: new AdapterLimits() };

describe('recommended limits', () => {
  it('ask for all of what decides over ranges, and for nothing else', () => {
    expect(recommendedLimits(adapter)).toEqual({
      maxBufferSize: 4 * 2 ** 30,
      maxStorageBufferBindingSize: 2 ** 31,
      maxUniformBufferBindingSize: 65_536,
      maxStorageBuffersPerShaderStage: 16,
      maxVertexBuffers: 16,
      minUniformBufferOffsetAlignment: 64,
      minStorageBufferOffsetAlignment: 32,
    });
  });

  it('leave out what the adapter does not name, or names without a number', () => {
    expect(recommendedLimits({ limits: {} })).toEqual({});
    const strange = { limits: { maxBufferSize: undefined, maxVertexBuffers: 8 } };
    expect(recommendedLimits(strange as unknown as AdapterWithLimits)).toEqual({ maxVertexBuffers: 8 });
  });

  it('are held back by wishes, and never pushed beyond the adapter', () => {
    const limits = recommendedLimits(adapter, {
      maxBufferSize: 2 ** 30,
      maxStorageBufferBindingSize: 2 ** 40,
      maxVertexBuffers: 0,
      maxBindGroups: 8,
      minUniformBufferOffsetAlignment: 256,
      minStorageBufferOffsetAlignment: 16,
    });
    expect(limits).toMatchObject({
      maxBufferSize: 2 ** 30,
      maxStorageBufferBindingSize: 2 ** 31,
      maxVertexBuffers: 0,
      minUniformBufferOffsetAlignment: 256,
      minStorageBufferOffsetAlignment: 32,
    });
    // A wish does not bring what the adapter does not name.
    expect(limits).not.toHaveProperty('maxBindGroups');
  });

  it('hold the storage buffers of single stages back with those of all', () => {
    const limits = {
      maxStorageBuffersPerShaderStage: 16,
      maxStorageBuffersInVertexStage: 4,
      maxStorageBuffersInFragmentStage: 16,
    };
    expect(recommendedLimits({ limits })).toEqual(limits);
    expect(recommendedLimits({ limits }, { maxStorageBuffersPerShaderStage: 10 })).toEqual({
      maxStorageBuffersPerShaderStage: 10,
      maxStorageBuffersInVertexStage: 4,
      maxStorageBuffersInFragmentStage: 10,
    });
    const alone = { limits: { maxStorageBuffersInVertexStage: 4 } };
    expect(recommendedLimits(alone)).toEqual(alone.limits);
  });

  it('are safe integers where an adapter has no bound', () => {
    const boundless = { limits: { maxBufferSize: 2 ** 64, maxStorageBufferBindingSize: Infinity } };
    expect(recommendedLimits(boundless)).toEqual({
      maxBufferSize: Number.MAX_SAFE_INTEGER,
      maxStorageBufferBindingSize: Number.MAX_SAFE_INTEGER,
    });
  });

  it('refuse bad wishes and what is no adapter', () => {
    const ask = (of: unknown, wishes?: unknown) =>
      codeOf(() => recommendedLimits(of as AdapterWithLimits, wishes as object));
    expect(ask(undefined)).toBe('bad-argument');
    expect(ask({})).toBe('bad-argument');
    expect(ask({ limits: 4 })).toBe('bad-argument');
    expect(ask(adapter, null)).toBe('bad-argument');
    expect(ask(adapter, { maxBuffersize: 4 })).toBe('unknown-option');
    expect(ask(adapter, { maxTextureDimension2D: 4096 })).toBe('unknown-option');
    expect(ask(adapter, { maxBufferSize: -1 })).toBe('bad-argument');
    expect(ask(adapter, { maxBufferSize: '4' })).toBe('bad-argument');
    expect(ask(adapter, { minStorageBufferOffsetAlignment: 48 })).toBe('bad-argument');
    expect(ask(adapter, { minUniformBufferOffsetAlignment: 0 })).toBe('bad-argument');
    // Also where the adapter does not name the limit.
    expect(ask({ limits: {} }, { maxBindGroups: 0.5 })).toBe('bad-argument');
  });
});
