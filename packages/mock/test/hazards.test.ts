import { describe, expect, it } from 'vitest';
import type { MockUse } from '../src/index.ts';
import { bytes, openGpu } from './open-gpu.ts';

describe('hazards in flight', () => {
  it('are writes and copies into what earlier work still reads', async () => {
    const { gpu, backend, make } = openGpu();
    const [buffer, other] = [make(64), make(64)];
    const read = backend.read(buffer, 8, 16);
    backend.copy([{ source: buffer, sourceOffset: 32, target: other, targetOffset: 0, size: 16 }]);
    const encoder = gpu.recordEncoder();
    encoder.read(buffer, 48, 16);
    encoder.submit();
    backend.write(buffer, 0, bytes(1, 12));
    backend.copy([{ source: other, sourceOffset: 0, target: buffer, targetOffset: 44, size: 8 }]);
    expect(gpu.hazards).toMatchObject([
      { kind: 'overwrite-in-flight', buffer, offset: 8, size: 4, by: 'write', reader: 'read' },
      { kind: 'overwrite-in-flight', buffer, offset: 44, size: 4, by: 'copy', reader: 'copy' },
      { kind: 'overwrite-in-flight', buffer, offset: 48, size: 4, by: 'copy', reader: 'encoder' },
    ]);
    expect(gpu.hazards[0]?.message).toMatch(
      /^a write into buffer 1 "of 64" \[8, 12\), which a read still reads/,
    );
    expect(gpu.errors).toEqual([]);
    gpu.completeAll();
    expect(await read).toEqual(bytes(0, 16));
  });

  it('end when the work is done, and touch neither other ranges nor other buffers', () => {
    const { gpu, backend, make } = openGpu();
    const [buffer, other] = [make(64), make(64)];
    backend.read(buffer, 8, 16);
    const serial = backend.signal();
    backend.write(buffer, 0, bytes(1, 8));
    backend.write(buffer, 24, bytes(1, 8));
    backend.write(other, 8, bytes(1, 16));
    gpu.completeUpTo(serial);
    backend.write(buffer, 8, bytes(1, 16));
    expect(gpu.hazards).toEqual([]);
  });

  it('are none within one submission, nor where reuse needs only the submission', () => {
    const { gpu, backend, make } = openGpu();
    const buffers = [make(16), make(16), make(16)];
    const [first, second, third] = buffers.map((buffer) => ({ source: buffer, target: buffer }));
    const place = { sourceOffset: 0, targetOffset: 0, size: 16 };
    backend.copy([
      { ...first, ...place, target: second?.target } as never,
      { ...second, ...place, target: third?.target } as never,
      { ...third, ...place, target: first?.target } as never,
    ]);
    expect(gpu.hazards).toEqual([]);
    const ordered = openGpu({ reuseAfter: 'submitted' });
    const buffer = ordered.make(16);
    ordered.backend.read(buffer, 0, 16);
    ordered.backend.write(buffer, 0, bytes(1, 16));
    expect(ordered.gpu.hazards).toEqual([]);
  });
});

describe('usage scopes', () => {
  const { gpu, make } = openGpu({ reuseAfter: 'submitted' });
  const [first, second] = [make(1024), make(1024)];
  const read = (offset: number, as?: MockUse['as'], buffer = first): MockUse => ({
    buffer,
    offset,
    size: 256,
    access: 'read',
    ...(as === undefined ? {} : { as }),
  });
  const write = (offset: number, buffer = first): MockUse => ({ buffer, offset, size: 256, access: 'write' });

  it.each([
    [
      'all ways of reading',
      [read(0, 'vertex'), read(256, 'index'), read(512, 'uniform'), read(768, 'storage')],
    ],
    ['one range read twice', [read(0), read(0, 'indirect')]],
    ['disjoint writes', [write(0), write(256)]],
    ['a write here and a read there', [write(0), read(0, 'storage', second)]],
    ['nothing', []],
  ])('allow %s', (_, uses) => {
    expect(gpu.dispatch(uses)).toBe(true);
    expect(gpu.hazards).toEqual([]);
  });

  it.each([
    ['vertex', 'usage-scope'],
    ['index', 'usage-scope'],
    ['uniform', 'usage-scope'],
    ['storage', 'usage-scope'],
    ['indirect', 'usage-scope'],
  ] as const)('forbid a write beside a %s read of the same buffer, disjoint as they may be', (as, kind) => {
    const fresh = openGpu();
    const buffer = fresh.make(1024);
    expect(fresh.gpu.dispatch([write(0, buffer), read(512, as, buffer)])).toBe(false);
    expect(fresh.gpu.dispatch([read(512, as, buffer), write(0, buffer)])).toBe(false);
    expect(fresh.gpu.hazards.map((hazard) => hazard.kind)).toEqual([kind, kind]);
    expect(fresh.gpu.hazards[0]).toMatchObject({ buffer, offset: 0, size: 256, by: 'encoder' });
    expect(fresh.gpu.errors[0]).toMatch(/writes buffer 1 "of 1024" at 0 and reads it at 512/);
  });

  it('forbid writes that overlap, and name the overlap', () => {
    const fresh = openGpu();
    const buffer = fresh.make(1024);
    expect(fresh.gpu.dispatch([write(0, buffer), write(128, buffer)])).toBe(false);
    expect(fresh.gpu.hazards).toMatchObject([
      { kind: 'overlapping-bindings', buffer, offset: 128, size: 128 },
    ]);
  });

  it('take a binding without size to the end of the buffer', () => {
    const fresh = openGpu();
    const buffer = fresh.make(1024);
    expect(fresh.gpu.dispatch([{ buffer, access: 'write' }, write(768, buffer)])).toBe(false);
    expect(fresh.gpu.hazards).toMatchObject([{ kind: 'overlapping-bindings', offset: 768, size: 256 }]);
  });

  it('are one dispatch each: written in one and read in the next is legal', () => {
    const fresh = openGpu();
    const buffer = fresh.make(1024);
    const encoder = fresh.gpu.recordEncoder();
    encoder.dispatch([{ ...write(0, buffer), store: bytes(6) }]);
    const [sighting] = encoder.dispatch([read(0, 'storage', buffer)]);
    expect(encoder.submit()).toBe(true);
    fresh.gpu.completeAll();
    expect(sighting?.bytes?.slice(0, 5)).toEqual(Uint8Array.of(6, 6, 6, 6, 0));
  });

  it('drop the whole encoder when they are broken', () => {
    const fresh = openGpu();
    const buffer = fresh.make(1024);
    const encoder = fresh.gpu.recordEncoder();
    encoder.write(buffer, 0, bytes(1));
    encoder.dispatch([write(0, buffer), read(512, undefined, buffer)]);
    expect(encoder.submit()).toBe(false);
    fresh.gpu.completeAll();
    expect(fresh.gpu.peek(buffer, 0, 4)).toEqual(bytes(0));
  });
});
