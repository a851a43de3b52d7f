import { expect, it } from 'vitest';
import { MockTextures } from '../../../mock/src/index.ts';
import { collectGarbage } from '../telemetry/garbage.ts';
import { openHeap } from './open-heap.ts';

it('a heap forgets the pools and textures that were disposed of', async () => {
  const { heap } = openHeap();
  const ended: WeakRef<object>[] = [];
  for (let k = 0; k < 20; k++) {
    const pool = heap.createPool({ name: `pool ${k}`, minChunks: 1 });
    const textures = heap.useTextures(new MockTextures());
    const tiles = textures.createTilePool({ width: 8, height: 8, format: 'rgba8unorm' });
    ended.push(new WeakRef(pool), new WeakRef(textures), new WeakRef(tiles));
    tiles.dispose();
    textures.dispose();
    pool.dispose();
  }
  await collectGarbage();
  // The last ones may still lie in a register.
  expect(ended.filter((each) => each.deref() !== undefined).length).toBeLessThanOrEqual(3);
  heap.dispose();
});
