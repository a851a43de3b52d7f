/// <reference types="@webgpu/types" preserve="true" />
/**
 * Compute chain: 300 tensors in three buffers, each made by a dispatch that reads two earlier ones.
 *
 * Promise  WebGPU refuses a dispatch that reads and writes one buffer, wherever in it. A tensor that is told
 *          what to keep apart from lies in another buffer than what it is made of.
 */
import { type Allocation, BufferUsage, type GpuHeap } from '@gpuheap/core';
import { openWebGpuHeap } from '@gpuheap/webgpu';

export const TENSOR_COUNT = 300;
export const WORD_COUNT = 64;
/** What each asks of the heap. */
export const TENSOR: { size: number; usage: number } = { size: 4 * WORD_COUNT, usage: BufferUsage.STORAGE };
const SHADER = `
@group(0) @binding(0) var<storage, read> left: array<u32>;
@group(0) @binding(1) var<storage, read> right: array<u32>;
@group(0) @binding(2) var<storage, read_write> result: array<u32>;
@compute @workgroup_size(${WORD_COUNT}) fn main(@builtin(local_invocation_index) i: u32) {
  result[i] = 3 * left[i] + right[i] + i;
}`;

/** What a bind group takes of a tensor. */
export type Tensor = Pick<Allocation<GPUBuffer>, 'buffer' | 'offset' | 'size'>;
/** Makes a tensor for a dispatch that reads `inputs`. `submit` hands over what is recorded so far. */
export type Place<Made extends Tensor> = (inputs: readonly Made[], submit: () => void) => Made;
/** The words of all tensors, one after another, and in how many buffers the tensors lay. */
export type ChainResult = { readonly words: Uint32Array; readonly bufferCount: number };

/** The chain on a heap that keeps each tensor apart from those that it is made of. */
export async function runComputeChain(device: GPUDevice): Promise<ChainResult> {
  const heap = openWebGpuHeap(device);
  const place: Place<Allocation<GPUBuffer>> = (apartFrom) => heap.allocate({ ...TENSOR, apartFrom });
  const result = await runChain(device, heap, place);
  heap.dispose();
  return result;
}

/** Which tensors a step reads: the last one, and one of long ago. */
export const inputsOf = (step: number): number[] => [step - 1, Math.floor(step / 3)];

/** The dispatches, whoever places the tensors, in as few submissions as `place` allows. */
export async function runChain<Made extends Tensor>(
  device: GPUDevice,
  heap: GpuHeap<GPUBuffer>,
  place: Place<Made>,
): Promise<ChainResult> {
  const module = device.createShaderModule({ code: SHADER });
  const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module } });
  let encoder = device.createCommandEncoder();
  const submit = (): void => {
    device.queue.submit([encoder.finish()]);
    heap.submitted();
    encoder = device.createCommandEncoder();
  };
  const first = place([], submit);
  device.queue.writeBuffer(first.buffer, first.offset, new Uint32Array(WORD_COUNT).fill(1));
  const tensors = [first];
  for (let step = 1; step < TENSOR_COUNT; step++) {
    const inputs = inputsOf(step).map((index) => tensors[index]!);
    const output = place(inputs, submit);
    const resources = [...inputs, output].map(({ buffer, offset, size }) => ({ buffer, offset, size }));
    const entries = resources.map((resource, binding) => ({ binding, resource }));
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
    pass.dispatchWorkgroups(1);
    pass.end();
    tensors.push(output);
  }
  const [size, usage] = [TENSOR_COUNT * TENSOR.size, BufferUsage.COPY_DST];
  const results = heap.allocate({ size, usage, location: 'readback' });
  for (const [k, { buffer, offset, size }] of tensors.entries()) {
    encoder.copyBufferToBuffer(buffer, offset, results.buffer, results.offset + k * size, size);
  }
  submit();
  const words = new Uint32Array((await results.read()).slice().buffer);
  return { words, bufferCount: new Set(tensors.map(({ buffer }) => buffer)).size };
}
