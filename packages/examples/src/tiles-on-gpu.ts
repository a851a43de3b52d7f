/// <reference types="@webgpu/types" preserve="true" />
/**
 * Tiles on the GPU: shaders that write the craters of tiles, and that compare every word of them with what it
 * should be.
 *
 * Layout   a record for each tile says what it should hold; two counters for each say how many words were
 *          compared, and how many differed. Craters are written next to the tiles and copied there, since
 *          what shaders write may not share a buffer with what they only read.
 * Promise  each word is looked at by the GPU, where it lies.
 */
import { type Allocation, BufferUsage, type GpuHeap } from '@gpuheap/core';
import {
  STRIP_COUNT,
  type Tile,
  type TileFrame,
  type TileWorker,
  type WordCounts,
} from './streaming-scene.ts';
import { partsOf, type Terrain, WORDS_IN_WGSL, type WordRange } from './terrain.ts';

/** Records lie where uniforms may begin. */
const RECORD_STEP = 256;
const RECORD_BYTES = 16;
const GROUP_SIZE = 64;
/** Fours of words that one invocation compares. */
const FOURS_EACH = 64;
/** The span that is all of a tile; those before are its strips. */
const WHOLE = STRIP_COUNT;

/** Whether the four words at `at`, in fours, are in the part. */
const isIn = ([from, to]: WordRange): string => `at >= ${from / 4}u && at < ${to / 4}u`;

const makeShader = (terrain: Terrain): string => {
  const { crater, mark } = partsOf(terrain);
  return `
struct Tile { index: u32, craters: u32, marks: u32 }
@group(0) @binding(0) var<uniform> tile: Tile;
@group(0) @binding(1) var<storage, read> words: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> counts: array<atomic<u32>>;
@group(0) @binding(3) var<storage, read_write> crater: array<vec4u>;
@group(1) @binding(0) var<uniform> span: vec2u; // From and to, in fours.
${WORDS_IN_WGSL}
fn placesOf(at: u32) -> vec4u { return vec4u(4 * at) + vec4u(0, 1, 2, 3); }

@compute @workgroup_size(${GROUP_SIZE}) fn compare(@builtin(global_invocation_id) id: vec3u) {
  var wrong = vec4u(0);
  var compared = 0u;
  for (var k = 0u; k < ${FOURS_EACH}u; k++) {
    let at = span.x + id.x * ${FOURS_EACH}u + k;
    if (at >= span.y) { break; }
    var change = 0u;
    if (${isIn(crater)}) { change = tile.craters; }
    if (${isIn(mark)}) { change = tile.marks; }
    wrong += vec4u(words[at] != wordsOf(tile.index, placesOf(at), change));
    compared += 4;
  }
  if (compared == 0) { return; }
  atomicAdd(&counts[2 * tile.index], compared);
  let sum = wrong.x + wrong.y + wrong.z + wrong.w;
  if (sum > 0) { atomicAdd(&counts[2 * tile.index + 1], sum); }
}

@compute @workgroup_size(${GROUP_SIZE}) fn carve(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= arrayLength(&crater)) { return; }
  crater[id.x] = wordsOf(tile.index, placesOf(${crater[0] / 4}u + id.x), tile.craters);
}`;
};

export class TilesOnGpu implements TileWorker<GPUBuffer> {
  private readonly device: GPUDevice;
  private readonly heap: GpuHeap<GPUBuffer>;
  private readonly terrain: Terrain;
  /** Of each tile, the bind group for where it was when it was made. */
  private readonly groups = new Map<number, { readonly version: number; readonly group: GPUBindGroup }>();
  private readonly comparing: GPUComputePipeline;
  private readonly carving: GPUComputePipeline;
  private readonly records: Allocation<GPUBuffer>;
  private readonly counts: Allocation<GPUBuffer>;
  private readonly spans: readonly GPUBindGroup[];
  /** Of each tile, what its record says. */
  private readonly recorded = new Map<number, string>();

  constructor(device: GPUDevice, heap: GpuHeap<GPUBuffer>, terrain: Terrain) {
    this.device = device;
    this.heap = heap;
    this.terrain = terrain;
    const module = device.createShaderModule({ code: makeShader(terrain) });
    const pipelineOf = (entryPoint: string): GPUComputePipeline =>
      device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint } });
    this.comparing = pipelineOf('compare');
    this.carving = pipelineOf('carve');
    const count = terrain.side ** 2;
    this.records = heap.allocate({ size: count * RECORD_STEP, usage: BufferUsage.UNIFORM });
    this.counts = heap.allocate({ size: count * 8, usage: BufferUsage.STORAGE, zeroed: true });
    this.spans = this.makeSpans();
  }

  private makeSpans(): GPUBindGroup[] {
    const { device, heap, terrain } = this;
    const fours = terrain.tileBytes / 16;
    const strip = fours / STRIP_COUNT;
    const layout = this.comparing.getBindGroupLayout(1);
    return Array.from({ length: STRIP_COUNT + 1 }, (_, k) => {
      const span = heap.allocate({ size: 8, usage: BufferUsage.UNIFORM });
      span.write(Uint32Array.from(k === WHOLE ? [0, fours] : [k * strip, (k + 1) * strip]));
      return device.createBindGroup({ layout, entries: [{ binding: 0, resource: span.binding() }] });
    });
  }

  async work({ carved, compared, glimpsed, strip }: TileFrame<GPUBuffer>): Promise<void> {
    const encoder = this.device.createCommandEncoder();
    for (const tile of [...carved, ...compared, ...glimpsed]) this.record(tile);
    for (const tile of carved) this.carve(encoder, tile);
    const pass = encoder.beginComputePass();
    pass.setPipeline(this.comparing);
    const fours = this.terrain.tileBytes / 16;
    this.compare(pass, compared, WHOLE, fours);
    this.compare(pass, glimpsed, strip, fours / STRIP_COUNT);
    pass.end();
    this.heap.flush(); // Ahead of the commands that read it.
    this.device.queue.submit([encoder.finish()]);
  }

  private compare(
    pass: GPUComputePassEncoder,
    tiles: readonly Tile<GPUBuffer>[],
    span: number,
    fours: number,
  ): void {
    pass.setBindGroup(1, this.spans[span]);
    for (const tile of tiles) {
      pass.setBindGroup(0, this.groupOf(tile));
      pass.dispatchWorkgroups(Math.ceil(fours / GROUP_SIZE / FOURS_EACH));
    }
  }

  private groupOf(tile: Tile<GPUBuffer>): GPUBindGroup {
    const { index, allocation } = tile;
    const known = this.groups.get(index);
    if (known?.version === allocation.version) return known.group;
    // No `binding()`, since that would say that the frame uses what was only hinted at.
    const { buffer, offset, size, version } = allocation;
    const words = { binding: 1, resource: { buffer, offset, size } };
    const entries = [this.recordOf(tile), words, { binding: 2, resource: this.counts.binding() }];
    const layout = this.comparing.getBindGroupLayout(0);
    const group = this.device.createBindGroup({ layout, entries });
    this.groups.set(index, { version, group });
    return group;
  }

  /** What the shaders are told of a tile is up to date. */
  private record({ index, craters, marks }: Tile<GPUBuffer>): void {
    const record = [index, craters, marks, 0];
    if (this.recorded.get(index) === record.join()) return;
    this.recorded.set(index, record.join());
    this.records.write(Uint32Array.from(record), index * RECORD_STEP);
  }

  private recordOf({ index }: Tile<GPUBuffer>): { binding: number; resource: GPUBufferBinding } {
    const { buffer, offset } = this.records.binding();
    return { binding: 0, resource: { buffer, offset: offset + index * RECORD_STEP, size: RECORD_BYTES } };
  }

  private carve(encoder: GPUCommandEncoder, tile: Tile<GPUBuffer>): void {
    const { crater } = partsOf(this.terrain);
    const size = 4 * (crater[1] - crater[0]);
    const usage = BufferUsage.STORAGE | BufferUsage.COPY_SRC;
    const scratch = this.heap.allocate({ size, usage, lifetime: 'frame' }).binding();
    const layout = this.carving.getBindGroupLayout(0);
    const entries = [this.recordOf(tile), { binding: 3, resource: scratch }];
    const pass = encoder.beginComputePass();
    pass.setPipeline(this.carving);
    pass.setBindGroup(0, this.device.createBindGroup({ layout, entries }));
    pass.dispatchWorkgroups(Math.ceil(size / 16 / GROUP_SIZE));
    pass.end();
    const { buffer, offset } = tile.allocation;
    encoder.copyBufferToBuffer(scratch.buffer, scratch.offset, buffer, offset + 4 * crater[0], size);
  }

  async count(): Promise<WordCounts> {
    const bytes = await this.counts.read();
    const counts = new Uint32Array(bytes.slice().buffer);
    const sumFrom = (first: number): number =>
      counts.reduce((sum, count, k) => (k % 2 === first ? sum + count : sum), 0);
    return { words: sumFrom(0), wrong: sumFrom(1) };
  }
}
