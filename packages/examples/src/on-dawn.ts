/** On Dawn: the examples that need a device, one after another, in Node. */
import { openDawn } from '@gpuheap/dawn-node';
import { watchErrors } from './error-watch.ts';
import * as examples from './gpu-examples.ts';

const { device } = await openDawn();

const meshes = await examples.showMeshes(device);
console.log(meshes.picture.join('\n'));
console.log(`three meshes drawn out of ${meshes.bufferCount} buffer`);

const bars = await examples.showUniformRing(device);
console.log(bars.picture.join('\n'));
console.log(
  `${bars.picture.length} frames with ${bars.bufferCount} buffer and ${bars.groupCount} bind group`,
);

for (const show of [examples.showChain, examples.showResolvedChain, examples.showNaiveChain]) {
  const { result, errors } = await watchErrors(device, show);
  const { tensorCount, bufferCount, moveCount, wrongCount } = result;
  console.log(
    `${tensorCount} tensors, buffers: ${bufferCount}, moves: ${moveCount}, wrong words: ${wrongCount}`,
  );
  console.log(
    errors.length === 0 ? 'the device took it' : `the device refused it: ${errors[0]?.split('\n')[0]}`,
  );
}

const stream = await examples.showStreaming(device);
const { streamedBytes, peakBytes, wrongCount } = stream;
console.log(`${streamedBytes} bytes through ${peakBytes}: ${wrongCount} wrong words`);

const scene = await examples.showScene(device);
const touches = scene.hitCount + scene.missCount;
console.log(
  `${scene.sceneBytes} bytes of terrain through ${scene.peakBytes}: ${scene.hitCount} of ${touches} tiles in sight were there, ${scene.wrongBytes} wrong bytes`,
);
device.destroy();
