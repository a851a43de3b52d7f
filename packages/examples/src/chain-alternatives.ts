/// <reference types="@webgpu/types" preserve="true" />
/**
 * Chain alternatives: the tensors of the compute chain, placed in two other ways.
 *
 * Promise  `runResolvedChain` says nothing of apartness, and moves what is in the way. `runNaiveChain` puts
 *          all into one buffer, as a suballocator alone would: the device refuses it, and `checkScope` says
 *          so before.
 */
import {
  type Allocation,
  BufferUsage,
  checkScope,
  type HeapBinding,
  type ScopeResource,
} from '@gpuheap/core';
import { Tlsf } from '@gpuheap/core/ranges';
import { openWebGpuHeap } from '@gpuheap/webgpu';
import { type ChainResult, runChain, TENSOR, TENSOR_COUNT } from './compute-chain.ts';

/** The chain, and how many tensors were moved. */
export async function runResolvedChain(device: GPUDevice): Promise<ChainResult & { moveCount: number }> {
  const heap = openWebGpuHeap(device);
  let moveCount = 0;
  const result = await runChain<Allocation<GPUBuffer>>(device, heap, (inputs, submit) => {
    const output = heap.allocate(TENSOR);
    const bindings: HeapBinding<GPUBuffer>[] = [
      ...inputs.map((allocation) => ({ allocation, use: 'read-only-storage' }) as const),
      { allocation: output, use: 'storage' },
    ];
    if (heap.checkScope(bindings) === undefined) return output;
    submit(); // A move copies bytes at once: what makes them comes first.
    moveCount += heap.resolveScope(bindings).length;
    return output;
  });
  heap.dispose();
  return { ...result, moveCount };
}

/** The chain, and how many of its dispatches `checkScope` finds illegal. */
export async function runNaiveChain(device: GPUDevice): Promise<ChainResult & { conflicts: string[] }> {
  const size = TENSOR_COUNT * TENSOR.size;
  const buffer = device.createBuffer({
    size,
    usage: TENSOR.usage | BufferUsage.COPY_SRC | BufferUsage.COPY_DST,
  });
  const ranges = new Tlsf({ capacity: size, granularity: TENSOR.size });
  const heap = openWebGpuHeap(device);
  const conflicts: string[] = [];
  const result = await runChain<ScopeResource<GPUBuffer>>(device, heap, (inputs) => {
    const offset = ranges.offsetOf(ranges.allocate(TENSOR.size));
    const output = { buffer, offset, size: TENSOR.size, label: `tensor at ${offset}` };
    const reads = inputs.map((allocation) => ({ allocation, use: 'read-only-storage' }) as const);
    const conflict = checkScope([...reads, { allocation: output, use: 'storage' }]);
    if (conflict !== undefined) conflicts.push(conflict.message);
    return output;
  });
  heap.dispose();
  buffer.destroy();
  return { ...result, conflicts };
}
