import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { flyOn, recordPath, tilesInSight } from '../src/camera-path.ts';
import { FULL_SCENE } from '../src/streaming-scene.ts';

describe('the camera path', () => {
  it('is the same on every machine', () => {
    const path = recordPath();
    expect(path.length).toBe(845);
    const digest = createHash('sha256').update(JSON.stringify(path)).digest('hex');
    expect(digest.slice(0, 16)).toBe('9262cd46acede223');
    expect(path.flat().every(Number.isInteger)).toBe(true);
    expect(recordPath(2)).toEqual(path.filter((_, frame) => frame % 2 === 0));
  });

  it('comes to see every tile, and several again and again', () => {
    const { terrain } = FULL_SCENE;
    const seen = recordPath().flatMap((point) => tilesInSight(terrain, point));
    expect(new Set(seen).size).toBe(terrain.side ** 2);
    expect(seen.length).toBeGreaterThan(10 * terrain.side ** 2);
  });

  it('sees what is near', () => {
    const { terrain } = FULL_SCENE;
    const tiles = tilesInSight(terrain, [512, 512]);
    expect(tiles).toContain(32 * 64 + 32);
    expect(tiles.length).toBe(60);
    // In a corner a quarter of it is there.
    expect(tilesInSight(terrain, [0, 0]).length).toBe(15);
    expect(tilesInSight(terrain, [1024, 1024])).toContain(64 * 64 - 1);
  });

  it('is flown on as it was flown', () => {
    expect(flyOn([100, 50], [110, 48], 4)).toEqual([150, 40]);
  });
});
