import { openDawn } from '@gpuheap/dawn-node';
import { describeBackendContract } from '@gpuheap/testing/vitest';
import { webGpuEnvironment } from '../src/webgpu-environment.ts';

const openDevice = async () => (await openDawn({ device: 'software' })).device;

// As `openDawn().backend()` makes them: Dawn for Node crashes on views of shared memory.
describeBackendContract('Dawn on software Vulkan', webGpuEnvironment(openDevice));

describeBackendContract(
  'Dawn on software Vulkan, without creation checks',
  webGpuEnvironment(openDevice, { creationChecks: 'none' }),
);
