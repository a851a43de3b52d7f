import type { ScopeBinding, ScopeUse } from '@gpuheap/core';

export type Binding = ScopeBinding<GPUBuffer>;

/** The uses that stand in bind groups, by what layouts call them. */
const LAYOUT_TYPES: Partial<Record<ScopeUse, GPUBufferBindingType>> = {
  uniform: 'uniform',
  'read-only-storage': 'read-only-storage',
  storage: 'storage',
};

const SHADERS = `
@compute @workgroup_size(1) fn compute() {}
@vertex fn vertex() -> @builtin(position) vec4f { return vec4f(); }
@fragment fn fragment() -> @location(0) vec4f { return vec4f(); }
`;

interface Place {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly size: number;
}

function placeOf({ allocation, offset = 0, size = allocation.size - offset }: Binding): Place {
  return { buffer: allocation.buffer, offset: allocation.offset + offset, size };
}

/** Asks a device what it thinks of a scope, by recording it for real. */
export class ScopeTrial {
  private readonly device: GPUDevice;
  private readonly module: GPUShaderModule;
  private readonly view: GPUTextureView;
  private readonly pipelines = new Map<string, GPUComputePipeline | GPURenderPipeline>();

  constructor(device: GPUDevice) {
    this.device = device;
    this.module = device.createShaderModule({ code: SHADERS });
    const usage = 0x10; // RENDER_ATTACHMENT
    const texture = device.createTexture({ size: [4, 4], format: 'rgba8unorm', usage });
    this.view = texture.createView();
  }

  /** What the device says of one dispatch; at most one of the bindings is indirect. */
  judgeDispatch(bindings: readonly Binding[]): Promise<string | undefined> {
    return this.judge((encoder) => {
      const pass = encoder.beginComputePass();
      pass.setPipeline(this.pipelineFor('compute', bindings) as GPUComputePipeline);
      pass.setBindGroup(0, this.groupFor('compute', bindings));
      const indirect = bindings.find(({ use }) => use === 'indirect');
      if (indirect === undefined) pass.dispatchWorkgroups(1);
      else pass.dispatchWorkgroupsIndirect(indirect.allocation.buffer, placeOf(indirect).offset);
      pass.end();
    });
  }

  /** What the device says of a render pass with the draws that the bindings name. */
  judgePass(bindings: readonly Binding[]): Promise<string | undefined> {
    return this.judge((encoder) => {
      const pass = this.beginPass(encoder);
      const draws = new Set(bindings.map(({ draw = 0 }) => draw));
      for (const each of draws) {
        this.recordDraw(
          pass,
          bindings.filter(({ draw = 0 }) => draw === each),
        );
      }
      pass.end();
    });
  }

  beginPass(encoder: GPUCommandEncoder): GPURenderPassEncoder {
    const { view } = this;
    return encoder.beginRenderPass({ colorAttachments: [{ view, loadOp: 'clear', storeOp: 'discard' }] });
  }

  /** Sets everything and draws, indirectly if there is a binding for it. */
  recordDraw(pass: GPURenderPassEncoder, bindings: readonly Binding[]): void {
    pass.setPipeline(this.pipelineFor('render', bindings) as GPURenderPipeline);
    pass.setBindGroup(0, this.groupFor('render', bindings));
    let slot = 0;
    let drawn = false;
    for (const binding of bindings) {
      const { buffer, offset, size } = placeOf(binding);
      if (binding.use === 'vertex') pass.setVertexBuffer(slot++, buffer, offset, size);
      if (binding.use === 'index') pass.setIndexBuffer(buffer, 'uint16', offset, size);
      if (binding.use !== 'indirect') continue;
      pass.drawIndirect(buffer, offset);
      drawn = true;
    }
    if (!drawn) pass.draw(3);
  }

  /** What the device says of anything recorded. */
  async judge(record: (encoder: GPUCommandEncoder) => void): Promise<string | undefined> {
    this.device.pushErrorScope('validation');
    const encoder = this.device.createCommandEncoder();
    record(encoder);
    this.device.queue.submit([encoder.finish()]);
    const error = await this.device.popErrorScope();
    return error?.message;
  }

  private layoutFor(kind: 'compute' | 'render', bindings: readonly Binding[]): GPUBindGroupLayout {
    const visibility = kind === 'compute' ? 4 : 2; // COMPUTE, FRAGMENT
    const types = bindings.flatMap(({ use }) => LAYOUT_TYPES[use] ?? []);
    const entries = types.map((type, binding) => ({ binding, visibility, buffer: { type } }));
    return this.device.createBindGroupLayout({ entries });
  }

  /** A group of what stands in bind groups among the bindings, in their order. */
  groupFor(kind: 'compute' | 'render', bindings: readonly Binding[]): GPUBindGroup {
    const bound = bindings.filter(({ use }) => LAYOUT_TYPES[use] !== undefined);
    const entries = bound.map((each, binding) => ({ binding, resource: placeOf(each) }));
    return this.device.createBindGroup({ layout: this.layoutFor(kind, bindings), entries });
  }

  /** A pipeline that takes such a group as its only one. */
  pipelineFor(kind: 'compute' | 'render', bindings: readonly Binding[]) {
    const key = [kind, ...bindings.flatMap(({ use }) => LAYOUT_TYPES[use] ?? [])].join();
    let pipeline = this.pipelines.get(key);
    if (pipeline === undefined) {
      pipeline = this.makePipeline(kind, this.layoutFor(kind, bindings));
      this.pipelines.set(key, pipeline);
    }
    return pipeline;
  }

  private makePipeline(kind: 'compute' | 'render', group: GPUBindGroupLayout) {
    const { device, module } = this;
    const layout = device.createPipelineLayout({ bindGroupLayouts: [group] });
    if (kind === 'compute') return device.createComputePipeline({ layout, compute: { module } });
    return device.createRenderPipeline({
      layout,
      vertex: { module },
      fragment: { module, targets: [{ format: 'rgba8unorm' }] },
    });
  }
}
