/// <reference types="@webgpu/types" preserve="true" />
/**
 * Streaming: more data than fits goes through the GPU in pieces, some on their way in, some on the way back.
 *
 * Promise  the heap never holds more than its budget, mapped bytes for uploads and reads included.
 */
import { type Allocation, BufferUsage } from '@gpuheap/core';
import { openWebGpuHeap } from '@gpuheap/webgpu';

const PIECE_WORDS = 65_536;
const PIECES_IN_FLIGHT = 3;
const SHADER = `
@group(0) @binding(0) var<storage, read_write> words: array<u32>;
@compute @workgroup_size(256) fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < arrayLength(&words)) { words[id.x] = ~words[id.x]; }
}`;

/** A piece on its way, and its words when they are back. */
type Piece = {
  readonly at: number;
  readonly allocation: Allocation<GPUBuffer>;
  readonly bytes: Promise<Uint8Array>;
};

/** The most bytes that the heap held, and how many went up through mapped memory, not by direct writes. */
export type StreamFigures = { readonly peakBytes: number; readonly batchedBytes: number };

/** Inverts every bit of `data` on the GPU. */
export async function invertBits(
  device: GPUDevice,
  data: Uint32Array,
  budgetBytes: number,
): Promise<StreamFigures> {
  const heap = openWebGpuHeap(device, { budgetBytes, chunkBytes: 1_048_576 });
  const module = device.createShaderModule({ code: SHADER });
  const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module } });
  const layout = pipeline.getBindGroupLayout(0);

  async function send(at: number): Promise<Piece> {
    const words = data.subarray(at, at + PIECE_WORDS);
    const allocation = await heap.allocateAsync({ size: words.byteLength, usage: BufferUsage.STORAGE });
    await heap.uploads.whenRoom(words.byteLength);
    heap.uploads.write(allocation, words);
    const entries = [{ binding: 0, resource: allocation.binding() }];
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, device.createBindGroup({ layout, entries }));
    pass.dispatchWorkgroups(Math.ceil(words.length / 256));
    pass.end();
    heap.flush(); // Ahead of the commands that read it.
    device.queue.submit([encoder.finish()]);
    return { at, allocation, bytes: allocation.read() };
  }

  async function receive({ at, allocation, bytes }: Piece): Promise<void> {
    data.set(new Uint32Array((await bytes).slice().buffer), at);
    allocation.free();
    heap.endFrame();
  }

  const pieces: Piece[] = [];
  for (let at = 0; at < data.length; at += PIECE_WORDS) {
    if (pieces.length === PIECES_IN_FLIGHT) await receive(pieces.shift()!);
    pieces.push(await send(at));
  }
  for (const piece of pieces) await receive(piece);
  const { peakReservedBytes: peakBytes } = heap.statistics();
  const { batchedBytes } = heap.uploads.statistics();
  heap.dispose();
  return { peakBytes, batchedBytes };
}
