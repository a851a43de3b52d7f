import { describe, expect, it } from 'vitest';
import type { MockBuffer } from '../src/index.ts';
import { ALL, bytes, codeOf, openGpu, outcomeOf, READBACK, UPLOAD } from './open-gpu.ts';

describe('a buffer that is made beside the backend', () => {
  it('is none of the backend until it is adopted, and outlives it', () => {
    const { gpu, backend } = openGpu({ capacityBytes: 100 });
    const outside = gpu.makeBuffer({ size: 64, usage: ALL, label: 'mine' });
    expect([outside.label, gpu.heldBytes, gpu.occupiedBytes]).toEqual(['mine', 64, 64]);
    expect(codeOf(() => backend.write(outside, 0, bytes(1)))).toBe('foreign-object');
    backend.adoptBuffer(outside, { size: 64, usage: ALL });
    backend.write(outside, 0, bytes(1));
    backend.dispose();
    gpu.completeAll();
    expect(gpu.peek(outside, 0, 4)).toEqual(bytes(1));
    expect([...gpu.buffers]).toEqual([outside]);
    gpu.destroyBuffer(outside);
    gpu.completeAll();
    expect([gpu.heldBytes, gpu.occupiedBytes]).toEqual([0, 0]);
    expect(codeOf(() => gpu.destroyBuffer(outside))).toBe('dead-buffer');
  });

  it('may be destroyed though it is of the backend, which destroys it once more in vain', () => {
    const { gpu, backend, make } = openGpu({ capacityBytes: 100 });
    for (const end of [(buffer: MockBuffer) => backend.destroyBuffer(buffer), () => backend.dispose()]) {
      const buffer = make(64);
      gpu.destroyBuffer(buffer);
      gpu.completeAll();
      expect([gpu.heldBytes, gpu.occupiedBytes]).toEqual([0, 0]);
      expect(codeOf(() => end(buffer))).toBe('no error');
      gpu.completeAll();
      expect([gpu.heldBytes, gpu.occupiedBytes]).toEqual([0, 0]);
    }
  });

  it('lies in the first memory type that suits it, and needs room and a device', () => {
    const { gpu } = openGpu({ capacityBytes: 100 });
    expect(gpu.makeBuffer({ size: 16, usage: ALL }).memoryType).toBe(0);
    expect(gpu.makeBuffer({ size: 16, usage: UPLOAD }).memoryType).toBe(1);
    expect(gpu.makeBuffer({ size: 16, usage: READBACK, memoryType: 2 }).memoryType).toBe(2);
    expect(codeOf(() => gpu.makeBuffer({ size: 64, usage: ALL }))).toBe('refused-by-device');
    expect(codeOf(() => gpu.makeBuffer({ size: 3, usage: ALL }))).toBe('bad-size');
    expect(codeOf(() => gpu.makeBuffer(undefined as never))).toBe('bad-argument');
    expect(codeOf(() => gpu.makeBuffer({ size: 4, usage: ALL, colour: 1 } as never))).toBe('unknown-option');
    gpu.lose();
    expect(codeOf(() => gpu.makeBuffer({ size: 4, usage: ALL }))).toBe('device-lost');
    expect(gpu.callCount).toBe(0);
  });

  it.each([
    ['another size', { size: 32, usage: ALL }, 'bad-size'],
    ['no bytes', { size: 0, usage: ALL }, 'bad-size'],
    ['more usage than it has', { size: 16, usage: ALL }, 'bad-usage'],
    ['less usage than it has', { size: 16, usage: 0x8 }, 'bad-usage'],
    ['no usage', { size: 16, usage: 0 }, 'bad-usage'],
    ['no descriptor', undefined, 'bad-argument'],
  ])('is not adopted with %s', (_, descriptor, code) => {
    const { gpu, backend } = openGpu();
    const outside = gpu.makeBuffer({ size: 16, usage: 0xc });
    expect(codeOf(() => backend.adoptBuffer(outside, descriptor as never))).toBe(code);
    expect(codeOf(() => backend.destroyBuffer(outside))).toBe('foreign-object');
    expect(codeOf(() => backend.adoptBuffer(outside, { size: 16, usage: 0xc }))).toBe('no error');
  });

  it('is not adopted when it is of another GPU, destroyed, or mapped', () => {
    const { gpu, backend, make } = openGpu();
    const foreign = openGpu().gpu.makeBuffer({ size: 16, usage: ALL });
    expect(codeOf(() => backend.adoptBuffer(foreign, { size: 16, usage: ALL }))).toBe('foreign-object');
    const dead = gpu.makeBuffer({ size: 16, usage: ALL });
    gpu.destroyBuffer(dead);
    expect(codeOf(() => backend.adoptBuffer(dead, { size: 16, usage: ALL }))).toBe('dead-buffer');
    const upload = make(16, UPLOAD, 1);
    backend.map(upload, 0, 16);
    const sibling = gpu.backend();
    expect(codeOf(() => sibling.adoptBuffer(upload, { size: 16, usage: UPLOAD }))).toBe('mapped-buffer');
  });

  it('and destroyed by its owner while it is known makes a hazard of every use', async () => {
    const { gpu, backend, make } = openGpu();
    const outside = gpu.makeBuffer({ size: 16, usage: ALL });
    const own = make(16);
    backend.adoptBuffer(outside, { size: 16, usage: ALL });
    gpu.destroyBuffer(outside);
    backend.write(outside, 0, bytes(1));
    backend.clear(outside, 0, 4);
    backend.copy([{ source: outside, sourceOffset: 0, target: own, targetOffset: 0, size: 16 }]);
    expect(await outcomeOf(backend.read(outside, 0, 4))).toBe('backend-failed');
    expect(gpu.hazards.map(({ kind, by }) => `${kind} ${by}`)).toEqual([
      'destroyed-buffer write',
      'destroyed-buffer clear',
      'destroyed-buffer copy',
      'destroyed-buffer read',
    ]);
    backend.destroyBuffer(outside);
    expect([...gpu.buffers]).toEqual([own]);
  });

  it('can be told to fail at the call', () => {
    const { gpu, backend } = openGpu();
    const outside = gpu.makeBuffer({ size: 16, usage: ALL });
    gpu.faults.failAtCall(1, { kind: 'adoptBuffer' });
    const adopt = () => backend.adoptBuffer(outside, { size: 16, usage: ALL });
    expect(codeOf(adopt)).toBe('backend-failed');
    expect(codeOf(adopt)).toBe('no error');
    expect(gpu.calls[1]).toMatchObject({ kind: 'adoptBuffer', details: { buffer: outside.id, size: 16 } });
  });
});
