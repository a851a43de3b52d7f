/** Slot backend: buffers are small numbers, and the number of one that is destroyed is the next one's. */
import { type MockBuffer, MockGpu, type MockGpuOptions } from '../../../mock/src/index.ts';
import { ForwardingBackend } from '../../src/backend/forwarding-backend.ts';
import type {
  AdoptedBuffer,
  BufferDescriptor,
  CopyRegion,
  CreatedBuffer,
  GpuBackend,
} from '../../src/backend/port.ts';
import { GpuHeap, type GpuHeapOptions } from '../../src/index.ts';

/** As ports over handles are: identity means nothing once a buffer has been destroyed. */
export class SlotBackend extends ForwardingBackend<number> {
  /** Called within `destroyBuffer`, when the slot is free already. */
  onDestroyed: ((slot: number) => void) | undefined;
  private readonly buffers: (MockBuffer | undefined)[] = [];

  constructor(backend: GpuBackend<MockBuffer>) {
    super(backend as unknown as GpuBackend<number>);
  }

  /** The first free slot, for a buffer that was made elsewhere. */
  slotFor(buffer: MockBuffer): number {
    const free = this.buffers.indexOf(undefined);
    const slot = free === -1 ? this.buffers.length : free;
    this.buffers[slot] = buffer;
    return slot;
  }

  /** What is in a slot. */
  bufferIn(slot: number): MockBuffer {
    return this.buffers[slot] as MockBuffer;
  }

  override createBuffer(descriptor: BufferDescriptor): CreatedBuffer<number> {
    const created = super.createBuffer(descriptor);
    return { ...created, buffer: this.slotFor(created.buffer as unknown as MockBuffer) };
  }

  override adoptBuffer(slot: number, descriptor: AdoptedBuffer): void {
    super.adoptBuffer(this.at(slot), descriptor);
  }

  override destroyBuffer(slot: number): void {
    super.destroyBuffer(this.at(slot));
    this.buffers[slot] = undefined;
    this.onDestroyed?.(slot);
  }

  override write(slot: number, offset: number, data: ArrayBufferView): void {
    super.write(this.at(slot), offset, data);
  }

  override clear(slot: number, offset: number, size: number): void {
    super.clear(this.at(slot), offset, size);
  }

  override copy(regions: readonly CopyRegion<number>[]): void {
    super.copy(
      regions.map((each) => ({ ...each, source: this.at(each.source), target: this.at(each.target) })),
    );
  }

  override read(slot: number, offset: number, size: number): Promise<Uint8Array> {
    return super.read(this.at(slot), offset, size);
  }

  override map(slot: number, offset: number, size: number): Promise<Uint8Array> {
    return super.map(this.at(slot), offset, size);
  }

  override unmap(slot: number): void {
    super.unmap(this.at(slot));
  }

  /** What the backend behind it knows the slot by. */
  private at(slot: number): number {
    return this.buffers[slot] as unknown as number;
  }
}

/** A heap over slots of a virtual GPU of its own. */
export function openSlots(options: GpuHeapOptions = {}, gpuOptions: MockGpuOptions = {}) {
  const gpu = new MockGpu(gpuOptions);
  const backend = new SlotBackend(gpu.backend());
  return { gpu, backend, heap: new GpuHeap<number>(backend, options) };
}
