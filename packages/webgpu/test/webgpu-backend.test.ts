import { BufferUsage, MemoryProperty } from '@gpuheap/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWebGpuBackend, type WebGpuBackend, type WebGpuBackendOptions } from '../src/index.ts';
import { type FakeBuffer, FakeDevice } from './fake-device.ts';

const BOTH_WAYS = BufferUsage.COPY_SRC | BufferUsage.COPY_DST;
const unhandled: unknown[] = [];
const note = (error: unknown) => unhandled.push(error);

beforeEach(() => {
  process.on('unhandledRejection', note);
});

afterEach(async () => {
  // A macrotask later Node has reported what nobody handled.
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', note);
  expect(unhandled.splice(0)).toEqual([]);
});

function open(options?: WebGpuBackendOptions): { device: FakeDevice; backend: WebGpuBackend<FakeBuffer> } {
  const device = new FakeDevice();
  return { device, backend: createWebGpuBackend(device, options) };
}

function make(backend: WebGpuBackend<FakeBuffer>, size = 64, usage = BOTH_WAYS) {
  return backend.createBuffer({ size, usage, memoryType: 0 });
}

describe('what it says of itself', () => {
  it('has a device, an upload and a readback memory type, and the limits of the device', () => {
    const { backend } = open();
    const { DEVICE_LOCAL, HOST_VISIBLE, HOST_COHERENT, HOST_CACHED } = MemoryProperty;
    expect(backend.memoryTypes.map(({ properties }) => properties)).toEqual([
      DEVICE_LOCAL,
      HOST_VISIBLE | HOST_COHERENT,
      HOST_VISIBLE | HOST_CACHED,
    ]);
    expect(backend.limits).toMatchObject({
      maxBufferSize: 1 << 26,
      copyAlignment: 4,
      copiesWithinBuffer: false,
    });
    expect(backend.reuseAfter).toBe('submitted');
  });

  it.each([
    ['no device', undefined, {}, 'bad-argument'],
    ['an object that is no device', {}, {}, 'bad-argument'],
    ['options that are none', new FakeDevice(), 7, 'bad-argument'],
    ['an unknown option', new FakeDevice(), { checks: true }, 'unknown-option'],
    ['an unknown check', new FakeDevice(), { creationChecks: 'always' }, 'bad-argument'],
    ['a flag that is no boolean', new FakeDevice(), { copySharedViews: 1 }, 'bad-argument'],
  ])('refuses %s', (_, device, options, code) => {
    const create = () => createWebGpuBackend(device as FakeDevice, options as WebGpuBackendOptions);
    expect(create).toThrow(expect.objectContaining({ name: 'UsageError', code }));
  });
});

describe('creation', () => {
  it('passes size, usage and label on unchanged, and grants late', async () => {
    const { device, backend } = open();
    const { settled } = backend.createBuffer({
      size: 8,
      usage: BufferUsage.INDEX,
      memoryType: 2,
      label: 'indices',
    });
    await expect(settled).resolves.toBeUndefined();
    expect(device.descriptors).toEqual([{ size: 8, usage: BufferUsage.INDEX, label: 'indices' }]);
    expect(device.scopes).toEqual([]);
  });

  it('tells a late refusal by `settled`, and the device sees no uncaptured error', async () => {
    const { device, backend } = open();
    device.refusals.push({ filter: 'out-of-memory', message: 'heap exhausted' });
    const { buffer, settled } = make(backend, 1024);
    await expect(settled).rejects.toMatchObject({
      code: 'refused-by-device',
      figures: { requestedBytes: 1024, reservedBytes: 1024 },
    });
    backend.destroyBuffer(buffer);
    expect(device.uncaptured).toEqual([]);
  });

  it('does not touch a refused buffer again', async () => {
    const { device, backend } = open();
    device.refusals.push({ filter: 'out-of-memory', message: 'heap exhausted' });
    const refused = make(backend);
    const granted = make(backend);
    await refused.settled.catch(() => {});
    await granted.settled;
    backend.write(refused.buffer, 0, Uint8Array.of(1, 2, 3, 4));
    backend.copy([
      { source: refused.buffer, sourceOffset: 0, target: granted.buffer, targetOffset: 0, size: 4 },
    ]);
    expect(device.written).toEqual([]);
    expect(device.submissions).toBe(0);
    await expect(backend.read(refused.buffer, 0, 4)).rejects.toMatchObject({ code: 'backend-failed' });
  });

  it('takes a validation error of the device for a failure, not for a lack of memory', async () => {
    const { device, backend } = open();
    device.refusals.push({ filter: 'validation', message: 'usage not enabled' });
    await expect(make(backend).settled).rejects.toMatchObject({ code: 'backend-failed' });
    expect(device.uncaptured).toEqual([]);
  });

  it('tells what it can of a refusal that says little, or nothing', async () => {
    const { device, backend } = open();
    device.refusals.push({ filter: 'out-of-memory', message: '' });
    await expect(make(backend).settled).rejects.toThrow(/no reason given/);
    // Whoever can not be asked has not agreed.
    const pop = device.popErrorScope.bind(device);
    device.popErrorScope = async () => {
      await pop();
      throw new Error('the scope is gone');
    };
    await expect(make(backend).settled).rejects.toThrow(
      /the error scope could not be read: Error: the scope is gone/,
    );
  });

  it('without checks uses no scope and grants at once', async () => {
    const { device, backend } = open({ creationChecks: 'none' });
    device.refusals.push({ filter: 'out-of-memory', message: 'heap exhausted' });
    await expect(make(backend).settled).resolves.toBeUndefined();
    expect(device.uncaptured).toEqual(['heap exhausted']);
  });

  it('turns what the device throws into a typed error, with the scopes closed', () => {
    const { device, backend } = open();
    device.createBuffer = () => {
      throw new RangeError('no');
    };
    expect(() => make(backend)).toThrow(expect.objectContaining({ code: 'backend-failed' }));
    expect(device.scopes).toEqual([]);
  });
});

describe('data', () => {
  it.each([
    ['a DataView', () => new DataView(Uint8Array.of(0, 1, 2, 3, 4, 0, 0, 0).buffer, 1, 4)],
    ['a view of resizable memory', () => resizableView()],
    ['words', () => Uint32Array.of(0x04030201)],
  ])('goes to the device as plain bytes: %s', (_, data) => {
    const { device, backend } = open();
    backend.write(make(backend).buffer, 0, data());
    expect(device.written).toEqual([Uint8Array.of(1, 2, 3, 4)]);
    expect(device.written[0]?.buffer).not.toHaveProperty('resizable', true);
  });

  it('of shared memory is copied when asked, and in Node, whose bindings need it', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(4)).fill(5);
    for (const options of [{ copySharedViews: true }, {}]) {
      const { device, backend } = open(options);
      backend.write(make(backend).buffer, 0, shared);
      expect(device.written[0]?.buffer).toBeInstanceOf(ArrayBuffer);
    }
    const plain = open({ copySharedViews: false });
    plain.backend.write(make(plain.backend).buffer, 0, shared);
    expect(plain.device.written[0]?.buffer).toBe(shared.buffer);
  });
});

describe('loss', () => {
  it('rejects what waits, also when the fence resolves afterwards', async () => {
    const { device, backend } = open();
    const { buffer } = make(backend);
    device.mapGate = new Promise(() => {});
    const read = backend.read(buffer, 0, 4);
    const serial = backend.signal();
    const fence = backend.whenCompleted(serial);
    device.lose({ reason: 'unknown', message: 'driver reset' });
    await expect(backend.lost).resolves.toEqual({ reason: 'unknown', message: 'driver reset' });
    for (const { resolve } of device.fences) resolve();
    await expect(fence).rejects.toMatchObject({ code: 'device-lost' });
    await expect(read).rejects.toMatchObject({ code: 'device-lost' });
    expect(backend.completedSerial).toBe(0);
    expect(backend.isLost).toBe(true);
    expect(() => make(backend)).toThrow(expect.objectContaining({ code: 'device-lost' }));
    await expect(backend.read(buffer, 0, 0)).rejects.toMatchObject({ code: 'device-lost' });
  });

  it('is also what a device has come to that can not tell of it', async () => {
    const device = Object.assign(new FakeDevice(), { lost: Promise.reject(new Error('the process ended')) });
    const backend = createWebGpuBackend(device);
    await expect(backend.lost).resolves.toEqual({ reason: 'unknown', message: 'Error: the process ended' });
    expect(() => make(backend)).toThrow(/the process ended.*\[device-lost\]$/);
  });

  it('leaves nothing unhandled when nobody waits', async () => {
    const { device, backend } = open();
    const { buffer } = make(backend);
    device.mapGate = new Promise(() => {});
    backend.read(buffer, 0, 4);
    backend.whenCompleted(backend.signal());
    backend.dispose();
    expect(device.liveBuffers).toEqual([]);
    expect(backend.stagingBytes).toBe(0);
  });
});

describe('fences', () => {
  it('complete all that came before them', async () => {
    const { device, backend } = open();
    const [first, second] = [backend.signal(), backend.signal()];
    const waits = Promise.all([backend.whenCompleted(first), backend.whenCompleted(second)]);
    device.fences[1]?.resolve();
    await waits;
    expect(backend.completedSerial).toBe(second);
    device.fences[0]?.resolve();
    await backend.whenCompleted(0);
    expect(backend.completedSerial).toBe(second);
  });

  it('that fail do not leave anybody waiting, and a later one makes good', async () => {
    const { device, backend } = open();
    const first = backend.signal();
    const wait = backend.whenCompleted(first);
    device.fences[0]?.reject(new Error('fence broken'));
    await expect(wait).rejects.toMatchObject({ code: 'backend-failed' });
    const second = backend.signal();
    device.fences[1]?.resolve();
    await backend.whenCompleted(second);
    expect(backend.completedSerial).toBe(second);
  });
});

/** Four bytes on a buffer that can be resized. */
function resizableView(): Uint8Array {
  const Resizable = ArrayBuffer as unknown as new (size: number, options: object) => ArrayBuffer;
  const view = new Uint8Array(new Resizable(4, { maxByteLength: 8 }));
  view.set([1, 2, 3, 4]);
  return view;
}
