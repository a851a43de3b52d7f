/// <reference types="@webgpu/types" preserve="true" />
/**
 * Mesh renderer: meshes drawn out of one buffer, each a block of uniforms, corners and indices.
 *
 * Layout   the members of a block lie side by side in one range: a mesh is freed and moved as one.
 */
import { type Allocation, BufferUsage, TextureUsage } from '@gpuheap/core';
import { openWebGpuHeap } from '@gpuheap/webgpu';
import type { Mesh } from './mesh-shapes.ts';

type Member = Allocation<GPUBuffer>;
/** A picture of 64 by 16 pixels of four bytes, and in how many buffers the meshes lay. */
export type RenderResult = { readonly pixels: Uint8Array; readonly bufferCount: number };

// A row of 64 pixels has 256 bytes: copies out of textures ask for multiples of that.
const [WIDTH, HEIGHT] = [64, 16];
const SHADER = `
struct Mesh { origin: vec2f, colour: vec4f }
@group(0) @binding(0) var<uniform> mesh: Mesh;
@vertex fn place(@location(0) corner: vec2f) -> @builtin(position) vec4f {
  let at = (mesh.origin + corner) / vec2f(${WIDTH / 2}, ${HEIGHT / 2});
  return vec4f(at.x - 1, 1 - at.y, 0, 1);
}
@fragment fn paint() -> @location(0) vec4f { return mesh.colour; }`;

/** Draws all in one pass. */
export async function renderMeshes(device: GPUDevice, meshes: readonly Mesh[]): Promise<RenderResult> {
  const heap = openWebGpuHeap(device);
  const module = device.createShaderModule({ code: SHADER });
  const attributes = [{ shaderLocation: 0, offset: 0, format: 'float32x2' }] as const;
  const vertex = { module, buffers: [{ arrayStride: 8, attributes }] };
  const fragment = { module, targets: [{ format: 'rgba8unorm' }] } as const;
  const pipeline = device.createRenderPipeline({ layout: 'auto', vertex, fragment });
  const usage = TextureUsage.RENDER_ATTACHMENT | TextureUsage.COPY_SRC;
  const texture = device.createTexture({ size: [WIDTH, HEIGHT], format: 'rgba8unorm', usage });
  const target = { view: texture.createView(), loadOp: 'clear', storeOp: 'store' } as const;
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginRenderPass({ colorAttachments: [target] });
  pass.setPipeline(pipeline);
  const buffers = new Set<GPUBuffer>();
  for (const mesh of meshes) {
    const block = heap.allocateBlock(
      [
        { size: mesh.uniforms.byteLength, usage: BufferUsage.UNIFORM },
        { size: mesh.corners.byteLength, usage: BufferUsage.VERTEX },
        { size: mesh.indices.byteLength, usage: BufferUsage.INDEX },
      ],
      mesh.name,
    );
    const [uniforms, corners, indices] = block.members as readonly [Member, Member, Member];
    uniforms.write(mesh.uniforms);
    corners.write(mesh.corners);
    indices.write(mesh.indices);
    const entries = [{ binding: 0, resource: uniforms.binding() }];
    pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
    pass.setVertexBuffer(0, corners.buffer, corners.offset, corners.size);
    pass.setIndexBuffer(indices.buffer, 'uint16', indices.offset, indices.size);
    pass.drawIndexed(mesh.indices.length);
    buffers.add(block.buffer);
  }
  pass.end();
  const size = 4 * WIDTH * HEIGHT;
  const picture = heap.allocate({ size, usage: BufferUsage.COPY_DST, location: 'readback' });
  const { buffer, offset } = picture;
  encoder.copyTextureToBuffer({ texture }, { buffer, offset, bytesPerRow: 4 * WIDTH }, [WIDTH, HEIGHT]);
  device.queue.submit([encoder.finish()]);
  heap.endFrame();
  const pixels = await picture.read();
  heap.dispose();
  texture.destroy();
  return { pixels, bufferCount: buffers.size };
}
