export { defaultCacheFolder } from './cache-folder.ts';
export { type ChromiumPackage, findChromiumPackage } from './chromium-package.ts';
export { findSoftwareVulkan, type SoftwareVulkan, type SoftwareVulkanOptions } from './software-vulkan.ts';
export { unpackExecutable, unpackOnce, unpackTar } from './unpack.ts';
