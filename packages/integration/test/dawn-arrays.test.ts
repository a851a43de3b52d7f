import { BufferUsage, FrameRing, GrowableBuffer, MirroredArray } from '@gpuheap/core';
import { type DawnHeap, openDawnHeap } from '@gpuheap/dawn-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const COMPUTE = 4;
const FRAMES = 100;
/** Pieces of a frame: the third frame of ten has more than its ring has room for. */
const piecesOf = (frame: number): number => (frame % 10 === 3 ? 40 + frame : 5 + (frame % 4));

// Each piece says where its number goes.
const SHADER = `
struct Piece { index: u32, number: u32 }
@group(0) @binding(0) var<uniform> piece: Piece;
@group(0) @binding(1) var<storage, read_write> results: array<u32>;
@compute @workgroup_size(1) fn main() { results[piece.index] = piece.number; }`;

let heap: DawnHeap;
const errors: string[] = [];

beforeEach(async () => {
  heap = await openDawnHeap({ device: 'software', chunkBytes: 1024 * 1024 });
  errors.length = 0;
  heap.device.addEventListener('uncapturederror', ({ error }) => errors.push(error.message));
});

afterEach(async () => {
  await heap.device.queue.onSubmittedWorkDone();
  heap.dispose();
  expect(errors).toEqual([]);
});

const patternOf = (seed: number, size: number): Uint8Array =>
  Uint8Array.from({ length: size }, (_, k) => (seed * 97 + k * 31 + (k >>> 8)) % 251);

describe('arrays on Dawn', () => {
  it('keep their bytes through growth, in place, by moves and into a buffer of their own', async () => {
    const bytes = new GrowableBuffer(heap, { usage: BufferUsage.VERTEX });
    const all = patternOf(1, 2_500_000);
    for (let at = 0; at < all.length; at += 50_000) {
      bytes.append(all.subarray(at, at + 50_000));
      heap.allocate({ size: 64, usage: BufferUsage.VERTEX });
      heap.submitted();
    }
    expect(bytes.size).toBe(all.length);
    expect(bytes.version).toBeGreaterThan(5);
    expect(heap.statistics().dedicatedCount).toBe(1);
    expect(Buffer.compare(await bytes.read(), all)).toBe(0);
    bytes.resize(1000);
    bytes.shrinkToFit();
    heap.submitted();
    expect(heap.statistics().dedicatedCount).toBe(0);
    expect(Buffer.compare(await bytes.read(), all.subarray(0, 1000))).toBe(0);
  });

  it('are on the GPU what they are on the CPU, after uploads of a few ranges', async () => {
    const floats = new MirroredArray(heap, {
      type: Float32Array,
      usage: BufferUsage.STORAGE,
      length: 50_000,
    });
    const halves = new MirroredArray(heap, { type: Uint16Array, usage: BufferUsage.INDEX });
    for (let round = 0; round < 12; round++) {
      for (let k = 0; k < 5; k++) floats.set((round * 7919 + k * 10_007) % floats.length, round + k / 8);
      floats.push(round, round + 0.5);
      for (let k = 0; k < 999; k++) halves.push(round * 1000 + k);
      halves.erase(round * 13, 2);
      const { dirtyBytes } = floats;
      const { writtenBytes } = heap.statistics();
      expect(dirtyBytes).toBeLessThan(round === 0 ? 200_100 : 40_000);
      expect(floats.upload()).toBe(dirtyBytes);
      expect(heap.statistics().writtenBytes).toBe(writtenBytes + dirtyBytes);
      halves.upload();
      for (const array of [floats, halves]) {
        const { buffer, offset } = array.binding();
        const numbers: ArrayBufferView = array.array;
        const expected = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
        const there = await heap.backend.read(buffer, offset, expected.length);
        expect(Buffer.compare(there, expected)).toBe(0);
      }
    }
  });
});

describe('a frame ring on Dawn', () => {
  it('shows a shader, by dynamic offsets, what was pushed for each of a hundred frames', async () => {
    const { device } = heap;
    const layout = device.createBindGroupLayout({
      entries: [
        { binding: 0, visibility: COMPUTE, buffer: { type: 'uniform', hasDynamicOffset: true } },
        { binding: 1, visibility: COMPUTE, buffer: { type: 'storage' } },
      ],
    });
    const pipeline = device.createComputePipeline({
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module: device.createShaderModule({ code: SHADER }) },
    });
    const count = Array.from({ length: FRAMES }, (_, frame) => piecesOf(frame)).reduce((a, b) => a + b, 0);
    const results = heap.allocate({ size: 4 * count, usage: BufferUsage.STORAGE, access: 'write' });
    const ring = new FrameRing(heap, { usage: BufferUsage.UNIFORM, bytes: 16 * 256 });
    const groupNow = (): GPUBindGroup =>
      device.createBindGroup({
        layout,
        entries: [
          { binding: 0, resource: ring.binding(8) },
          { binding: 1, resource: results.binding() },
        ],
      });
    let group = groupNow();
    let { version } = ring;
    let groupCount = 1;
    let index = 0;
    const piece = new Uint32Array(2);
    for (let frame = 0; frame < FRAMES; frame++) {
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      for (let k = 0; k < piecesOf(frame); k++) {
        piece[0] = index;
        piece[1] = 1_000_000 + index * 3;
        index++;
        const offset = ring.push(piece);
        // What was recorded before the ring grew goes on reading the buffer before.
        if (ring.version !== version) {
          group = groupNow();
          version = ring.version;
          groupCount++;
        }
        pass.setBindGroup(0, group, [offset]);
        pass.dispatchWorkgroups(1);
      }
      pass.end();
      ring.flush();
      device.queue.submit([encoder.finish()]);
      ring.endFrame(heap.endFrame());
    }
    expect(index).toBe(count);
    expect(ring.pushedBytes).toBe(8 * count);
    expect(ring.grownCount).toBe(groupCount - 1);
    expect(ring.grownCount).toBeGreaterThanOrEqual(2);
    expect(ring.framesInFlight).toBe(0);
    const bytes = await results.read();
    const numbers = new Uint32Array(bytes.buffer, bytes.byteOffset, count);
    expect([...numbers]).toEqual(Array.from({ length: count }, (_, k) => 1_000_000 + k * 3));
  });
});
