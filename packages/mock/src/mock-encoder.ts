/**
 * Mock encoder: a command encoder of the user's, recorded now and submitted later. Models what a heap must not break:
 * between the two, the buffers that it uses must stay alive and their bytes untouched.
 */
import type { CopyRegion } from '@gpuheap/core';
import type { MockBuffer } from './mock-buffer.ts';
import type { MockHost } from './mock-host.ts';

export class MockEncoder {
  private readonly gpu: MockHost;
  private readonly work: (() => void)[] = [];
  private readonly used = new Set<MockBuffer>();
  private isSubmitted = false;

  constructor(gpu: MockHost) {
    this.gpu = gpu;
  }

  /** Records a copy. */
  copy(region: CopyRegion<MockBuffer>): void {
    this.used.add(region.source).add(region.target);
    this.work.push(() => {
      const { source, sourceOffset, target, targetOffset, size } = region;
      target.memory.write(targetOffset, source.memory.read(sourceOffset, size));
    });
  }

  /** Records a shader that reads bytes; `look` is given what it sees when it runs. */
  read(buffer: MockBuffer, offset: number, size: number, look: (bytes: Uint8Array) => void): void {
    this.used.add(buffer);
    this.work.push(() => look(buffer.memory.read(offset, size)));
  }

  /** Records a shader that writes bytes. */
  write(buffer: MockBuffer, offset: number, bytes: Uint8Array): void {
    this.used.add(buffer);
    const taken = bytes.slice();
    this.work.push(() => buffer.memory.write(offset, taken));
  }

  /** Submits what was recorded, once. A destroyed or mapped buffer makes the whole submission an error. */
  submit(): boolean {
    if (this.isSubmitted) return this.gpu.report('an encoder was submitted twice');
    this.isSubmitted = true;
    if (this.gpu.isLost) return true;
    for (const buffer of this.used) {
      if (buffer.isDestroyed)
        return this.gpu.report(`buffer ${buffer.id} ${buffer.label} used in submit while destroyed`);
      if (buffer.isMapped)
        return this.gpu.report(`buffer ${buffer.id} ${buffer.label} used in submit while mapped`);
    }
    this.gpu.timeline.submit(() => {
      for (const step of this.work) step();
    });
    return true;
  }
}
