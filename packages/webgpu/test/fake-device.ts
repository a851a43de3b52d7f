/**
 * Fake device: enough of WebGPU to make it fail on command.
 *
 * Promise  queue work takes effect at once; fences and maps settle when the test says so, or at once when it
 *          says nothing.
 * Refusal  knows no rule of WebGPU beyond error scopes: the contract suite runs on real devices.
 */
import type { WebGpuBuffer, WebGpuBufferDescriptor, WebGpuDevice, WebGpuLostInfo } from '../src/index.ts';

interface Scope {
  readonly filter: string;
  error: { readonly message: string } | null;
}

export class FakeBuffer implements WebGpuBuffer {
  readonly bytes: Uint8Array;
  readonly device: FakeDevice;
  readonly size: number;
  readonly usage: number;
  destroyed = false;
  mapping: { readonly offset: number; readonly size: number; readonly mode: number } | undefined;
  private handedOut: { readonly offset: number; readonly memory: ArrayBuffer }[] = [];
  private abort: () => void = () => {};

  constructor(device: FakeDevice, { size, usage, mappedAtCreation }: WebGpuBufferDescriptor) {
    this.device = device;
    this.bytes = new Uint8Array(size);
    this.size = size;
    this.usage = usage;
    if (mappedAtCreation === true) this.mapping = { offset: 0, size, mode: 2 };
  }

  /** As WebGPU: one mapping at a time, of an aligned range. Unmapping aborts one that is pending. */
  async mapAsync(mode: number, offset = 0, size: number = this.bytes.length - offset): Promise<void> {
    if (this.mapping !== undefined) throw new Error('already mapped, or about to be');
    if (offset % 8 !== 0 || size % 4 !== 0) throw new Error('misaligned mapping');
    const failure = this.device.mapFailures.shift();
    if (failure !== undefined) throw failure;
    this.mapping = { offset, size, mode };
    const aborted = new Promise<never>((_, reject) => {
      this.abort = () => reject(new Error('aborted'));
    });
    await Promise.race([this.device.mapGate, aborted]);
    this.abort = () => {};
  }

  getMappedRange(offset = 0, size: number = this.bytes.length - offset): ArrayBuffer {
    const mapping = this.mapping;
    if (mapping === undefined || offset < mapping.offset || offset + size > mapping.offset + mapping.size) {
      throw new Error('not mapped there');
    }
    const memory = this.bytes.slice(offset, offset + size).buffer;
    this.handedOut.push({ offset, memory });
    return memory;
  }

  /** As WebGPU: what was handed out to be written is taken, and all of it is detached. */
  unmap(): void {
    for (const { offset, memory } of this.handedOut) {
      if (this.mapping?.mode === 2) this.bytes.set(new Uint8Array(memory), offset);
      structuredClone(memory, { transfer: [memory] });
    }
    this.handedOut = [];
    this.mapping = undefined;
    this.abort();
  }

  destroy(): void {
    this.unmap();
    this.destroyed = true;
  }
}

export class FakeDevice implements WebGpuDevice<FakeBuffer> {
  readonly limits = {
    maxBufferSize: 1 << 26,
    maxUniformBufferBindingSize: 65_536,
    maxStorageBufferBindingSize: 1 << 26,
    minUniformBufferOffsetAlignment: 256,
    minStorageBufferOffsetAlignment: 256,
  };
  readonly lost: Promise<WebGpuLostInfo>;
  lose: (info: WebGpuLostInfo) => void = () => {};
  readonly buffers: FakeBuffer[] = [];
  readonly descriptors: WebGpuBufferDescriptor[] = [];
  readonly uncaptured: string[] = [];
  /** What the next createBuffer calls are told; by filter. */
  readonly refusals: { filter: 'out-of-memory' | 'validation'; message: string }[] = [];
  readonly mapFailures: Error[] = [];
  mapGate: Promise<void> = Promise.resolve();
  readonly fences: { resolve: () => void; reject: (error: Error) => void }[] = [];
  readonly written: Uint8Array[] = [];
  submissions = 0;
  readonly scopes: Scope[] = [];

  constructor() {
    this.lost = new Promise((resolve) => {
      this.lose = resolve;
    });
  }

  get liveBuffers(): FakeBuffer[] {
    return this.buffers.filter((buffer) => !buffer.destroyed);
  }

  readonly queue = {
    writeBuffer: (buffer: FakeBuffer, offset: number, data: Uint8Array): void => {
      this.written.push(data);
      buffer.bytes.set(data, offset);
    },
    submit: (): void => {
      this.submissions += 1;
    },
    onSubmittedWorkDone: (): Promise<void> =>
      new Promise((resolve, reject) => {
        this.fences.push({ resolve, reject });
      }),
  };

  createBuffer(descriptor: WebGpuBufferDescriptor): FakeBuffer {
    this.descriptors.push(descriptor);
    const refusal = this.refusals.shift();
    if (refusal !== undefined) this.report(refusal.filter, refusal.message);
    const buffer = new FakeBuffer(this, descriptor);
    this.buffers.push(buffer);
    return buffer;
  }

  createCommandEncoder() {
    return {
      copyBufferToBuffer: (
        source: FakeBuffer,
        sourceOffset: number,
        target: FakeBuffer,
        targetOffset: number,
        size: number,
      ): void => target.bytes.set(source.bytes.subarray(sourceOffset, sourceOffset + size), targetOffset),
      clearBuffer: (buffer: FakeBuffer, offset: number, size: number): void => {
        buffer.bytes.fill(0, offset, offset + size);
      },
      finish: (): object => ({}),
    };
  }

  /** An error of the device, which the innermost scope of its kind catches. */
  report(filter: string, message: string): void {
    const scope = this.scopes.findLast((candidate) => candidate.filter === filter);
    if (scope === undefined) this.uncaptured.push(message);
    else scope.error ??= { message };
  }

  pushErrorScope(filter: 'validation' | 'out-of-memory' | 'internal'): void {
    this.scopes.push({ filter, error: null });
  }

  async popErrorScope(): Promise<{ readonly message: string } | null> {
    const scope = this.scopes.pop();
    if (scope === undefined) throw new Error('no scope to pop');
    return scope.error;
  }
}
