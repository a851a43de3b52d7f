import { describe, expect, it } from 'vitest';
import { Timeline } from '../src/timeline.ts';
import { ALL, bytes, codeOf, openGpu } from './open-gpu.ts';

describe('the clock', () => {
  it('does nothing before the test moves it, and then everything in order', async () => {
    const { gpu, backend, make } = openGpu();
    const [source, target] = [make(8), make(8)];
    backend.write(source, 0, bytes(1, 8));
    backend.copy([{ source, sourceOffset: 0, target, targetOffset: 0, size: 8 }]);
    backend.write(source, 0, bytes(2, 8));
    const serial = backend.signal();
    let isReached = false;
    const wait = backend.whenCompleted(serial).then(() => {
      isReached = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect([gpu.peek(source), gpu.peek(target)]).toEqual([bytes(0, 8), bytes(0, 8)]);
    expect([isReached, backend.completedSerial, gpu.queuedCount]).toEqual([false, 0, 4]);
    gpu.completeUpTo(serial);
    await wait;
    expect([gpu.peek(source), gpu.peek(target)]).toEqual([bytes(2, 8), bytes(1, 8)]);
    expect([isReached, backend.completedSerial, gpu.queuedCount]).toEqual([true, serial, 0]);
  });

  it('stops at the signal that it was moved to', () => {
    const { gpu, backend, make } = openGpu();
    const buffer = make(4);
    const serials = [1, 2, 3].map((value) => {
      backend.write(buffer, 0, bytes(value));
      return backend.signal();
    });
    backend.write(buffer, 0, bytes(4));
    for (const [index, serial] of serials.entries()) {
      gpu.completeUpTo(serial);
      expect(gpu.peek(buffer)).toEqual(bytes(index + 1));
      expect(gpu.completedSerial).toBe(serial);
      gpu.completeUpTo(serials[0] ?? 0);
      expect(gpu.completedSerial).toBe(serial);
    }
    gpu.completeUpTo(0);
    expect(gpu.peek(buffer)).toEqual(bytes(3));
    gpu.completeAll();
    expect(gpu.peek(buffer)).toEqual(bytes(4));
    expect(gpu.signalledSerial).toBe(serials[2]);
  });

  it.each([4, -1, 0.5, Number.NaN, '1', undefined])('refuses to be moved to %s', (serial) => {
    const { gpu, backend } = openGpu();
    for (let turn = 0; turn < 3; turn++) backend.signal();
    expect(codeOf(() => gpu.completeUpTo(serial as number))).toBe('bad-argument');
    expect(gpu.completedSerial).toBe(0);
  });

  it('is one for all backends of a GPU', async () => {
    const { gpu, backend, make } = openGpu();
    const other = gpu.backend();
    const mine = make(4);
    const theirs = other.createBuffer({ size: 4, usage: ALL, memoryType: 0 }).buffer;
    backend.write(mine, 0, bytes(1));
    const serial = backend.signal();
    other.write(theirs, 0, bytes(2));
    const later = other.signal();
    expect(later).toBeGreaterThan(serial);
    expect(codeOf(() => backend.whenCompleted(later))).toBe('bad-argument');
    gpu.completeUpTo(serial);
    expect([gpu.peek(mine), gpu.peek(theirs)]).toEqual([bytes(1), bytes(0)]);
    gpu.completeUpTo(later);
    expect(gpu.peek(theirs)).toEqual(bytes(2));
    expect([backend.completedSerial, other.completedSerial]).toEqual([later, later]);
    backend.dispose();
    expect([...gpu.buffers]).toEqual([theirs]);
  });

  it('need not be moved with autoComplete: everything is done at once', async () => {
    const { gpu, backend, make } = openGpu({ autoComplete: true });
    const [source, target] = [make(8), make(8)];
    const data = bytes(5, 8);
    backend.write(source, 0, data);
    data.fill(6);
    backend.copy([{ source, sourceOffset: 0, target, targetOffset: 0, size: 8 }]);
    expect(gpu.peek(target)).toEqual(bytes(5, 8));
    const serial = backend.signal();
    expect(backend.completedSerial).toBe(serial);
    await backend.whenCompleted(serial);
    expect(await backend.read(target, 1, 3)).toEqual(bytes(5, 3));
    backend.destroyBuffer(target);
    expect([gpu.occupiedBytes, gpu.queuedCount, gpu.calls.length]).toEqual([8, 0, 0]);
  });
});

describe('huge buffers', () => {
  it('exist at 2^40 bytes and beyond, and are right above 2^31 and 2^32', async () => {
    const { gpu, backend, make } = openGpu({ maxBufferSize: 2 ** 53 - 1, autoComplete: true });
    const size = 2 ** 53 - 4;
    const [huge, other] = [make(size), make(2 ** 40)];
    const places = [2 ** 31 - 4, 2 ** 31, 2 ** 32 - 4, 2 ** 32, 2 ** 40, 2 ** 52, size - 4];
    for (const [index, place] of places.entries()) backend.write(huge, place, bytes(index + 1));
    for (const [index, place] of places.entries()) {
      expect(await backend.read(huge, place, 4)).toEqual(bytes(index + 1));
    }
    const region = { source: huge, sourceOffset: 2 ** 31, target: other, targetOffset: 0, size: 2 ** 39 };
    backend.copy([region]);
    expect(await backend.read(other, 2 ** 31 - 4, 8)).toEqual(Uint8Array.of(3, 3, 3, 3, 4, 4, 4, 4));
    expect(codeOf(() => backend.read(huge, 0, 2 ** 33))).toBe('too-large');
    expect(gpu.heldBytes).toBe(size + 2 ** 40);
  });
});

describe('peek', () => {
  it('refuses buffers of another GPU and places outside', () => {
    const { gpu, make } = openGpu();
    const buffer = make(8);
    expect(codeOf(() => gpu.peek(openGpu().make(8)))).toBe('foreign-object');
    expect(codeOf(() => gpu.peek({} as never))).toBe('foreign-object');
    expect(codeOf(() => gpu.peek(buffer, 4, 8))).toBe('out-of-bounds');
    expect(gpu.peek(buffer, 4)).toEqual(bytes(0));
  });
});

describe('a timeline that was stopped', () => {
  it.each([true, false])('does no work and reaches no serial any more, whether eager: %s', (isEager) => {
    const done: string[] = [];
    const timeline = new Timeline(isEager, () => done.push('reached'));
    timeline.submit(() => done.push('before'));
    timeline.stop();
    timeline.submit(() => done.push('after'));
    timeline.signal(1, 0);
    timeline.completeAll();
    expect(done).toEqual(isEager ? ['before'] : []);
    expect([timeline.completedSerial, timeline.isOpen(1), timeline.queuedCount]).toEqual([0, true, 0]);
  });
});
