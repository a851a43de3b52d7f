/// <reference types="@webgpu/types" preserve="true" />
/**
 * Uniform ring: what changes every frame, in one buffer with one bind group, told apart by dynamic offsets.
 *
 * Promise  the ring has room for one frame, and none is waited for: the next one's bytes go where the last
 *          one's were, and WebGPU's queue keeps the order.
 */
import { BufferUsage, FrameRing, TextureUsage } from '@gpuheap/core';
import { BindGroupCache, openWebGpuHeap } from '@gpuheap/webgpu';

const WIDTH = 64;
const ROW_BYTES = 4 * WIDTH;
const FRAME_COUNT = 16;
const SHADER_STAGES = 3; // Vertex and fragment.
const SHADER = `
struct Bar { left: f32, red: f32, green: f32, blue: f32 }
@group(0) @binding(0) var<uniform> bar: Bar;
@vertex fn place(@builtin(vertex_index) corner: u32) -> @builtin(position) vec4f {
  let x = bar.left + 4 * f32(corner & 1);
  return vec4f(x / ${WIDTH / 2} - 1, f32(corner & 2) - 1, 0, 1);
}
@fragment fn paint() -> @location(0) vec4f { return vec4f(bar.red, bar.green, bar.blue, 1); }`;

/** A row of 64 pixels of four bytes for each frame, and how many buffers and bind groups that took. */
export type Film = { readonly pixels: Uint8Array; readonly bufferCount: number; readonly groupCount: number };

/** Three bars move to the right, by a pixel a frame. */
export async function moveBars(device: GPUDevice): Promise<Film> {
  const heap = openWebGpuHeap(device);
  const ring = new FrameRing(heap, { usage: BufferUsage.UNIFORM, bytes: 3 * 256 });
  const cache = new BindGroupCache(device);
  const buffer = { type: 'uniform', hasDynamicOffset: true } as const;
  const entry = { binding: 0, visibility: SHADER_STAGES, buffer };
  const layout = device.createBindGroupLayout({ entries: [entry] });
  const module = device.createShaderModule({ code: SHADER });
  const pipeline = device.createRenderPipeline({
    layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
    primitive: { topology: 'triangle-strip' },
    vertex: { module },
    fragment: { module, targets: [{ format: 'rgba8unorm' }] },
  });
  const usage = TextureUsage.RENDER_ATTACHMENT | TextureUsage.COPY_SRC;
  const texture = device.createTexture({ size: [WIDTH, 1], format: 'rgba8unorm', usage });
  const target = { view: texture.createView(), loadOp: 'clear', storeOp: 'store' } as const;
  const request = { size: FRAME_COUNT * ROW_BYTES, usage: BufferUsage.COPY_DST };
  const film = heap.allocate({ ...request, location: 'readback' });
  for (let frame = 0; frame < FRAME_COUNT; frame++) {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginRenderPass({ colorAttachments: [target] });
    pass.setPipeline(pipeline);
    for (let k = 0; k < 3; k++) {
      const bar = new Float32Array([20 * k + frame, 0, 0, 0]).fill(1, k + 1, k + 2);
      const offset = ring.push(bar);
      const entries = [{ binding: 0, resource: ring.binding(bar.byteLength), dynamic: true }];
      pass.setBindGroup(0, cache.get(layout, entries), [offset]);
      pass.draw(4);
    }
    pass.end();
    const place = { buffer: film.buffer, offset: film.offset + frame * ROW_BYTES, bytesPerRow: ROW_BYTES };
    encoder.copyTextureToBuffer({ texture }, place, [WIDTH, 1]);
    ring.flush(); // Ahead of the commands that read it.
    device.queue.submit([encoder.finish()]);
    ring.endFrame(heap.endFrame());
  }
  const pixels = await film.read();
  const result = { pixels, bufferCount: 1 + ring.grownCount, groupCount: cache.misses };
  heap.dispose();
  texture.destroy();
  return result;
}
