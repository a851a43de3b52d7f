import { BufferUsage, OutOfMemoryError } from '@gpuheap/core';
import { type DawnDevice, type DawnKind, openDawn } from '@gpuheap/dawn-node';
import { afterEach, describe, expect, it } from 'vitest';

const MEBI = 1024 * 1024;
const UPLOAD = BufferUsage.MAP_WRITE | BufferUsage.COPY_SRC;
const BOTH_WAYS = BufferUsage.COPY_SRC | BufferUsage.COPY_DST;
const UPLOAD_MEMORY = 1;

describe('mapping on Dawn', () => {
  const uncaptured: string[] = [];
  let dawn: DawnDevice | undefined;

  async function open(device: DawnKind) {
    dawn = await openDawn({ device });
    dawn.device.addEventListener('uncapturederror', (event) => uncaptured.push(event.error.message));
    return { device: dawn.device, backend: dawn.backend() };
  }

  afterEach(async () => {
    await dawn?.device.queue.onSubmittedWorkDone();
    dawn?.close();
    expect(uncaptured.splice(0)).toEqual([]);
  });

  it('refuses to adopt a real buffer under a false name, or while it is mapped', async () => {
    const { device, backend } = await open('software');
    const outside = device.createBuffer({ size: 64, usage: BOTH_WAYS });
    const mapped = device.createBuffer({ size: 64, usage: UPLOAD, mappedAtCreation: true });
    for (const [buffer, descriptor, code] of [
      [outside, { size: 60, usage: BOTH_WAYS }, 'bad-size'],
      [outside, { size: 64, usage: BufferUsage.COPY_DST }, 'bad-usage'],
      [mapped, { size: 64, usage: UPLOAD }, 'mapped-buffer'],
      [
        device.createTexture({ size: [1], format: 'r8unorm', usage: 4 }),
        { size: 1, usage: 4 },
        'foreign-object',
      ],
    ] as const) {
      const adopt = () => backend.adoptBuffer(buffer as GPUBuffer, descriptor);
      expect(adopt).toThrow(expect.objectContaining({ name: 'UsageError', code }));
    }
    mapped.unmap();
    backend.adoptBuffer(mapped, { size: 64, usage: UPLOAD });
    const bytes = await backend.map(mapped, 0, 64);
    expect(bytes.length).toBe(64);
    backend.dispose();
    expect([bytes.length, mapped.mapState]).toEqual([0, 'unmapped']);
  });

  it('tells of the lack of memory, at birth or a little later, and recovers', async () => {
    const { backend } = await open('null');
    const usage = UPLOAD;
    const outcomes: unknown[] = [];
    const made: GPUBuffer[] = [];
    for (let turn = 0; turn < 12; turn++) {
      try {
        const created = backend.createBuffer({
          size: 64 * MEBI,
          usage,
          memoryType: UPLOAD_MEMORY,
          mapped: true,
        });
        created.bytes?.fill(1, 0, 16);
        made.push(created.buffer);
        outcomes.push(created.settled.catch((error: unknown) => error));
      } catch (error) {
        outcomes.push(error);
      }
    }
    const refusals = (await Promise.all(outcomes)).filter((outcome) => outcome !== undefined);
    expect(refusals.length).toBeGreaterThanOrEqual(4);
    expect(refusals.length).toBeLessThan(12);
    for (const refusal of refusals) {
      expect(refusal).toBeInstanceOf(OutOfMemoryError);
      expect(refusal).toMatchObject({ code: 'refused-by-device' });
    }
    for (const buffer of made) {
      backend.unmap(buffer);
      const map = backend.map(buffer, 0, 64).then(
        () => 'mapped',
        (error) => error.code,
      );
      expect(['mapped', 'backend-failed']).toContain(await map);
      backend.destroyBuffer(buffer);
    }
    const { buffer, settled } = backend.createBuffer({ size: 64 * MEBI, usage, memoryType: UPLOAD_MEMORY });
    await expect(settled).resolves.toBeUndefined();
    backend.destroyBuffer(buffer);
    backend.dispose();
  });
});
