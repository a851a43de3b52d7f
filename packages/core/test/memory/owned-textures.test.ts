import { describe, expect, it } from 'vitest';
import { type MockTexture, MockTextures, type MockTexturesOptions } from '../../../mock/src/index.ts';
import { DestroyQueue, type OwnedTexture, OwnedTextures, TextureUsage } from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { CountedBudget } from './tile-scene.ts';

const PLAIN = { width: 8, height: 4, format: 'rgba8unorm', usage: TextureUsage.TEXTURE_BINDING };
const BYTES = 128;

function open(budgetBytes = Number.POSITIVE_INFINITY, mock: MockTexturesOptions = {}) {
  const textures = new MockTextures(mock);
  const budget = new CountedBudget(budgetBytes);
  const queue = new DestroyQueue();
  return { textures, budget, queue, owner: new OwnedTextures<MockTexture>(textures, queue, budget) };
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe('owned textures', () => {
  it('counts each against the budget, and asks it before the device', () => {
    const { textures, budget, owner } = open(3 * BYTES);
    const first = owner.create({ ...PLAIN, label: 'moss' });
    owner.create({ ...PLAIN, layers: 2 });
    expect([first.sizeBytes, first.label, first.texture.label]).toEqual([BYTES, 'moss', 'moss']);
    expect(budget.claimedBytes).toBe(3 * BYTES);
    expect(codeOf(() => owner.create(PLAIN))).toBe('over-budget');
    expect(textures.textures.size).toBe(2);
    expect(owner.statistics()).toEqual({
      heldBytes: 3 * BYTES,
      peakHeldBytes: 3 * BYTES,
      pendingBytes: 0,
      liveCount: 2,
      pendingCount: 0,
      createdCount: 2,
      destroyedCount: 0,
    });
  });

  it('claims nothing for what is refused or is no texture', () => {
    const { textures, budget, owner } = open();
    textures.refuseNext('now');
    expect(codeOf(() => owner.create(PLAIN))).toBe('refused-by-device');
    expect(codeOf(() => owner.create({ ...PLAIN, width: 0 }))).toBe('bad-size');
    expect(budget.claimedBytes).toBe(0);
    expect(owner.statistics()).toMatchObject({ heldBytes: 0, liveCount: 0, createdCount: 0 });
  });

  it('destroys a texture when the serial after its release is due, and counts it until then', () => {
    const { textures, budget, queue, owner } = open();
    const texture = owner.create(PLAIN);
    queue.boundary(1);
    owner.free(texture);
    queue.reclaim(1);
    expect(textures.textures.size).toBe(1);
    queue.boundary(2);
    queue.reclaim(1);
    expect(textures.textures.size).toBe(1);
    expect(owner.statistics()).toMatchObject({ liveCount: 0, pendingCount: 1, pendingBytes: BYTES });
    expect(budget.claimedBytes).toBe(BYTES);
    queue.reclaim(2);
    expect(textures.textures.size).toBe(0);
    expect(owner.statistics()).toMatchObject({
      heldBytes: 0,
      pendingCount: 0,
      pendingBytes: 0,
      destroyedCount: 1,
    });
    expect(budget.claimedBytes).toBe(0);
  });

  it('refuses what was freed, what is of others, and what is none', () => {
    const { owner } = open();
    const texture = owner.create(PLAIN);
    owner.free(texture);
    expect(texture.isLive).toBe(false);
    expect(codeOf(() => owner.free(texture))).toBe('dead-allocation');
    expect(codeOf(() => texture.texture)).toBe('dead-allocation');
    expect(codeOf(() => owner.free(open().owner.create(PLAIN)))).toBe('foreign-object');
    for (const none of [undefined, {}, 3] as unknown as OwnedTexture<MockTexture>[]) {
      expect(codeOf(() => owner.free(none))).toBe('foreign-object');
    }
    expect(owner.statistics()).toMatchObject({ pendingCount: 1, pendingBytes: BYTES });
  });

  it('lets a texture that the device refused late throw its refusal, until it is freed', async () => {
    const { textures, budget, queue, owner } = open();
    textures.refuseNext('late');
    const texture = owner.create(PLAIN);
    await nextTurn();
    expect(codeOf(() => texture.texture)).toBe('refused-by-device');
    expect(texture.isLive).toBe(true);
    owner.free(texture);
    queue.boundary(1);
    queue.reclaim(1);
    expect([textures.textures.size, budget.claimedBytes]).toEqual([0, 0]);
  });

  it('passes a loss on', async () => {
    const { textures, owner } = open(undefined, { settleWhen: 'manual' });
    const texture = owner.create(PLAIN);
    textures.lose();
    await nextTurn();
    expect(codeOf(() => texture.texture)).toBe('device-lost');
    expect(codeOf(() => owner.create(PLAIN))).toBe('device-lost');
  });

  it('ends with all of them, live and pending, and leaves the queue nothing to do', () => {
    const { textures, budget, queue, owner } = open();
    const live = owner.create(PLAIN);
    owner.free(owner.create(PLAIN));
    owner.dispose();
    owner.dispose();
    expect([textures.textures.size, budget.claimedBytes]).toEqual([0, 0]);
    expect(queue.flush()).toBe(1);
    expect(owner.statistics()).toMatchObject({
      liveCount: 0,
      pendingCount: 0,
      pendingBytes: 0,
      destroyedCount: 2,
    });
    expect(live.isLive).toBe(false);
    expect(codeOf(() => live.texture)).toBe('dead-allocation');
    expect(codeOf(() => owner.create(PLAIN))).toBe('disposed');
    expect(codeOf(() => owner.free(live))).toBe('disposed');
  });

  it('needs no budget', () => {
    const textures = new MockTextures();
    const queue = new DestroyQueue();
    const owner = new OwnedTextures<MockTexture>(textures, queue);
    const texture = owner.create(PLAIN);
    expect(texture.isLive).toBe(true);
    owner.free(texture);
    queue.boundary(1);
    queue.reclaim(1);
    expect(textures.textures.size).toBe(0);
    expect(owner.statistics()).toMatchObject({ heldBytes: 0, peakHeldBytes: BYTES, destroyedCount: 1 });
    const into = owner.statistics();
    expect(owner.statistics(into)).toBe(into);
  });
});
