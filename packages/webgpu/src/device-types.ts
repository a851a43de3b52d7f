/**
 * The part of WebGPU that the backend uses, as structural types.
 *
 * Promise  a `GPUDevice` fits them as it is, under TypeScript's DOM library and under `@webgpu/types`;
 *          neither is needed.
 * Refusal  describes nothing else of the API: no textures, pipelines or bind groups.
 * Source   WebGPU, W3C; checked by `test/types`.
 */

/** What the backend does with a `GPUBuffer`. */
export interface WebGpuBuffer {
  /** These three are looked at where they are, when a buffer is adopted. */
  readonly size?: number;
  readonly usage?: number;
  readonly mapState?: string;
  mapAsync(mode: number, offset?: number, size?: number): Promise<unknown>;
  getMappedRange(offset?: number, size?: number): ArrayBuffer;
  unmap(): void;
  destroy(): void;
}

/** What the backend asks for when it makes a `GPUBuffer`. */
export interface WebGpuBufferDescriptor {
  size: number;
  usage: number;
  label?: string;
  mappedAtCreation?: boolean;
}

/** What the backend does with a `GPUCommandEncoder`. */
export interface WebGpuCommandEncoder<Buffer extends WebGpuBuffer> {
  copyBufferToBuffer(
    source: Buffer,
    sourceOffset: number,
    target: Buffer,
    targetOffset: number,
    size: number,
  ): void;
  clearBuffer(buffer: Buffer, offset: number, size: number): void;
  finish(): object;
}

/** What the backend does with a `GPUQueue`. */
export interface WebGpuQueue<Buffer extends WebGpuBuffer> {
  writeBuffer(buffer: Buffer, bufferOffset: number, data: Uint8Array): void;
  submit(commandBuffers: Iterable<object>): void;
  onSubmittedWorkDone(): Promise<unknown>;
}

/** The limits of a `GPUDevice` that matter here, in bytes. */
export interface WebGpuLimits {
  readonly maxBufferSize: number;
  readonly maxUniformBufferBindingSize: number;
  readonly maxStorageBufferBindingSize: number;
  readonly minUniformBufferOffsetAlignment: number;
  readonly minStorageBufferOffsetAlignment: number;
}

/** Why a `GPUDevice` was lost. */
export interface WebGpuLostInfo {
  readonly reason: string;
  readonly message: string;
}

/** What the backend does with a `GPUDevice`; `Buffer` is what that device calls a buffer. */
export interface WebGpuDevice<Buffer extends WebGpuBuffer = WebGpuBuffer> {
  readonly queue: WebGpuQueue<Buffer>;
  readonly limits: WebGpuLimits;
  readonly lost: Promise<WebGpuLostInfo>;
  createBuffer(descriptor: WebGpuBufferDescriptor): Buffer;
  createCommandEncoder(): WebGpuCommandEncoder<Buffer>;
  pushErrorScope(filter: 'validation' | 'out-of-memory' | 'internal'): void;
  popErrorScope(): Promise<{ readonly message: string } | null>;
}
