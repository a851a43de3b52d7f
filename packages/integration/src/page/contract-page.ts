/// <reference types="@webgpu/types" />
/** Contract page: the backend contract suite on the browser's own device, a case at a time. */
import { backendContractFor } from '@gpuheap/testing';
import { webGpuEnvironment } from '../webgpu-environment.ts';

const host = globalThis as unknown as {
  navigator: { gpu: GPU };
  runCase: (name: string) => Promise<string>;
};

const environment = webGpuEnvironment(async () => {
  const adapter = await host.navigator.gpu.requestAdapter();
  if (adapter === null) throw new Error('the browser offers no WebGPU adapter');
  return adapter.requestDevice();
});

/** Runs the case called `name`; answers `passed`, or what went wrong. */
host.runCase = async (name) => {
  const found = backendContractFor(environment).find((candidate) => candidate.name === name);
  if (found === undefined) return `the page knows no case called ${name}`;
  try {
    await found.run(environment);
    return 'passed';
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}\n${error.stack}` : String(error);
  }
};
