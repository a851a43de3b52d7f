import { describe, expect, it } from 'vitest';
import { Tlsf } from '../../src/ranges/tlsf.ts';
import { Account } from '../../src/telemetry/account.ts';
import { Accounts } from '../../src/telemetry/accounts.ts';
import { reportChunk } from '../../src/telemetry/chunk-report.ts';
import { measureFragmentation } from '../../src/telemetry/fragmentation.ts';
import { Scopes } from '../../src/telemetry/scopes.ts';
import { leastGarbage } from './garbage.ts';

/**
 * Operations of a stretch; one that made the smallest object each time would make 12 bytes for each at least.
 */
const COUNT = 100_000;
const NAMES = ['mesh', 'texture', 'uniforms', ''];
/**
 * Sizes whose sums do not fit 31 bits, each with what is reserved for it and both below zero. The text keeps
 * the engine from storing bare doubles, of which it would make an object for each that the test passes on.
 */
const SIZES = [100, 3 * 2 ** 30, 64, 2 ** 40].map((size) => [size, size + 12, -size, -size - 12, 'bytes']);

/** What is done over and over, and leaves all as it was. */
const ROUNDS: readonly (readonly [string, () => (i: number) => void])[] = [
  ['counts allocations by pool, owner, label and scope, and renames, resizes and moves them', makeCounting],
  ['enters and leaves scopes', makeScoping],
  ['reads figures into records', makeReading],
];

function makeCounting(): (i: number) => void {
  const heap = new Account('heap');
  const pools = [new Account('read', heap), new Account('write', heap)] as const;
  const owners = new Accounts();
  const labels = new Accounts();
  const scopes = new Scopes();
  scopes.enter('loading');
  scopes.enter('shaders');
  return (i) => {
    const [requested, used, lessRequested, lessUsed] = SIZES[i % SIZES.length] as [
      number,
      number,
      number,
      number,
    ];
    const name = NAMES[i % NAMES.length] as string;
    const scope = scopes.account;
    pools[0].add(requested, used);
    scope.add(requested, used);
    const owner = owners.add(name, requested, used);
    let label = labels.add(name, requested, used);
    label = labels.rename(label, NAMES[(i + 1) % NAMES.length] as string, requested, used);
    pools[0].moveTo(pools[1], requested, used);
    scope.change(requested, used);
    scope.change(lessRequested, lessUsed);
    label.remove(requested, used);
    owner.remove(requested, used);
    scope.remove(requested, used);
    pools[1].remove(requested, used);
  };
}

function makeScoping(): (i: number) => void {
  const scopes = new Scopes();
  return (i) => {
    scopes.enter(NAMES[i % 3] as string);
    scopes.enter('upload');
    scopes.leave('upload');
    scopes.leave();
  };
}

function makeReading(): () => void {
  const labels = new Accounts();
  const scopes = new Scopes();
  labels.add('mesh', 2 ** 40, 2 ** 41);
  scopes.account.add(2 ** 40, 2 ** 41);
  const suballocator = new Tlsf({ capacity: 2 ** 40, granularity: 4096 });
  suballocator.allocate(2 ** 33);
  const chunk = { id: 3, dedicated: false, pendingBytes: 2 ** 32, suballocator };
  const chunks = [chunk, chunk];
  const into = new Account('').statistics();
  const report = reportChunk(chunk, 'gpu-read');
  const fragmentation = measureFragmentation(chunks);
  return () => {
    labels.statistics('mesh', into);
    scopes.statistics('', into);
    reportChunk(chunk, 'gpu-read', report);
    measureFragmentation(chunks, fragmentation);
  };
}

describe('telemetry, once it is warm', () => {
  it.each(ROUNDS)('makes no JavaScript object when it %s', async (_what, make) => {
    expect(await leastGarbage(make(), COUNT)).toBeLessThan(COUNT);
  });

  it('would be caught if it did', async () => {
    const kept = Array.from({ length: 64 }, () => ({ at: 0 }));
    const act = (i: number) => {
      kept[i % 64] = { at: i };
    };
    expect(await leastGarbage(act, COUNT, 10)).toBeGreaterThan(COUNT);
  });
});
