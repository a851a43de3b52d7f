/** The streaming scene in Node, on a software device: 1 GiB through 256 MiB, or `small`, 32 MiB through 8. */
import { openDawnHeap } from '@gpuheap/dawn-node';
import { FULL_SCENE, SMALL_SCENE } from './streaming-scene.ts';
import { comparePolicies, printScene } from './streaming-table.ts';
import { TilesOnGpu } from './tiles-on-gpu.ts';

const scene = process.argv[2] === 'small' ? SMALL_SCENE : FULL_SCENE;
const report = await comparePolicies(scene, async (options) => {
  const heap = await openDawnHeap({ ...options, device: 'software' });
  return { heap, worker: new TilesOnGpu(heap.device, heap, scene.terrain) };
});
console.log(printScene(report).join('\n'));
