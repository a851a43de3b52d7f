import {
  checkScope,
  findConflicts,
  type ScopeConflictKind,
  type ScopeLimits,
  type ScopeResource,
  type ScopeUse,
} from '@gpuheap/core';
import { type DawnDevice, openDawn } from '@gpuheap/dawn-node';
import { scale } from '@gpuheap/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Binding, ScopeTrial } from './dawn-scope-trial.ts';

const USES: readonly ScopeUse[] = ['vertex', 'index', 'indirect', 'uniform', 'read-only-storage', 'storage'];
const READS = USES.filter((use) => use !== 'storage');
const COMPUTE_USES: readonly ScopeUse[] = ['uniform', 'read-only-storage', 'storage'];
const ALL_USAGES = 0x010 | 0x020 | 0x040 | 0x080 | 0x100;
const UNIFORM_BYTES = 65_536;

/** Words of Dawn by which a conflict is known. */
const WORDS: Record<ScopeConflictKind, RegExp> = {
  'mixed-buffer': /writable usage and another usage in the same synchronization scope/,
  'mixed-allocation': /writable usage and another usage in the same synchronization scope/,
  'overlapping-writes': /aliasing/,
  misaligned: /alignment|multiple of|aligned/,
  'too-large': /larger than the maximum/,
  'uneven-size': /multiple of/,
};

let dawn: DawnDevice;
let trial: ScopeTrial;
let limits: ScopeLimits;
let pieces: ScopeResource<GPUBuffer>[];

beforeAll(async () => {
  dawn = await openDawn({
    device: 'software',
    requiredLimits: { maxUniformBufferBindingSize: UNIFORM_BYTES },
  });
  trial = new ScopeTrial(dawn.device);
  limits = dawn.backend().limits;
  const makePieces = (name: string, sizes: number[]): ScopeResource<GPUBuffer>[] => {
    const whole = sizes.reduce((sum, size) => sum + size, 0);
    const buffer = dawn.device.createBuffer({ size: whole, usage: ALL_USAGES, label: name });
    let offset = 0;
    return sizes.map((size) => {
      offset += size;
      return { buffer, offset: offset - size, size, label: `${name}@${offset - size}` };
    });
  };
  pieces = [
    ...makePieces('red', [1024, 2048, 1024]),
    ...makePieces('green', [1024, 1024]),
    ...makePieces('blue', [UNIFORM_BYTES + 1024, 1024]),
  ];
});

afterAll(() => dawn.close());

interface Wish {
  readonly piece: number;
  readonly use: ScopeUse;
  readonly offset: number;
  readonly size: number | undefined;
  readonly draw: number;
}

/** A few bindings, most of them with good offsets and sizes, on few buffers, writers as often as readers. */
function wishes(uses: readonly ScopeUse[], draws: number): fc.Arbitrary<Wish[]> {
  const one = fc.record({
    piece: fc.nat(6),
    use: fc.oneof(fc.constant<ScopeUse>('storage'), fc.constantFrom(...uses)),
    offset: fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom(0, 0, 256, 512, 768) },
      { weight: 1, arbitrary: fc.nat(768) },
    ),
    size: fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom(undefined, 256, 256, 128, 4) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 256 }) },
    ),
    draw: fc.nat(draws - 1),
  });
  return fc.array(one, { minLength: 1, maxLength: 5 });
}

function bind({ piece, use, offset, size, draw }: Wish): Binding {
  const allocation = pieces[piece]!;
  return { allocation, use, offset, draw, ...(size === undefined ? {} : { size }) };
}

const write = (piece: number, more: object = {}): Binding => ({
  allocation: pieces[piece]!,
  use: 'storage',
  ...more,
});

/** Expects of Dawn what `checkScope` says, in kind as well. */
function expectAgreement(bindings: readonly Binding[], error: string | undefined): void {
  const kinds = findConflicts(bindings, limits).map(({ kind }) => kind);
  const verdict = { kinds: [...new Set(kinds)], error };
  expect(verdict, `checkScope: ${checkScope(bindings, limits)?.message}`).toEqual(
    kinds.length === 0
      ? { kinds: [], error: undefined }
      : { kinds: verdict.kinds, error: expect.any(String) },
  );
  if (error === undefined) return;
  expect(
    kinds.some((kind) => WORDS[kind].test(error)),
    `${kinds.join()} for: ${error}`,
  ).toBe(true);
}

/** Both verdicts of a dispatch or a render pass, which must agree: whether it is legal. */
async function isLegal(way: 'dispatch' | 'pass', bindings: readonly Binding[]): Promise<boolean> {
  const error = await (way === 'dispatch' ? trial.judgeDispatch(bindings) : trial.judgePass(bindings));
  expectAgreement(bindings, error);
  return error === undefined;
}

describe('a usage scope on Dawn', () => {
  it('is judged alike for random dispatches', async () => {
    await fc.assert(
      fc.asyncProperty(
        wishes(COMPUTE_USES, 1),
        fc.option(fc.nat(6), { nil: undefined, freq: 4 }),
        async (list, indirect) => {
          const bindings = list.map(bind);
          if (indirect !== undefined) bindings.push({ allocation: pieces[indirect]!, use: 'indirect' });
          expectAgreement(bindings, await trial.judgeDispatch(bindings));
        },
      ),
      { numRuns: scale(400, 5000) },
    );
  });

  it('is judged alike for random render passes', async () => {
    await fc.assert(
      fc.asyncProperty(wishes(USES, 2), async (list) => {
        const bindings = list.map(bind);
        expectAgreement(bindings, await trial.judgePass(bindings));
      }),
      { numRuns: scale(400, 5000) },
    );
  });

  it('reads one buffer in all ways at once', async () => {
    const reads = READS.map((use, i): Binding => ({ allocation: pieces[i % 3]!, use, size: 256 }));
    expect(await isLegal('pass', reads)).toBe(true);
    const inDispatch = reads.filter(({ use }) => COMPUTE_USES.includes(use) || use === 'indirect');
    expect(await isLegal('dispatch', inDispatch)).toBe(true);
  });

  it('writes one buffer in two places', async () => {
    const [first, second] = [write(0), write(1)];
    expect(await isLegal('dispatch', [first, second])).toBe(true);
    expect(await isLegal('pass', [first, second])).toBe(true);
  });

  it.each(READS)('refuses to write a buffer that is used as %s', async (use) => {
    const apart: Binding[] = [{ allocation: pieces[0]!, use }, write(2)];
    expect(await isLegal('pass', apart)).toBe(false);
    expect(await isLegal('pass', [apart[0]!, write(3)])).toBe(true);
    if (use === 'vertex' || use === 'index') return;
    expect(await isLegal('dispatch', apart)).toBe(false);
    expect(await isLegal('dispatch', [apart[0]!, write(3)])).toBe(true);
  });

  it('reads in one dispatch what another has written, in one compute pass', async () => {
    const read: Binding = { allocation: pieces[0]!, use: 'read-only-storage' };
    const error = await trial.judge((encoder) => {
      const pass = encoder.beginComputePass();
      for (const bindings of [[write(1)], [read], [write(0)]]) {
        expect(checkScope(bindings, limits)).toBeUndefined();
        pass.setPipeline(trial.pipelineFor('compute', bindings) as GPUComputePipeline);
        pass.setBindGroup(0, trial.groupFor('compute', bindings));
        pass.dispatchWorkgroups(1);
      }
      pass.end();
    });
    expect(error).toBeUndefined();
  });

  it('refuses overlapping writes of one draw, but not of two', async () => {
    expect(await isLegal('dispatch', [write(0), write(0, { offset: 256 })])).toBe(false);
    expect(await isLegal('dispatch', [write(0, { size: 256 }), write(0, { offset: 256 })])).toBe(true);
    expect(await isLegal('pass', [write(0), write(0)])).toBe(false);
    expect(await isLegal('pass', [write(0), write(0, { draw: 1 })])).toBe(true);
    const later: Binding = { allocation: pieces[1]!, use: 'vertex', draw: 2 };
    expect(await isLegal('pass', [write(0), write(0, { draw: 1 }), later])).toBe(false);
  });

  it('holds a uniform binding to its size', async () => {
    const uniform = (size: number): Binding => ({ allocation: pieces[5]!, use: 'uniform', size });
    expect(await isLegal('dispatch', [uniform(UNIFORM_BYTES)])).toBe(true);
    expect(await isLegal('dispatch', [uniform(UNIFORM_BYTES + 4)])).toBe(false);
  });
});

// What checkScope can not see: its caller says what belongs to a scope.
describe('what belongs to a scope on Dawn', () => {
  it('is in a dispatch only what its pipeline uses', async () => {
    const read: Binding = { allocation: pieces[0]!, use: 'read-only-storage' };
    const error = await trial.judge((encoder) => {
      const pass = encoder.beginComputePass();
      pass.setPipeline(trial.pipelineFor('compute', [read]) as GPUComputePipeline);
      pass.setBindGroup(0, trial.groupFor('compute', [read]));
      pass.setBindGroup(1, trial.groupFor('compute', [write(1)]));
      pass.dispatchWorkgroups(1);
      pass.end();
    });
    expect(error).toBeUndefined();
  });

  it('is in a render pass all that was ever set, drawn with or not', async () => {
    const error = await trial.judge((encoder) => {
      const pass = trial.beginPass(encoder);
      pass.setVertexBuffer(0, pieces[0]!.buffer, 0, 256);
      pass.setVertexBuffer(0, pieces[3]!.buffer, 0, 256);
      trial.recordDraw(pass, [write(1)]);
      pass.end();
    });
    expect(error).toMatch(WORDS['mixed-buffer']);
    const listed: Binding[] = [{ allocation: pieces[0]!, use: 'vertex' }, write(1)];
    expect(checkScope(listed)?.kind).toBe('mixed-buffer');
  });

  it('knows the format of indices, which checkScope does not', async () => {
    const index: Binding = { allocation: pieces[0]!, use: 'index', offset: 2, size: 256 };
    expect(checkScope([index], limits)).toBeUndefined();
    const setWith = (format: GPUIndexFormat) =>
      trial.judge((encoder) => {
        const pass = trial.beginPass(encoder);
        pass.setIndexBuffer(index.allocation.buffer, format, 2, 256);
        pass.end();
      });
    expect(await setWith('uint16')).toBeUndefined();
    expect(await setWith('uint32')).toMatch(WORDS.misaligned);
  });
});

describe('a storage binding on the null device', () => {
  it('is held to its size', async () => {
    const mostBytes = 2 ** 27;
    const requiredLimits = { maxStorageBufferBindingSize: mostBytes };
    const empty = await openDawn({ device: 'null', requiredLimits });
    const size = mostBytes + 256;
    const buffer = empty.device.createBuffer({ size, usage: ALL_USAGES });
    const allocation = { buffer, offset: 0, size, label: 'large' };
    const own = new ScopeTrial(empty.device);
    for (const use of ['storage', 'read-only-storage'] as const) {
      for (const [bound, kind] of [
        [mostBytes, undefined],
        [mostBytes + 4, 'too-large'],
      ] as const) {
        const bindings: Binding[] = [{ allocation, use, size: bound }];
        expect(checkScope(bindings, empty.backend().limits)?.kind).toBe(kind);
        const error = await own.judgeDispatch(bindings);
        if (kind === undefined) expect(error).toBeUndefined();
        else expect(error).toMatch(WORDS[kind]);
      }
    }
    empty.close();
  });
});
