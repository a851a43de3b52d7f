/**
 * Mock GPU: a virtual GPU that moves real bytes, whose clock is the test's, and that breaks on command.
 *
 * Promise  submitted work runs when the test completes it and not before, in order; what WebGPU forbids is refused, or
 *          reported in `errors` where WebGPU would only tell later. The same calls do the same again: there is no clock,
 *          no timer and no randomness inside.
 * Refusal  one queue; knows no textures.
 * Source   WebGPU, W3C.
 */
import {
  BackendError,
  type BackendLimits,
  type DeviceLoss,
  MemoryProperty,
  type MemoryType,
  type Serial,
} from '@gpuheap/core';
import { checkInteger, checkOneOf, checkOptions } from '@gpuheap/core/backend';
import { Faults } from './faults.ts';
import { MockBackend } from './mock-backend.ts';
import type { MockBuffer } from './mock-buffer.ts';
import { MockEncoder } from './mock-encoder.ts';
import type { MockHost } from './mock-host.ts';
import { Settlements } from './settlements.ts';
import { Timeline } from './timeline.ts';

/** How a virtual GPU behaves; sizes in bytes. */
export interface MockGpuOptions {
  /** Limits that differ from WebGPU's defaults. */
  readonly limits?: Partial<BackendLimits>;
  /** Default: device, upload and readback memory, as the WebGPU backend reports them. */
  readonly memoryTypes?: readonly MemoryType[];
  /** What all buffers together may hold; more is refused late, as WebGPU does. Default Infinity. */
  readonly capacityBytes?: number;
  /** Default `completed`. */
  readonly reuseAfter?: 'submitted' | 'completed';
  /** Whether there is no clock: work is over as soon as it is submitted. Default false. */
  readonly autoComplete?: boolean;
  /** Whether `settled` promises wait for `settle()`. Default false. */
  readonly holdSettlements?: boolean;
}

const KNOWN = [
  'limits',
  'memoryTypes',
  'capacityBytes',
  'reuseAfter',
  'autoComplete',
  'holdSettlements',
] as const;

const DEFAULT_LIMITS: BackendLimits = {
  maxBufferSize: 2 ** 28,
  maxUniformBindingSize: 2 ** 16,
  maxStorageBindingSize: 2 ** 27,
  uniformOffsetAlignment: 256,
  storageOffsetAlignment: 256,
  copyAlignment: 4,
  copiesWithinBuffer: false,
};

const { DEVICE_LOCAL, HOST_VISIBLE, HOST_COHERENT, HOST_CACHED } = MemoryProperty;

const DEFAULT_MEMORY_TYPES: readonly MemoryType[] = [
  DEVICE_LOCAL,
  HOST_VISIBLE | HOST_COHERENT,
  HOST_VISIBLE | HOST_CACHED,
].map((properties) => ({ properties, heapIndex: 0, heapSizeBytes: Number.POSITIVE_INFINITY }));

/** One binding of a dispatch or draw, as far as the rules on usage care. */
export interface MockBinding {
  readonly buffer: MockBuffer;
  /** Whether the shader may write it. */
  readonly access: 'read' | 'write';
}

export class MockGpu implements MockHost {
  readonly limits: BackendLimits;
  readonly memoryTypes: readonly MemoryType[];
  readonly reuseAfter: 'submitted' | 'completed';
  /** What shall go wrong. */
  readonly faults: Faults = new Faults();
  /** What WebGPU would have told its error handler: one sentence each. */
  readonly errors: string[] = [];
  /** The promises of creations. */
  readonly settlements: Settlements;
  readonly timeline: Timeline;
  readonly lost: Promise<DeviceLoss>;
  /** Buffers that exist now, of all backends. */
  readonly buffers: Set<MockBuffer> = new Set();
  private readonly capacityBytes: number;
  private readonly backends: MockBackend[] = [];
  private announce: (loss: DeviceLoss) => void = () => {};
  private loss: DeviceLoss | undefined;
  private buffersMade = 0;

  /** @throws UsageError `bad-argument`, `unknown-option`, `bad-size` */
  constructor(options: MockGpuOptions = {}) {
    checkOptions(options, 'options', KNOWN);
    const { capacityBytes = Number.POSITIVE_INFINITY, reuseAfter = 'completed' } = options;
    checkOptions(options.limits ?? {}, 'options.limits', Object.keys(DEFAULT_LIMITS));
    checkOneOf(reuseAfter, 'reuseAfter', ['submitted', 'completed']);
    if (capacityBytes !== Number.POSITIVE_INFINITY) {
      checkInteger(capacityBytes, 'capacityBytes', 0, Number.MAX_SAFE_INTEGER, 'bad-size');
    }
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.memoryTypes = options.memoryTypes ?? DEFAULT_MEMORY_TYPES;
    this.capacityBytes = capacityBytes;
    this.reuseAfter = reuseAfter;
    this.timeline = new Timeline(options.autoComplete ?? false);
    this.settlements = new Settlements(options.holdSettlements ?? false);
    this.lost = new Promise((resolve) => {
      this.announce = resolve;
    });
  }

  /** A backend on this GPU. Several may share it; each refuses the buffers of the others. */
  backend(): MockBackend {
    const backend = new MockBackend(this);
    this.backends.push(backend);
    return backend;
  }

  /** An encoder of the user's: what it records happens when it is submitted, if the buffers still live then. */
  recordEncoder(): MockEncoder {
    return new MockEncoder(this);
  }

  /** Runs all work up to a point on the timeline. */
  completeUpTo(serial: Serial): void {
    this.timeline.completeUpTo(serial);
  }

  /** Runs all work that was submitted. */
  completeAll(): void {
    this.timeline.completeAll();
  }

  /**
   * Looks at the bindings of one usage scope (a dispatch, or a render pass) and reports in `errors` what WebGPU would:
   * a buffer that is written and read in one scope. Answers whether all is well.
   */
  dispatch(bindings: readonly MockBinding[]): boolean {
    const written = new Set(bindings.filter(({ access }) => access === 'write').map(({ buffer }) => buffer));
    let isFine = true;
    for (const { buffer, access } of bindings) {
      if (access === 'write' || !written.has(buffer)) continue;
      isFine = this.report(`buffer ${buffer.id} ${buffer.label} is written and read in one scope`);
    }
    return isFine;
  }

  /** The device is gone: pending work never runs, everything that waits rejects. */
  lose(message = 'lost by the test'): void {
    this.end({ reason: 'unknown', message });
  }

  /** As `GPUDevice.destroy()`. */
  destroy(): void {
    this.end({ reason: 'destroyed', message: 'the device was destroyed' });
  }

  get isLost(): boolean {
    return this.loss !== undefined;
  }

  /** Bytes of all buffers that exist and were granted. */
  get heldBytes(): number {
    let bytes = 0;
    for (const buffer of this.buffers) if (!buffer.isRefused) bytes += buffer.sizeBytes;
    return bytes;
  }

  /** Whether so many bytes more would be granted. */
  hasRoomFor(sizeBytes: number): boolean {
    return this.heldBytes + sizeBytes <= this.capacityBytes;
  }

  /** The number of the next buffer. */
  nextBufferId(): number {
    this.buffersMade++;
    return this.buffersMade;
  }

  /** Counts a backend call and lets happen to it what the script says. @throws BackendError */
  enterCall(name: string): void {
    const fate = this.faults.nextCall();
    if (fate === 'lose') this.lose(`lost at call ${this.faults.callCount}, ${name}`);
    if (fate === 'fail') {
      throw new BackendError('backend-failed', `call ${this.faults.callCount}, ${name}, was told to fail`);
    }
  }

  /** Remembers an error that nobody is told of; answers false. */
  report(error: string): false {
    this.errors.push(error);
    return false;
  }

  private end(loss: DeviceLoss): void {
    if (this.loss !== undefined) return;
    this.loss = loss;
    this.timeline.drop();
    this.settlements.lose();
    for (const backend of this.backends) backend.deviceLost(loss);
    this.announce(loss);
  }
}
