export { DawnDevice, type DawnKind } from './dawn-device.ts';
export { DawnHeap, type OpenDawnHeapOptions, openDawnHeap } from './dawn-heap.ts';
export { type OpenDawnOptions, openDawn } from './open-dawn.ts';
export {
  findSoftwareVulkan,
  type SoftwareVulkan,
  type SoftwareVulkanOptions,
} from './software/software-vulkan.ts';
