import { BufferUsage } from '@gpuheap/core';
import { describe, expect, it } from 'vitest';
import type { MockUse } from '../src/index.ts';
import { ALL, bytes, codeOf, openGpu, outcomeOf, READBACK } from './open-gpu.ts';

const { COPY_SRC, COPY_DST, STORAGE } = BufferUsage;

describe('an encoder', () => {
  it('does its commands in order, when it is submitted and the clock moves', () => {
    const { gpu, backend, make } = openGpu();
    const [first, second] = [make(8), make(8)];
    backend.write(first, 0, bytes(1, 8));
    const encoder = gpu.recordEncoder();
    const seen: Uint8Array[] = [];
    const before = encoder.read(second, 0, 8, (sight) => seen.push(sight));
    encoder.copy({ source: first, sourceOffset: 0, target: second, targetOffset: 0, size: 8 });
    encoder.write(second, 4, bytes(2));
    const [after] = encoder.dispatch([{ buffer: second, offset: 2, size: 4, access: 'read' }]);
    expect(encoder.submit()).toBe(true);
    expect([before.bytes, after?.bytes, seen.length]).toEqual([undefined, undefined, 0]);
    gpu.completeAll();
    expect(before.bytes).toEqual(bytes(0, 8));
    expect(after?.bytes).toEqual(Uint8Array.of(1, 1, 2, 2));
    expect(seen).toEqual([bytes(0, 8)]);
    expect(gpu.hazards).toEqual([]);
  });

  it('recorded and not yet submitted sees what is written meanwhile: the write lands before it', () => {
    for (const reuseAfter of ['submitted', 'completed'] as const) {
      const { gpu, backend, make } = openGpu({ reuseAfter });
      const buffer = make(8);
      backend.write(buffer, 0, bytes(1, 8));
      const encoder = gpu.recordEncoder();
      const sighting = encoder.read(buffer, 0, 8);
      backend.write(buffer, 4, bytes(9));
      expect(encoder.submit()).toBe(true);
      gpu.completeAll();
      expect(sighting.bytes).toEqual(Uint8Array.of(1, 1, 1, 1, 9, 9, 9, 9));
      expect(gpu.hazards).toMatchObject([
        { kind: 'overwrite-before-submit', buffer, offset: 4, size: 4, by: 'write', reader: 'encoder' },
      ]);
      expect(gpu.errors).toEqual([]);
    }
  });

  it('submitted before a write does not see it', () => {
    const { gpu, backend, make } = openGpu({ reuseAfter: 'submitted' });
    const buffer = make(8);
    backend.write(buffer, 0, bytes(1, 8));
    const encoder = gpu.recordEncoder();
    const sighting = encoder.read(buffer, 0, 8);
    encoder.submit();
    backend.write(buffer, 0, bytes(9, 8));
    gpu.completeAll();
    expect(sighting.bytes).toEqual(bytes(1, 8));
    expect(gpu.hazards).toEqual([]);
  });

  it('whose range another encoder writes too early sees the wrong bytes, where completion must be waited for', () => {
    const seenWith = (reuseAfter: 'submitted' | 'completed', mustWait: boolean) => {
      const { gpu, backend, make } = openGpu({ reuseAfter });
      const buffer = make(8);
      backend.write(buffer, 0, bytes(1, 8));
      const reader = gpu.recordEncoder();
      const sighting = reader.read(buffer, 0, 8);
      reader.submit();
      if (mustWait) gpu.completeUpTo(backend.signal());
      const writer = gpu.recordEncoder();
      writer.write(buffer, 0, bytes(7));
      writer.submit();
      gpu.completeAll();
      return [[...(sighting.bytes ?? [])], gpu.hazards.map(({ kind }) => kind)];
    };
    const right = [1, 1, 1, 1, 1, 1, 1, 1];
    expect(seenWith('submitted', false)).toEqual([right, []]);
    expect(seenWith('completed', true)).toEqual([right, []]);
    expect(seenWith('completed', false)).toEqual([[7, 7, 7, 7, 1, 1, 1, 1], ['overwrite-in-flight']]);
  });

  it('that uses a destroyed buffer is an error, and dropped whole', () => {
    const { gpu, backend, make } = openGpu();
    const [dead, live] = [make(8), make(8)];
    const encoder = gpu.recordEncoder();
    encoder.write(live, 0, bytes(5));
    const sighting = encoder.read(dead, 0, 4);
    backend.destroyBuffer(dead);
    expect(encoder.submit()).toBe(false);
    gpu.completeAll();
    expect(gpu.hazards).toMatchObject([{ kind: 'destroyed-buffer', buffer: dead, by: 'encoder' }]);
    expect(gpu.errors).toHaveLength(1);
    expect(sighting.bytes).toBeUndefined();
    expect(gpu.peek(live)).toEqual(bytes(0, 8));
  });

  it('submitted before the destruction still sees the buffer', () => {
    const { gpu, backend, make } = openGpu();
    const buffer = make(8);
    backend.write(buffer, 0, bytes(3, 8));
    const encoder = gpu.recordEncoder();
    const sighting = encoder.read(buffer, 0, 8);
    expect(encoder.submit()).toBe(true);
    backend.destroyBuffer(buffer);
    gpu.completeAll();
    expect(sighting.bytes).toEqual(bytes(3, 8));
    expect(gpu.errors).toEqual([]);
  });

  it('that uses a buffer under a mapping is an error, and fine again afterwards', async () => {
    const { gpu, backend, make } = openGpu();
    const source = make(8);
    const readback = make(8, READBACK, 2);
    const copyTo = () => {
      const encoder = gpu.recordEncoder();
      encoder.copy({ source, sourceOffset: 0, target: readback, targetOffset: 0, size: 8 });
      return encoder.submit();
    };
    const read = backend.read(readback, 0, 8);
    expect(copyTo()).toBe(false);
    expect(gpu.hazards).toMatchObject([{ kind: 'mapped-buffer', buffer: readback }]);
    gpu.completeAll();
    await read;
    expect(copyTo()).toBe(true);
  });

  it('is used up by submit and discard', () => {
    const { gpu, make } = openGpu();
    const buffer = make(8);
    for (const end of ['submit', 'discard'] as const) {
      const encoder = gpu.recordEncoder();
      encoder.read(buffer, 0, 8);
      encoder[end]();
      expect(codeOf(() => encoder.submit())).toBe('disposed');
      expect(codeOf(() => encoder.discard())).toBe('disposed');
      expect(codeOf(() => encoder.read(buffer, 0, 8))).toBe('disposed');
      expect(codeOf(() => encoder.dispatch([]))).toBe('disposed');
      expect(codeOf(() => encoder.copy({} as never))).toBe('disposed');
    }
    expect(gpu.counts.submit).toBe(1);
  });

  it('discarded, or submitted after the loss, does nothing and warns of nothing', () => {
    const { gpu, backend, make } = openGpu();
    const buffer = make(8);
    const discarded = gpu.recordEncoder();
    discarded.read(buffer, 0, 8);
    discarded.discard();
    backend.write(buffer, 0, bytes(1));
    expect(gpu.hazards).toEqual([]);
    const late = gpu.recordEncoder();
    late.write(buffer, 0, bytes(2));
    gpu.lose();
    expect(late.submit()).toBe(false);
    expect(gpu.peek(buffer)).toEqual(bytes(0, 8));
  });
});

describe('recording', () => {
  const { gpu, make } = openGpu();
  const [first, second] = [make(512), make(512)];
  const copy = { source: first, sourceOffset: 0, target: second, targetOffset: 0, size: 8 };

  it.each([
    ['no region', 7, 'bad-argument'],
    ['an unknown key', { ...copy, length: 4 }, 'unknown-option'],
    ['what is no buffer', { ...copy, source: {} }, 'foreign-object'],
    ['a buffer of another GPU', { ...copy, target: openGpu().make(512) }, 'foreign-object'],
    ['one buffer twice', { ...copy, target: first, targetOffset: 256 }, 'same-buffer'],
    ['a misaligned offset', { ...copy, sourceOffset: 2 }, 'misaligned'],
    ['a misaligned size', { ...copy, size: 6 }, 'misaligned'],
    ['too much', { ...copy, size: 516 }, 'out-of-bounds'],
    ['a source without COPY_SRC', { ...copy, source: make(512, COPY_DST) }, 'bad-usage'],
    ['a target without COPY_DST', { ...copy, target: make(512, COPY_SRC) }, 'bad-usage'],
  ])('a copy of %s is refused', (_, region, code) => {
    const encoder = gpu.recordEncoder();
    expect(codeOf(() => encoder.copy(region as never))).toBe(code);
    expect(encoder.submit()).toBe(true);
  });

  const use: MockUse = { buffer: first, offset: 0, size: 256, access: 'read' };
  it.each([
    ['no list', 7, 'bad-argument'],
    ['no use', [null], 'bad-argument'],
    ['an unknown key', [{ ...use, length: 1 }], 'unknown-option'],
    ['no buffer', [{ ...use, buffer: undefined }], 'foreign-object'],
    ['an unknown access', [{ ...use, access: 'both' }], 'bad-argument'],
    ['an unknown binding', [{ ...use, as: 'texture' }], 'bad-argument'],
    ['too much', [{ ...use, size: 513 }], 'out-of-bounds'],
    ['nothing', [{ ...use, size: 0 }], 'bad-size'],
    ['a write without STORAGE', [{ ...use, buffer: make(512, COPY_DST), access: 'write' }], 'bad-usage'],
    ['a vertex binding without VERTEX', [{ ...use, buffer: make(512, STORAGE), as: 'vertex' }], 'bad-usage'],
    ['a write through a uniform binding', [{ ...use, access: 'write', as: 'uniform' }], 'bad-usage'],
    ['a misaligned uniform', [{ ...use, offset: 128, as: 'uniform' }], 'misaligned'],
    ['a misaligned storage binding', [{ ...use, offset: 64, size: 64, as: 'storage' }], 'misaligned'],
    ['a storage binding of odd size', [{ ...use, size: 30, as: 'storage' }], 'misaligned'],
    ['a vertex binding at 2', [{ ...use, offset: 2, as: 'vertex' }], 'misaligned'],
    ['an index binding at 1', [{ ...use, offset: 1, as: 'index' }], 'misaligned'],
    ['an indirect binding at 6', [{ ...use, offset: 6, as: 'indirect' }], 'misaligned'],
    ['bytes to store that are none', [{ ...use, access: 'write', store: [1] }], 'bad-data'],
    ['more to store than is bound', [{ ...use, size: 4, access: 'write', store: bytes(1, 8) }], 'bad-data'],
    ['bytes to store by a read', [{ ...use, store: bytes(1) }], 'bad-data'],
  ])('a dispatch with %s is refused', (_, uses, code) => {
    const encoder = gpu.recordEncoder();
    expect(codeOf(() => encoder.dispatch(uses as never))).toBe(code);
    expect(encoder.submit()).toBe(true);
    expect(gpu.hazards).toEqual([]);
  });

  it('bindings over the size limits are refused', () => {
    const small = openGpu({ maxUniformBindingSize: 256, maxStorageBindingSize: 512 });
    const buffer = small.make(1024);
    const bind = (as: 'uniform' | 'storage', size: number) => () =>
      small.gpu.dispatch([{ buffer, offset: 0, size, access: 'read', as }]);
    expect([codeOf(bind('uniform', 256)), codeOf(bind('uniform', 260))]).toEqual(['no error', 'too-large']);
    expect([codeOf(bind('storage', 512)), codeOf(bind('storage', 516))]).toEqual(['no error', 'too-large']);
  });

  it('copies within a buffer where the GPU allows it, apart', () => {
    const within = openGpu({ copiesWithinBuffer: true });
    const buffer = within.make(16, ALL);
    within.backend.write(buffer, 0, bytes(4, 8));
    const slide = (targetOffset: number) => {
      const encoder = within.gpu.recordEncoder();
      encoder.copy({ source: buffer, sourceOffset: 0, target: buffer, targetOffset, size: 8 });
      return encoder.submit();
    };
    expect(codeOf(() => slide(4))).toBe('same-buffer');
    expect(slide(8)).toBe(true);
    within.gpu.completeAll();
    expect(within.gpu.peek(buffer)).toEqual(bytes(4, 16));
  });
});

describe('a buffer under a mapping', () => {
  it('can do nothing else until the read has settled', async () => {
    const { gpu, backend, make } = openGpu();
    const source = make(8);
    const readback = make(8, READBACK, 2);
    const reads = [backend.read(readback, 0, 8), backend.read(readback, 4, 4)];
    const region = { source, sourceOffset: 0, target: readback, targetOffset: 0, size: 8 };
    expect(codeOf(() => backend.write(readback, 0, bytes(1)))).toBe('mapped-buffer');
    expect(codeOf(() => backend.copy([region]))).toBe('mapped-buffer');
    gpu.completeAll();
    await Promise.all(reads);
    backend.copy([region]);
    backend.write(readback, 0, bytes(1));
    const late = backend.read(readback, 0, 4);
    backend.destroyBuffer(readback);
    expect(await outcomeOf(late)).toBe('backend-failed');
    expect(backend.stagingBytes).toBe(0);
  });
});
