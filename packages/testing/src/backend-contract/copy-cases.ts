/** What `copy` does: in order, as one submission, all or nothing. */
import { BufferUsage, type CopyRegion } from '@gpuheap/core/backend';
import { expectCode } from './assertions.ts';
import { BAD_BUFFERS, BAD_BYTES, BAD_REGION_LISTS, BAD_REGIONS, describeValue } from './bad-values.ts';
import type { BackendContractCase } from './contract-case.ts';
import { BOTH_WAYS, backendCase, patternOf } from './session.ts';

type Region = CopyRegion<unknown>;

const exact = backendCase('copy: moves exactly the bytes of the region', async (session) => {
  const { backend, step } = session;
  const size = session.up(4096);
  const source = session.make(size, BOTH_WAYS, patternOf(20, size));
  for (const length of [step, step * 5, session.up(1000), size]) {
    for (const [sourceOffset, targetOffset] of [
      [0, 0],
      [size - length, 0],
      [0, size - length],
      [(size - length) % (step * 7), size - length - ((size - length) % (step * 3))],
    ] as const) {
      const target = session.make(size, BOTH_WAYS, patternOf(21, size));
      backend.copy([{ source, sourceOffset, target, targetOffset, size: length }]);
      const expected = patternOf(21, size);
      expected.set(patternOf(20, size).subarray(sourceOffset, sourceOffset + length), targetOffset);
      await session.expectContent(
        target,
        expected,
        `${length} bytes from ${sourceOffset} to ${targetOffset}`,
      );
      backend.destroyBuffer(target);
    }
  }
  await session.expectContent(source, patternOf(20, size), 'the source');
});

const chain = backendCase(
  'copy: runs its regions in order: a to b to c to d in one call',
  async (session) => {
    const size = session.up(512);
    const first = session.make(size, BOTH_WAYS, patternOf(22, size));
    const buffers = [
      first,
      ...[1, 2, 3].map((seed) => session.make(size, BOTH_WAYS, patternOf(30 + seed, size))),
    ];
    const regions: Region[] = buffers
      .slice(1)
      .map((target, index) => ({ source: buffers[index], sourceOffset: 0, target, targetOffset: 0, size }));
    session.backend.copy(regions);
    for (const [index, buffer] of buffers.entries()) {
      await session.expectContent(buffer, patternOf(22, size), `buffer ${index} of the chain`);
    }
  },
);

const lastWins = backendCase('copy: of regions into one place the last wins', async (session) => {
  const size = session.up(512);
  const sources = [1, 2, 3].map((seed) => session.make(size, BOTH_WAYS, patternOf(40 + seed, size)));
  const target = session.make(size);
  session.backend.copy(sources.map((source) => ({ source, sourceOffset: 0, target, targetOffset: 0, size })));
  await session.expectContent(target, patternOf(43, size), 'the target');
});

const betweenWrites = backendCase(
  'copy: comes after earlier writes and before later ones',
  async (session) => {
    const size = session.up(512);
    const source = session.make(size);
    const targets = Array.from({ length: 12 }, () => session.make(size));
    for (const [index, target] of targets.entries()) {
      session.backend.write(source, 0, patternOf(50 + index, size));
      session.backend.copy([{ source, sourceOffset: 0, target, targetOffset: 0, size }]);
    }
    session.backend.write(source, 0, patternOf(49, size));
    for (const [index, target] of targets.entries()) {
      await session.expectContent(target, patternOf(50 + index, size), `copy number ${index}`);
    }
    await session.expectContent(source, patternOf(49, size), 'the source');
  },
);

const overwritten = backendCase(
  'copy: a write to its target comes before or after it as it was called',
  async (session) => {
    const { backend, step } = session;
    const size = step * 16;
    const source = session.make(size, BOTH_WAYS, patternOf(60, size));
    const target = session.make(size);
    backend.write(target, 0, patternOf(61, size));
    backend.copy([{ source, sourceOffset: 0, target, targetOffset: 0, size }]);
    backend.write(target, step * 4, patternOf(62, step));
    const expected = patternOf(60, size);
    expected.set(patternOf(62, step), step * 4);
    await session.expectContent(target, expected, 'the target');
  },
);

const many = backendCase('copy: hundreds of regions in one call', async (session) => {
  const { step } = session;
  const count = 400;
  const size = count * step;
  const source = session.make(size, BOTH_WAYS, patternOf(63, size));
  const target = session.make(size);
  const regions: Region[] = [];
  const expected = new Uint8Array(size);
  for (let index = 0; index < count; index++) {
    const sourceOffset = ((index * 37) % count) * step;
    const targetOffset = index * step;
    regions.push({ source, sourceOffset, target, targetOffset, size: step });
    expected.set(patternOf(63, size).subarray(sourceOffset, sourceOffset + step), targetOffset);
  }
  session.backend.copy(regions);
  await session.expectContent(target, expected, 'the shuffled target');
});

const nothing = backendCase('copy: no regions, or regions of no bytes, change nothing', async (session) => {
  const size = session.up(64);
  const source = session.make(size, BOTH_WAYS, patternOf(64, size));
  const target = session.make(size, BOTH_WAYS, patternOf(65, size));
  session.backend.copy([]);
  session.backend.copy([
    { source, sourceOffset: 0, target, targetOffset: 0, size: 0 },
    { source, sourceOffset: size, target, targetOffset: size, size: 0 },
  ]);
  await session.expectContent(target, patternOf(65, size), 'the target');
});

const taken = backendCase('copy: the regions are taken at once', async (session) => {
  const size = session.up(64);
  const source = session.make(size, BOTH_WAYS, patternOf(66, size));
  const other = session.make(size, BOTH_WAYS, patternOf(67, size));
  const target = session.make(size);
  const region = { source, sourceOffset: 0, target, targetOffset: 0, size };
  const regions = [region];
  session.backend.copy(regions);
  region.source = other;
  region.size = 0;
  regions.length = 0;
  await session.expectContent(target, patternOf(66, size), 'the target');
});

const allOrNothing = backendCase(
  'copy: all regions are checked before the first is recorded',
  async (session) => {
    const { backend, step } = session;
    const size = session.up(64);
    const source = session.make(size, BOTH_WAYS, patternOf(68, size));
    const target = session.make(size, BOTH_WAYS, patternOf(69, size));
    const good: Region = { source, sourceOffset: 0, target, targetOffset: 0, size };
    for (const [bad, code] of [
      [{ ...good, size: size + step }, 'out-of-bounds'],
      [{ ...good, target: {} }, 'foreign-object'],
      [{ ...good, target: session.make(size, BufferUsage.COPY_SRC) }, 'bad-usage'],
    ] as const) {
      expectCode(() => backend.copy([good, good, bad]), code, `copy whose last region is ${code}`);
    }
    await session.expectContent(target, patternOf(69, size), 'the target of the good regions');
  },
);

const withinBuffer = backendCase(
  'copy: within one buffer only where the limits say so, and never overlapping',
  async (session) => {
    const { backend, step } = session;
    const size = step * 16;
    const buffer = session.make(size, BOTH_WAYS, patternOf(70, size));
    const within = (sourceOffset: number, targetOffset: number, length: number) =>
      backend.copy([{ source: buffer, sourceOffset, target: buffer, targetOffset, size: length }]);
    for (const targetOffset of [0, step, step * 3]) {
      expectCode(
        () => within(step, targetOffset, step * 4),
        'same-buffer',
        `overlapping copy to ${targetOffset}`,
      );
    }
    await session.expectContent(buffer, patternOf(70, size), 'the buffer');
    const expected = patternOf(70, size);
    if (backend.limits.copiesWithinBuffer) {
      within(0, size / 2, size / 2);
      expected.copyWithin(size / 2, 0, size / 2);
    } else {
      expectCode(() => within(0, size / 2, size / 2), 'same-buffer', 'copy of one half over the other');
    }
    await session.expectContent(buffer, expected, 'the buffer after disjoint halves');
  },
);

const refusals = backendCase(
  'copy: refuses bad places, regions and buffers, and changes nothing',
  async (session) => {
    const { backend, step } = session;
    const size = session.up(64);
    const source = session.make(size, BOTH_WAYS, patternOf(71, size));
    const target = session.make(size, BOTH_WAYS, patternOf(72, size));
    const good: Region = { source, sourceOffset: 0, target, targetOffset: 0, size: step };
    const refuse = (change: Record<string, unknown>, code: string | string[]) => {
      const what = Object.entries(change).map(([key, value]) => `${key}: ${describeValue(value)}`);
      expectCode(() => backend.copy([{ ...good, ...change }]), code, `copy with ${what.join(', ')}`);
    };
    for (const name of ['sourceOffset', 'targetOffset', 'size']) {
      for (const value of BAD_BYTES) refuse({ [name]: value }, 'out-of-bounds');
      for (let over = 1; over < step; over++) refuse({ [name]: over }, 'misaligned');
      for (const value of [size + step, 2 ** 32, 2 ** 32 + step, 2 ** 52])
        refuse({ [name]: value }, 'out-of-bounds');
    }
    refuse({ sourceOffset: size }, 'out-of-bounds');
    refuse({ targetOffset: size }, 'out-of-bounds');
    for (const other of BAD_BUFFERS) {
      refuse({ source: other }, 'foreign-object');
      refuse({ target: other }, 'foreign-object');
    }
    refuse({ source: session.make(size, BufferUsage.COPY_DST) }, 'bad-usage');
    refuse({ target: session.make(size, BufferUsage.COPY_SRC) }, 'bad-usage');
    for (const list of BAD_REGION_LISTS) {
      expectCode(() => backend.copy(list as Region[]), ['bad-argument'], `copy of ${describeValue(list)}`);
    }
    for (const region of BAD_REGIONS) {
      const codes = ['bad-argument', 'foreign-object'];
      expectCode(
        () => backend.copy([region as Region]),
        codes,
        `copy of the region ${describeValue(region)}`,
      );
    }
    await session.expectContent(source, patternOf(71, size), 'the source');
    await session.expectContent(target, patternOf(72, size), 'the target');
  },
);

/** Cases on `copy`. */
export const copyCases: readonly BackendContractCase[] = [
  exact,
  chain,
  lastWins,
  betweenWrites,
  overwritten,
  many,
  nothing,
  taken,
  allOrNothing,
  withinBuffer,
  refusals,
];
